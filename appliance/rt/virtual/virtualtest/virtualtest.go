// Package virtualtest runs the code of a test as a task in virtual time. Only tests import it.
package virtualtest

import (
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// On runs f as the only task of a driver, until nothing is left to run. It panics with the task's error, so that it serves property
// tests, too.
func On(f func(t *rt.Task)) {
	d := virtual.New(1, time.Unix(0, 0), nil)
	defer d.Close()
	root := rt.New(d, "test", func(t *rt.Task) error { f(t); return nil })
	d.Run(rt.Never)
	if err := root.Err(); err != nil {
		panic(err)
	}
}
