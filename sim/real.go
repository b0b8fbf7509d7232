//go:build cgo

package sim

import (
	"context"

	"orac/appliance"
	"orac/models"
)

// openReal opens the real networks. A simulation fetches nothing: who may start one may not have the appliance ask the network.
func openReal(ctx context.Context, store models.Store) (appliance.Inference, error) {
	i, err := appliance.OpenInference(ctx, store, "")
	i.Fetch = nil
	return i, err
}
