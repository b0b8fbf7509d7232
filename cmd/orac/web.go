package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"orac/appliance"
	"orac/appliance/boot"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/cmd/orac/guide"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/web/api"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/console"
	"orac/web/coreserver"
	"orac/web/edge"
	"orac/web/enrol"
	"orac/web/gate"
	"orac/web/members"
	"orac/web/peers"
	"orac/web/samples"
	"orac/web/simulations"
	"orac/web/sttserver"
)

// webSide is what an appliance serves to the network: the console and the API, and the servers of its roles. Each listens if the
// runbook says so.
type webSide struct {
	appliance.Several               // all of the servers below
	house             *enrol.Keeper // before all that show its certificate
	console           *edge.Host
	understands       *peers.Hosts
	acts              *peers.Hosts
	members           *members.Centre // nil without a guard

	app   *app
	tell  func(line string) // to the person at the terminal
	hub   *api.Hub
	guard *auth.Guard
	audit *audit.Log
	codes *enrol.Book // with which appliances join the house
	sorry string      // why there is no guard

	daemon atomic.Pointer[appliance.Daemon] // that is told what happens to members; nil before it runs
}

// open opens what decides who gets in. If permissions cannot be read, nobody gets in, but the appliance still listens.
func (w *webSide) open(state *appliance.State, log *slog.Logger) boot.Side {
	out := w.app.out
	if w.app.json {
		out = w.app.err
	}
	w.tell = func(line string) { fmt.Fprintln(out, screen.Clean(line)) }
	w.audit = audit.In(state.Dir)
	w.console = &edge.Host{StateDir: state.Dir, Log: log, Say: w.tell}
	w.understands = sttserver.NewHosts(state.Dir, log, w.tell)
	w.acts = coreserver.NewHosts(state.Dir, log, w.tell)
	w.codes = &enrol.Book{}
	w.Several = appliance.Several{audit.Watch{Log: w.audit}, w.console, w.understands, w.acts}
	var err error
	if w.guard, err = auth.Open(state.Dir, state.HashKey); err != nil {
		w.shut(err)
		return w
	}
	w.house = w.keeper(log)
	w.understands.Admit, w.acts.Admit = w.admit, w.admit
	w.Several = append(appliance.Several{w.house}, w.Several...)
	w.members = members.New(members.Options{StateDir: state.Dir, Tokens: w.guard, Transport: members.Transport(w.guard.House), Tell: w.report, Audit: w.audit, Log: log.With("part", "members")})
	w.Several = append(w.Several, w.members)
	if aside := w.guard.DB.Aside; aside != "" {
		w.app.notice(boot.Notice{Text: fmt.Sprintf("the database of sessions and keys was damaged; it is kept as %s, and everybody has to log in again", aside)})
	}
	return w
}

// report tells the appliance what happens beside its graph.
func (w *webSide) report(from string, what event.Body) {
	if d := w.daemon.Load(); d != nil {
		d.Tell(from, what)
	}
}

// attach connects it to the events of a world.
func (w *webSide) attach(p *graph.Parts) {
	if w.guard != nil {
		p.Events = p.Events.With(w.hub.In)
		p.Meters = p.Meters.With(w.hub.In)
	}
}

// Record implements boot.Side: it writes to the audit log what a start changes. If that is impossible, nobody gets in: permissions may
// have changed.
func (w *webSide) Record(was int, rb *runbook.Runbook) (ended func(error)) {
	r := audit.Record{
		Who: "unix:" + userName(), Way: "start", Action: "runbook.start", Target: filepath.Base(rb.File),
		Before: map[string]any{"generation": was}, After: inForce(rb),
	}
	note, err := w.audit.Begin(&r)
	if err != nil {
		w.shut(fmt.Errorf("cannot write to the audit log what this start changes: %w; check the disk of the state directory", err))
		return func(error) {}
	}
	return func(err error) { _ = note(err) } // the attempt is on record already
}

