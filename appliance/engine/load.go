package engine

import (
	"orac/appliance/memory"
	"orac/models"
	"orac/models/moonshine"
)

// load loads a speech model of the catalogue.
func load(dir, name string) (model, error) {
	e, err := moonshine.OpenModel(models.Store{Dir: dir}, name)
	if err != nil {
		return nil, err
	}
	memory.Trim()
	return e, nil
}
