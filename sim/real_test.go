//go:build cgo

package sim

import (
	"testing"

	"orac/models"
	"orac/models/modelstest"
)

func TestASimulationFetchesNothing(t *testing.T) {
	i, err := openReal(t.Context(), models.Store{Dir: modelstest.Dir(t)})
	if err != nil {
		t.Fatal(err)
	}
	if i.Fetch != nil {
		t.Error("real inference fetches models for a simulation")
	}
}