// inForce is what a record says about a runbook: the hash of its text, and who may do what under it.
func inForce(rb *runbook.Runbook) map[string]any {
	people := map[string]string{}
	for _, u := range rb.Users {
		people[u.Name] = u.Role
	}
	out := map[string]any{"source": rb.Inputs().Source, "users": people}
	if rb.Web.TrustAdmins {
		out["trust_admins"] = true
	}
	return out
}

// shut keeps everybody out.
func (w *webSide) shut(why error) {
	w.Close()
	w.guard, w.sorry = nil, fmt.Sprintf("nothing is served to the network: %v", why)
	w.console.Shut(why)
	w.understands.Shut(why)
	w.acts.Shut(why)
}

// Close implements boot.Side.
func (w *webSide) Close() {
	if w.guard != nil {
		_ = w.guard.Close() // what it wrote is on disk
	}
}

// serve runs the servers until ctx ends.
func (w *webSide) serve(ctx context.Context, orac *boot.Appliance) {
	if w.guard == nil {
		if rb := orac.Runbook(); rb.Web.Listen != "" || len(rb.STTServers)+len(rb.CoreServers) > 0 { // otherwise nobody misses it
			w.app.notice(boot.Notice{Text: w.sorry})
		}
		return
	}
	app := &api.Live{Daemon: orac.Daemon, State: orac.State, Applied: orac.Request, Models: orac.Models}
	program, _ := os.Executable() // without it no simulations can be run
	log := orac.Log.Logger().With("part", "web")
	env := os.Environ()
	if dir, err := filepath.Abs(orac.Models.Dir); err == nil { // a simulation uses the models of the appliance, wherever they are
		env = append(env, "ORAC_MODELS_DIR="+dir)
	}
	simulated := simulations.New(ctx, simulations.Options{Dir: filepath.Join(orac.State.Dir, "simulations"), Program: program, Env: env, Log: log})
	measured := samples.New(samples.Options{Dir: orac.State.Dir, Log: log})
	refused := gate.NewDenials(ctx, w.audit, log)
	common := peers.Options{Guard: w.guard, Audit: w.audit, Refused: refused, Log: log, Version: version(), Admit: w.admit}
	server := api.New(ctx, api.Options{
		App: api.AppOf(app), Guard: w.guard, Audit: w.audit, Refused: refused, Events: w.hub, Log: log, Version: version(), Codes: w.codes,
		Simulations: simulated, Samples: measured, Members: w.members, Tell: w.report, Docs: docs(), Say: w.tell, Pages: console.New().Pages,
	})
	w.house.Use(orac.Runbook())
	var beside sync.WaitGroup // work besides requests; it ends with ctx
	beside.Go(func() { w.house.Run(ctx) })
	beside.Go(func() { audit.Watch{Log: w.audit}.Run(ctx) })
	beside.Go(func() { _ = w.hub.Run(ctx) })
	beside.Go(func() { measured.Run(ctx, app) })
	beside.Go(func() { server.Keep(ctx) })
	w.daemon.Store(orac.Daemon)
	beside.Go(func() { server.WatchIssuer(ctx) })
	beside.Go(func() { w.members.Run(ctx) })
	beside.Go(func() {
		o := sttserver.Options{App: orac.Daemon, Options: common}
		w.understands.Run(ctx, o.Site, orac.Runbook)
	})
	beside.Go(func() {
		o := coreserver.Options{App: app, Options: common}
		w.acts.Run(ctx, o.Site, orac.Runbook)
	})
	w.console.Run(ctx, server, orac.Runbook)
	simulated.Close()
	beside.Wait()
}

// docs returns the pages of the guide, and the reference of the runbook, for the console and the
// API.
func docs() (list []api.Doc) {
	for _, t := range guide.Topics() {
		list = append(list, api.Doc{Name: t.Name, Title: t.Title, Text: string(t.Text)})
	}
	return append(list, api.Doc{Name: "reference", Title: "Reference of the runbook", Text: string(runbook.Vocabulary.Reference())})
}
