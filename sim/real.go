//go:build cgo

package sim

import (
	"context"

	"orac/appliance"
	"orac/models"
)

// openReal opens the real networks.
func openReal(ctx context.Context, store models.Store) (appliance.Inference, error) {
	return appliance.OpenInference(ctx, store, "")
}
