//go:build cgo

package sim

import (
	"context"

	"orac/appliance"
	"orac/appliance/graph"
	"orac/models"
)

// openReal opens the real networks. A simulation downloads nothing: a user who may start one may not make the appliance use the
// network.
func openReal(ctx context.Context, store models.Store) (graph.Inference, error) {
	i, err := appliance.OpenInference(ctx, store, "")
	i.Fetch = nil
	return i, err
}
