package engine

import (
	"orac/appliance/memory"
	"orac/models"
	"orac/models/infer"
	"orac/models/moonshine"
	"orac/models/onnx"
)

// Needs names the files of the catalogue that a speech model is made of, with what all of them need.
func Needs(model string) []string {
	return []string{"onnxruntime", "silero_vad", "moonshine_vocabulary", model + "_encoder", model + "_decoder"}
}

// load loads a speech model of the catalogue: its networks, its vocabulary, and the voice gate that finds speech.
func load(dir, name string) (model, error) {
	store := models.Store{Dir: dir}
	var files moonshine.Files
	for _, f := range []struct {
		entry string
		into  *onnx.Data
	}{{name + "_encoder", &files.Encoder}, {name + "_decoder", &files.Decoder}, {"moonshine_vocabulary", &files.Vocabulary}, {"silero_vad", &files.Voice}} {
		loaded, err := store.Load(f.entry)
		if err != nil {
			return nil, err
		}
		*f.into = loaded.Data
	}
	library, err := store.Library()
	if err != nil {
		return nil, err
	}
	r, err := infer.Open(library)
	if err != nil {
		return nil, err
	}
	e, err := moonshine.Open(r, files, moonshine.Options{})
	if err != nil {
		return nil, err
	}
	memory.Trim(r.Library())
	return e, nil
}
