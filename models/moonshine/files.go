package moonshine

import (
	"fmt"
	"strings"

	"orac/models"
	"orac/models/infer"
	"orac/models/onnx"
)

// Files are what an engine is made of. All of them were read and checked by the caller.
type Files struct {
	Encoder, Decoder onnx.Data
	Vocabulary       onnx.Data // llama-tokenizer.js
	Voice            onnx.Data // Silero's voice gate, which finds where speech begins and ends
}

// Check tells whether a name, with or without "catalog:", is that of a model that an engine can be made of. The error of another one names
// those that are.
func Check(name string) error {
	e, err := models.Find(strings.TrimPrefix(name, models.CatalogPrefix))
	if err != nil {
		return err
	}
	if e.Kind != models.Speech {
		return fmt.Errorf("model %s: it does not turn speech into text; take one of %s", e.Name, strings.Join(Names(), ", "))
	}
	return nil
}

// OpenModel opens the engine of a model of the catalogue, with the library and the files of a store. Its errors are those of Load,
// Store.Library and Open.
func OpenModel(s models.Store, name string) (*Engine, error) {
	files, err := Load(s, name)
	if err != nil {
		return nil, err
	}
	e, err := infer.New(s.Library)
	if err != nil {
		return nil, err
	}
	return Open(e, files, Options{})
}

// Load reads the files of a model of the catalogue. Its errors are those of Check and of Store.Load.
func Load(s models.Store, name string) (Files, error) {
	if err := Check(name); err != nil {
		return Files{}, err
	}
	name = strings.TrimPrefix(name, models.CatalogPrefix)
	if err := models.Missing(s, Needs(name)); err != nil {
		return Files{}, err
	}
	parts, err := s.LoadParts(name)
	if err != nil {
		return Files{}, err
	}
	voice, err := s.Load(gate)
	if err != nil {
		return Files{}, err
	}
	return Files{Encoder: parts[0], Decoder: parts[1], Vocabulary: parts[2], Voice: voice.Data}, nil
}

const gate = "silero_vad"

// Needs names what an engine needs of the catalogue.
func Needs(name string) []string {
	return []string{"onnxruntime", gate, strings.TrimPrefix(name, models.CatalogPrefix)}
}

// Names are the models of the catalogue that an engine can be made of, the smallest first.
func Names() (names []string) {
	for _, e := range models.Catalogue() {
		if e.Kind == models.Speech {
			names = append(names, e.Name)
		}
	}
	return names
}
