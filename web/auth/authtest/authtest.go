// Package authtest makes hashes that cost nothing, for tests of what does not depend on their cost.
package authtest

import (
	"golang.org/x/crypto/bcrypt"

	"orac/web/auth/internal/cost"
)

// Cheaply makes the new hashes of this process as cheap as bcrypt allows. Call it before anything runs; Dearly undoes it.
func Cheaply() { cost.New = bcrypt.MinCost }

// Dearly makes new hashes as dear as in an appliance.
func Dearly() { cost.New = cost.Usual }
