package boot

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

// Plan compares a runbook with the last generation in a state directory that no appliance uses: with what the next start would
// change. It evaluates the file once, and creates nothing.
func Plan(ctx context.Context, o Options) (status.Plan, error) {
	var state *appliance.State
	var locked error
	l := &evaluation.Language{StateDir: o.StateDir, Vars: o.Vars}
	d := read(l, o.File, func(dir string) []byte {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) { // no appliance has ever used it
			return nil
		}
		if state, locked = appliance.OpenState(dir); locked != nil {
			return nil
		}
		l.StateDir, l.HashKey = state.Dir, state.HashKey
		return state.HashKey
	})
	if state != nil {
		defer state.Close()
	}
	if len(d.warnings) > 0 && d.problem == nil {
		o.Say(Notice{Err: d.warnings})
	}
	if locked != nil {
		return status.Plan{}, locked
	}
	if d.problem != nil {
		return status.Plan{}, d.problem
	}
	store, err := o.Models(d.runbook)
	if err != nil {
		return status.Plan{}, err
	}
	if state == nil {
		return against(nil, d.runbook, "nothing", store)
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
		if old, _ := l.Replay(g); old != nil { // otherwise the inputs of that generation are gone: everything is new
			last, name = old, fmt.Sprintf("generation %d", g.Number)
		}
		return nil
	})
	if err != nil {
		return status.Plan{}, err
	}
	return against(last, d.runbook, name, store)
}

func against(old, fresh *runbook.Runbook, name string, store models.Store) (status.Plan, error) {
	g, err := graph.Compile(fresh)
	if err != nil {
		return status.Plan{}, err
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
