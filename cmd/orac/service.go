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

	"orac/appliance"
	"orac/appliance/event"
	"orac/appliance/generation"
	"orac/appliance/logbook"
	"orac/appliance/rt"
	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/runbook"
	"orac/web/control"
)

// The handlers of the control socket ask a daemon.
var _ control.Daemon = (*appliance.Daemon)(nil)

// service is what orac run is made of before anything runs.
type service struct {
	options appliance.Options  // without what a runbook decides
	request status.PlanRequest // that the runbook is applied with again
	events  *rt.Mailbox[event.Event]
	web     *webSide
	daemon  *appliance.Daemon
	close   func()
}

// choice is a runbook that an appliance can be made of.
type choice struct {
	runbook  *runbook.Runbook
	source   []byte
	lastGood bool // it is a generation, since the file cannot be used
}

// prepare reads the runbook and builds an appliance. When either cannot be done it says why, and the last good generation takes
// its place if there is one. A process that takes the place of one that ran goes on with the generation that ran.
func (a *app) prepare(ctx context.Context, was resumed, alive func(status.Status)) (*service, error) {
	request, err := a.planRequest()
	if err != nil {
		return nil, err
	}
	var broken error
	dir := was.state
	if named := a.namedState(); dir == "" && named != "" {
		if err := usable(named); err != nil { // before secrets are looked for in it, which would be told one by one
			return nil, failed(err)
		}
	}
	if dir == "" {
		_, broken = a.load()
		dir = a.stateOf(a.evaluated(request))
	}
	state, err := appliance.OpenState(dir)
	if err != nil {
		if _, hostile := errors.AsType[*statedir.Refusal](err); broken != nil && !hostile {
			return nil, broken
		}
		return nil, failed(err)
	}
	s := a.newService(request, state, alive)
	if was.generation > 0 {
		err = a.resume(ctx, s, was.generation, was.why)
	} else {
		err = a.begin(ctx, s, broken)
	}
	if err != nil {
		s.web.close()
		s.close()
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

// newService opens what does not depend on the runbook, and says what is wrong with the state directory.
func (a *app) newService(r status.PlanRequest, state *appliance.State, alive func(status.Status)) *service {
	level := &slog.LevelVar{}
	log := logbook.New(logbook.Options{Level: level})
	file := &logbook.FileSink{Book: log}
	world := runbook.Options{HashKey: state.HashKey, StateDir: state.Dir, Vars: r.Vars}
	for _, p := range state.Problems {
		fmt.Fprintf(a.err, "%s %s\n", a.err.Warn("orac:"), p)
	}
	if aside := state.SetAside; aside != nil {
		fmt.Fprintf(a.err, "%s the history was damaged (%v); it is kept as %s, and a new one is begun\n", a.err.Warn("orac:"), aside.Why, aside.Path)
	}
	s := &service{
		request: r, events: rt.NewMailbox[event.Event]("events to the terminal", 4096),
		close: func() { file.Close(); state.Close() },
		options: appliance.Options{
			Version: version(), State: state, Log: log, Level: level, LogFile: file, Alive: alive,
			Load: func(r status.PlanRequest) (*runbook.Runbook, []byte, error) {
				return evaluate(r, state.HashKey, state.Dir)
			},
			Replay: func(g *generation.Generation) (*runbook.Runbook, error) {
				rb, problems := g.Parse(world)
				return rb, problems.Err()
			},
		},
	}
	a.besides(s)
	return s
}

// begin builds the appliance of the runbook, else of the last good generation.
func (a *app) begin(ctx context.Context, s *service, broken error) error {
	if broken == nil {
		rb, source, err := evaluate(s.request, s.options.State.HashKey, s.options.State.Dir)
		if err != nil {
			broken = a.refused(err) // said now, with its places
		} else if broken = a.build(ctx, s, choice{runbook: rb, source: source}); broken == nil {
			return nil
		}
	}
	if ctx.Err() != nil {
		return broken
	}
	return a.lastGood(ctx, s, broken)
}

// build opens what a runbook needs, and makes an appliance of it; nothing runs yet.
func (a *app) build(ctx context.Context, s *service, c choice) error {
	store, err := a.ready(c.runbook)
	if err != nil {
		return err
	}
	o := s.options
	o.Runbook, o.Source, o.LastGood = c.runbook, c.source, c.lastGood
	if o.Parts, err = appliance.World(ctx, c.runbook, o.State, store); err != nil {
		return failed(err)
	}
	o.Parts.Events = o.Parts.Events.With(s.events)
	if !a.json {
		o.Parts.Meters = o.Parts.Meters.With(s.events)
	}
	s.web.attach(o.Parts)
	d, err := appliance.NewDaemon(o)
	if err != nil {
		return failed(err)
	}
	s.options, s.daemon = o, d
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
