package coreserver

import (
	"context"

	"orac/appliance/act"
	"orac/web/acts"
	"orac/web/peers"
	"orac/web/schema"
)

func problemOf(err error) *schema.Problem { return acts.ProblemOf(err) }

// state asks the appliance.
func (c *call) state() (act.CoreState, error) {
	core, err := c.core()
	if err != nil {
		return act.CoreState{}, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), peers.StateTime)
	defer cancel()
	return core.State(ctx)
}
