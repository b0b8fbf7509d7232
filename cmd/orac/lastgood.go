package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

// lastGood builds the appliance of the newest generation that can still be built, and says so prominently. If there is none,
// it returns the reason why the runbook cannot be used.
func (a *app) lastGood(ctx context.Context, s *service, broken error) error {
	kept, err := s.kept(ctx, 0)
	if err != nil {
		a.shown(broken)
		return failed(err)
	}
	if len(kept) == 0 {
		return broken
	}
	a.shown(broken)
	for _, g := range kept {
		err := a.use(ctx, s, g, true)
		if err == nil {
			fmt.Fprintf(a.err, "%s %s cannot be used. THE APPLIANCE RUNS GENERATION %d OF %s INSTEAD.\n  Fix the errors above, check with orac plan, then orac apply.\n",
				a.err.Bad("orac:"), a.file, g.Number, g.Applied.Local().Format(time.DateTime))
			return nil
		}
		fmt.Fprintf(a.err, "%s generation %d cannot be used either:\n", a.err.Bad("orac:"), g.Number)
		a.shown(err)
		if ctx.Err() != nil {
			break
		}
	}
	return &exit{code: exitFailed}
}

// kept returns the generations that are not damaged, the best to start with first; with a number, only that
// one.
func (s *service) kept(ctx context.Context, number int) (list []*generation.Generation, err error) {
	err = live.New(nil).Run(ctx, "generations", func(t *rt.Task) error {
		store, err := generation.Open(t, s.options.State.FS)
		if err != nil {
			return err
		}
		numbers := []int{number}
		if number == 0 {
			if numbers, err = store.Candidates(t); err != nil {
				return err
			}
		}
		for _, n := range numbers {
			if g, err := store.Load(t, n); err == nil {
				list = append(list, g)
			} else if number > 0 {
				return err
			}
		}
		return nil
	})
	return list, err
}

// use builds the appliance of a generation.
func (a *app) use(ctx context.Context, s *service, g *generation.Generation, lastGood bool) error {
	rb, err := s.language.Replay(g)
	if err != nil {
		return failed(err)
	}
	return a.build(ctx, s, choice{rb, g.Source, lastGood})
}

// shown says what went wrong, unless that has been said already.
func (a *app) shown(err error) {
	var e *exit
	switch {
	case !errors.As(err, &e):
		a.complain(err)
	case e.err != nil:
		a.complain(e.err)
	}
}
