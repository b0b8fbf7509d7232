package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"orac/appliance"
	"orac/appliance/core"
	"orac/appliance/evaluation"
	"orac/appliance/event"
	"orac/appliance/logbook"
	"orac/appliance/rt"
	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/models"
	"orac/runbook"
	"orac/web/control"
)

// The handlers of the control socket ask a daemon.
var _ control.Daemon = (*appliance.Daemon)(nil)

// service is what orac run prepares before anything runs.
type service struct {
	options  appliance.Options  // without what the runbook decides
	request  status.PlanRequest // for applying the runbook again
	language *evaluation.Language
	events   *rt.Mailbox[event.Event]
	web      *webSide
	daemon   *appliance.Daemon
	models   models.Store
	close    func()
}

// choice is a runbook that an appliance can be built from.
type choice struct {
	runbook  *runbook.Runbook
	source   []byte
	lastGood bool // it is a generation, since the file cannot be used
}

// prepare reads the runbook and builds an appliance. If it can do neither, it says why, and the last good generation runs
// instead if there is one. A process that replaces a running one continues with its generation.
func (a *app) prepare(ctx context.Context, was resumed, alive func(status.Status)) (*service, error) {
	request, err := a.planRequest()
	if err != nil {
		return nil, err
	}
	var broken error
	dir := was.state
	if named := a.namedState(); dir == "" && named != "" {
		if err := usable(named); err != nil { // checked before secrets are looked up in it: each missing one would be reported
			return nil, failed(err)
		}
	}
	if dir == "" {
		var rb *runbook.Runbook
		if rb, broken = a.load(); broken != nil && a.nothingRan() {
			return nil, broken // no generation can replace it, and no folder is created for it
		}
		dir = a.stateOf(rb)
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

// nothingRan tells whether no appliance ever ran with the state directory of a runbook that cannot be used.
func (a *app) nothingRan() bool {
	dir := a.namedState()
	if dir == "" {
		dir = a.spelledState()
	}
	_, err := os.Stat(dir)
	return errors.Is(err, fs.ErrNotExist)
}

// newService opens what does not depend on the runbook, and says what is wrong with the state directory.
func (a *app) newService(r status.PlanRequest, state *appliance.State, alive func(status.Status)) *service {
	level := &slog.LevelVar{}
	log := logbook.New(logbook.Options{Level: level})
	file := &logbook.FileSink{Book: log}
	program, _ := os.Executable() // without it nothing from the network is evaluated; the evaluation reports that
	language := &evaluation.Language{StateDir: state.Dir, HashKey: state.HashKey, Vars: r.Vars, Pool: evaluation.NewPool(program)}
	for _, p := range state.Problems {
		fmt.Fprintf(a.err, "%s %s\n", a.err.Warn("orac:"), p)
	}
	if aside := state.SetAside; aside != nil {
		fmt.Fprintf(a.err, "%s the history was damaged (%v); it is kept as %s, and a new one was started\n", a.err.Warn("orac:"), aside.Why, aside.Path)
	}
	s := &service{
		request: r, language: language, events: rt.NewMailbox[event.Event]("events to the terminal", 4096),
		close: func() { file.Close(); state.Close() },
		options: appliance.Options{
			Version: version(), State: state, Log: log, Level: level, LogFile: file, Alive: alive,
			Language: language,
		},
	}
	a.besides(s)
	return s
}

// begin builds the appliance of the runbook, or of the last good generation if that fails.
func (a *app) begin(ctx context.Context, s *service, broken error) error {
	if broken == nil {
		rb, source, err := evaluate(s.language, s.request)
		if err != nil {
			broken = a.refused(err) // said now, with the places
		} else if broken = a.build(ctx, s, choice{runbook: rb, source: source}); broken == nil {
			return nil
		}
	}
	if ctx.Err() != nil {
		return broken
	}
	return a.lastGood(ctx, s, broken)
}

// build opens what a runbook needs, and builds an appliance from it; nothing runs yet.
func (a *app) build(ctx context.Context, s *service, c choice) error {
	store, err := a.ready(c.runbook)
	if err != nil {
		return err
	}
	s.models = store
	o := s.options
	o.Runbook, o.Source, o.LastGood = c.runbook, c.source, c.lastGood
	if o.Parts, err = appliance.World(ctx, o.State, store); err != nil {
		return failed(err)
	}
	o.Parts.Events = o.Parts.Events.With(s.events)
	if !a.json {
		o.Parts.Meters = o.Parts.Meters.With(s.events)
	}
	ended, err := s.record(ctx, c)
	if err != nil {
		s.web.shut(err)
	}
	s.web.attach(o.Parts)
	d, err := appliance.NewDaemon(o)
	ended(err)
	if err != nil {
		return failed(err)
	}
	s.options, s.daemon = o, d
	return nil
}

// evaluate reads and evaluates a runbook for this machine's user, as the daemon does. It reads the text first, so that ORAC keeps
// exactly what it evaluated.
func evaluate(l *evaluation.Language, r status.PlanRequest) (*runbook.Runbook, []byte, error) {
	source, err := l.Read(r.File)
	if err != nil {
		return nil, nil, err
	}
	rb, problems := l.Parse(r.File, r.Vars, source)
	if !problems.HasErrors() {
		problems = append(problems, l.Check(rb)...)
	}
	if problems.HasErrors() {
		return nil, nil, core.Refuse(r.File, problems)
	}
	return rb, source, nil
}
