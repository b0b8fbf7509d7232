package engine

import (
	"errors"
	"fmt"

	"orac/appliance/memory"
	"orac/models"
	"orac/models/infer"
	"orac/models/moonshine"
)

// Needs names the files of the catalogue that a speech model is made of, with what all of them need.
func Needs(model string) []string {
	return []string{"onnxruntime", "silero_vad", model}
}

// load loads a speech model of the catalogue: its networks, its vocabulary, and the voice gate that finds speech.
func load(dir, name string) (model, error) {
	store := models.Store{Dir: dir}
	if e, err := models.Find(name); err != nil || e.Kind != models.Speech || len(e.Parts) != 2 {
		return nil, errors.Join(fmt.Errorf("%s is not a speech model of the catalogue", name), err)
	}
	parts, err := store.LoadParts(name)
	if err != nil {
		return nil, err
	}
	voice, err := store.Load("silero_vad")
	if err != nil {
		return nil, err
	}
	library, err := store.Library()
	if err != nil {
		return nil, err
	}
	r, err := infer.Open(library)
	if err != nil {
		return nil, err
	}
	files := moonshine.Files{Encoder: parts[0], Decoder: parts[1], Vocabulary: parts[2], Voice: voice.Data}
	e, err := moonshine.Open(r, files, moonshine.Options{})
	if err != nil {
		return nil, err
	}
	memory.Trim(r.Library())
	return e, nil
}
