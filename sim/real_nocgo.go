//go:build !cgo

package sim

import (
	"context"
	"errors"

	"orac/appliance/graph"
	"orac/models"
)

// openReal fails: the real networks need C.
func openReal(context.Context, models.Store) (graph.Inference, error) {
	return graph.Inference{}, errors.New("this orac is built without cgo, which real inference needs: set inference = \"modelled\", or build it with cgo")
}
