package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"orac/appliance"
	"orac/appliance/generation"
	"orac/appliance/logbook"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/status"
	"orac/runbook"
	"orac/web/control"
)

// The handlers of the control socket ask a daemon.
var _ control.Daemon = (*appliance.Daemon)(nil)

// service is what orac run is made of before anything runs.
type service struct {
	options appliance.Options
	request status.PlanRequest // that the runbook is applied with again
	close   func()
}

// prepare reads the runbook and opens what it needs. A runbook that cannot be used is told of, and the last good generation
// takes its place if there is one.
func (a *app) prepare(ctx context.Context) (*service, error) {
	request, err := a.planRequest()
	if err != nil {
		return nil, err
	}
	_, broken := a.load()
	state, err := appliance.OpenState(a.stateOf(a.evaluated(request)))
	if err != nil {
		if broken != nil {
			return nil, broken
		}
		return nil, failed(err)
	}
	s := &service{request: request, close: state.Close}
	if err := a.fill(ctx, s, state, broken); err != nil {
		state.Close()
		return nil, err
	}
	return s, nil
}

// evaluated is the runbook, or nil if it cannot be used.
func (a *app) evaluated(r status.PlanRequest) *runbook.Runbook {
	rb, _, err := evaluate(r, nil, a.namedState())
	if err != nil {
		return nil
	}
	return rb
}

// fill opens what a runbook needs beside its state directory.
func (a *app) fill(ctx context.Context, s *service, state *appliance.State, broken error) error {
	world := runbook.Options{HashKey: state.HashKey, StateDir: state.Dir}
	level := &slog.LevelVar{}
	o := appliance.Options{
		Version: version(), State: state, Log: logbook.New(logbook.Options{Level: level}), Level: level,
		Load: func(r status.PlanRequest) (*runbook.Runbook, []byte, error) {
			return evaluate(r, state.HashKey, state.Dir)
		},
		Replay: func(g *generation.Generation) (*runbook.Runbook, error) {
			rb, problems := g.Parse(world)
			return rb, problems.Err()
		},
	}
	var err error
	if broken == nil {
		if o.Runbook, o.Source, err = evaluate(s.request, state.HashKey, state.Dir); err != nil {
			broken = a.refused(err) // said now, with its places
		}
	}
	if broken != nil {
		o.Runbook, o.Source, err = a.lastGood(state, o.Replay, broken)
		o.LastGood = true
	}
	if err != nil {
		return err
	}
	for _, p := range state.Problems {
		fmt.Fprintf(a.err, "%s %s\n", a.err.Warn("orac:"), p)
	}
	if aside := state.SetAside; aside != nil {
		fmt.Fprintf(a.err, "%s the history was damaged (%v); it is kept as %s, and a new one is begun\n", a.err.Warn("orac:"), aside.Why, aside.Path)
	}
	store, err := a.ready(o.Runbook)
	if err != nil {
		return err
	}
	if o.Parts, err = appliance.World(ctx, o.Runbook, state, store); err != nil {
		return failed(err)
	}
	s.options = o
	return a.logFile(s)
}

// lastGood is the generation that runs when the runbook cannot be used.
func (a *app) lastGood(state *appliance.State, replay func(*generation.Generation) (*runbook.Runbook, error), broken error) (rb *runbook.Runbook, source []byte, err error) {
	err = live.New(nil).Run(context.Background(), "last good", func(t *rt.Task) error {
		kept, err := generation.Open(t, state.FS)
		if err != nil {
			return err
		}
		g, err := kept.LastGood(t)
		if err != nil {
			return err
		}
		rb, err = replay(g)
		source = g.Source
		if err == nil {
			fmt.Fprintf(a.err, "%s %s cannot be used. THE APPLIANCE RUNS GENERATION %d OF %s INSTEAD.\n  Mend the file, see orac plan, and apply it.\n",
				a.err.Bad("orac:"), a.file, g.Number, g.Applied.Local().Format(time.DateTime))
		}
		return err
	})
	if errors.Is(err, generation.ErrNone) {
		return nil, nil, broken
	}
	return rb, source, failed(err)
}

// logFile writes the log into the file that the runbook names, if it names one.
func (a *app) logFile(s *service) error {
	l := s.options.Runbook.Appliance
	if l.LogFile == "" {
		return nil
	}
	file, err := logbook.NewFile(l.LogFile, int64(l.LogSize), l.LogKeep+1)
	if err != nil {
		return failed(err)
	}
	stop := (&logbook.Sink{Book: s.options.Log, Out: file, Format: logbook.JSON}).Start()
	closeState := s.close
	s.close = func() {
		stop(time.Second)
		_ = file.Close() // every line was written as it came
		closeState()
	}
	return nil
}

// evaluate reads a runbook as the daemon does: its text first, so that what is kept is what was evaluated.
func evaluate(r status.PlanRequest, key []byte, stateDir string) (*runbook.Runbook, []byte, error) {
	source := []byte(r.Source)
	if r.Source == "" {
		f, err := os.Open(r.File)
		if err != nil {
			return nil, nil, &status.Refusal{Code: status.Invalid, Message: err.Error(), Hint: "say which runbook with -f FILE"}
		}
		defer f.Close()
		if source, err = io.ReadAll(io.LimitReader(f, runbook.MaxFileSize+1)); err != nil {
			return nil, nil, &status.Refusal{Code: status.Invalid, Message: err.Error()}
		}
	}
	rb, problems := parse(r, source, key, stateDir)
	if !problems.HasErrors() {
		problems = append(problems, appliance.Check(rb)...)
	}
	if problems.HasErrors() {
		var text bytes.Buffer
		_ = problems.Render(&text, runbook.RenderOptions{}) // it writes to memory
		return nil, nil, &status.Refusal{Code: status.Invalid, Message: filepath.Base(r.File) + " has problems", Detail: text.String(), Hint: "nothing was changed"}
	}
	return rb, source, nil
}

// parse evaluates a text as if it were the file of a request.
func parse(r status.PlanRequest, source, key []byte, stateDir string) (*runbook.Runbook, runbook.Diagnostics) {
	return runbook.Parse(source, filepath.Clean(r.File), runbook.Options{Vars: r.Vars, HashKey: key, StateDir: stateDir})
}
