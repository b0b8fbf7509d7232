package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"orac/appliance"
	"orac/appliance/evaluation"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/status"
	"orac/models"
	"orac/runbook"
)

// planWithoutDaemon compares a runbook with the last generation in a state directory that no appliance uses.
func planWithoutDaemon(ctx context.Context, dir string, rb *runbook.Runbook, r status.PlanRequest, store models.Store) (status.Plan, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) { // no appliance has ever used it, and a plan creates nothing
		return against(nil, rb, "nothing", store)
	}
	state, err := appliance.OpenState(dir)
	if err != nil {
		return status.Plan{}, err
	}
	defer state.Close()
	language := &evaluation.Language{StateDir: state.Dir, HashKey: state.HashKey}
	rb, _, err = evaluate(language, r)
	if err != nil {
		return status.Plan{}, err
	}
	var last *runbook.Runbook
	name := "nothing"
	err = live.New(nil).Run(ctx, "plan", func(t *rt.Task) error {
		kept, err := generation.Open(t, state.FS)
		if err != nil {
			return err
		}
		g, err := kept.LastGood(t)
		if errors.Is(err, generation.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		old, err := language.Replay(g)
		if err != nil { // the inputs of that generation are gone: everything is new
			return nil
		}
		last, name = old, fmt.Sprintf("generation %d", g.Number)
		return nil
	})
	if err != nil {
		return status.Plan{}, err
	}
	return against(last, rb, name, store)
}

func against(old, fresh *runbook.Runbook, name string, store models.Store) (status.Plan, error) {
	g, err := graph.Compile(fresh)
	if err != nil {
		return status.Plan{}, &status.Refusal{Code: status.Invalid, Message: err.Error()}
	}
	var was *graph.Graph
	if old != nil {
		if was, err = graph.Compile(old); err != nil {
			return status.Plan{}, err
		}
	}
	p := graph.Plan(was, g)
	p.Fetches = appliance.Fetches(fresh, store)
	p.Changes = p.Changes || len(p.Fetches) > 0
	p.Against, p.Hash = name, fresh.Inputs().Hash()
	return p, nil
}
