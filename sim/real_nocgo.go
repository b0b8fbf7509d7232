//go:build !cgo

package sim

import (
	"context"
	"errors"

	"orac/appliance"
	"orac/models"
)

// openReal fails: the real networks need C.
func openReal(context.Context, models.Store) (appliance.Inference, error) {
	return appliance.Inference{}, errors.New("this orac is built without cgo, which real inference needs: set inference = \"modelled\", or build it with cgo")
}
