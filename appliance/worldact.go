//go:build cgo

package appliance

import (
	"fmt"

	"orac/appliance/act"
	"orac/appliance/graph"
)

// backend is the adapter of a backend block.
func backend(s graph.BackendService, _ func(string) string) (act.Backend, error) {
	return nil, fmt.Errorf("this build has no adapter for protocol %s", s.Backend.Protocol)
}

// languageModel is the client of a language_model block.
func languageModel(s graph.ModelService) (act.LanguageModel, error) {
	return nil, fmt.Errorf("this build has no client for %s", s.Model.Address)
}
