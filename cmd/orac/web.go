package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"orac/appliance"
	"orac/appliance/graph"
	"orac/cmd/orac/guide"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/web/api"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/console"
	"orac/web/samples"
	"orac/web/simulations"
)

// webSide is the web server of an appliance. It listens if the runbook says so.
type webSide struct {
	host  *api.Host
	hub   *api.Hub
	guard *auth.Guard
	audit *audit.Log
	sorry func() // reports why there is no guard
	say   func(warning string)
}

// besides adds the web server to the appliance that is about to be built. If permissions cannot be read, nobody gets in, but
// the appliance still listens.
func (a *app) besides(s *service) {
	state, log := s.options.State, s.options.Log.Logger()
	w := &webSide{hub: api.NewHub(), audit: audit.In(state.Dir), say: func(text string) { fmt.Fprintf(a.err, "%s %s\n", a.err.Warn("orac:"), text) }}
	s.web = w
	out := a.out
	if a.json {
		out = a.err
	}
	w.host = &api.Host{StateDir: state.Dir, Log: log, Say: func(line string) { fmt.Fprintln(out, screen.Clean(line)) }}
	s.options.Beside = w.host
	guard, err := auth.Open(state.Dir, state.HashKey)
	if err != nil {
		w.shut(err)
		return
	}
	if guard.DB.Aside != "" {
		fmt.Fprintf(a.err, "%s the database of sessions and keys was damaged; it is kept as %s, and everybody has to log in again\n", a.err.Warn("orac:"), guard.DB.Aside)
	}
	w.guard = guard
}

// attach connects it to the events of a world.
func (w *webSide) attach(p *graph.Parts) {
	if w.guard != nil {
		p.Events = p.Events.With(w.hub.In)
		p.Meters = p.Meters.With(w.hub.In)
	}
}

// shut keeps everybody out: permissions have changed, and the audit log could not record that.
func (w *webSide) shut(why error) {
	w.close()
	w.guard, w.sorry = nil, func() { w.say(fmt.Sprintf("the console is not served: %v", why)) }
	w.host.Shut(why)
}

// close frees what it has opened, when it will never serve.
func (w *webSide) close() {
	if w.guard != nil {
		_ = w.guard.Close() // the process is about to end
	}
}

// serve runs the web server until ctx ends.
func (w *webSide) serve(ctx context.Context, d *appliance.Daemon, s *service) {
	if w.guard == nil {
		if d.Runbook().Web.Listen != "" { // otherwise nobody misses it
			w.sorry()
		}
		return
	}
	defer w.guard.Close()
	state := s.options.State
	app := &api.Live{Daemon: d, State: state, Applied: s.request, Models: s.models}
	program, _ := os.Executable() // without it no simulations can be run
	log := s.options.Log.Logger().With("part", "web")
	env := os.Environ()
	if dir, err := filepath.Abs(s.models.Dir); err == nil { // a simulation uses the models of the appliance, wherever they are
		env = append(env, "ORAC_MODELS_DIR="+dir)
	}
	simulated := simulations.New(ctx, simulations.Options{Dir: filepath.Join(state.Dir, "simulations"), Program: program, Env: env, Log: log})
	measured := samples.New(samples.Options{Dir: state.Dir, Log: log})
	server := api.New(ctx, api.Options{
		App: app, Guard: w.guard, Audit: w.audit, Events: w.hub, Log: log, Version: version(),
		Simulations: simulated, Samples: measured, Docs: docs(), Pages: console.New().Pages,
	})
	var beside sync.WaitGroup // work besides requests; it ends with ctx
	beside.Go(func() { _ = w.hub.Run(ctx) })
	beside.Go(func() { measured.Run(ctx, app) })
	w.host.Run(ctx, server)
	simulated.Close()
	beside.Wait()
}

// docs returns the pages of the guide, and the reference of the runbook, for the console and the
// API.
func docs() (list []api.Doc) {
	for _, t := range guide.Topics() {
		list = append(list, api.Doc{Name: t.Name, Title: t.Title, Text: string(t.Text)})
	}
	return append(list, api.Doc{Name: "reference", Title: "Reference of the runbook", Text: string(runbook.Reference())})
}
