package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/appliance/boot"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/sdnotify"
	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/models"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/api"
	"orac/web/audit"
	"orac/web/control"
)

func (a *app) runCommand() *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use:   "run",
		Short: "run the appliance: listen, record, deliver",
		Long: `Opens the devices of the runbook, listens, records what follows a wake word and delivers it. It runs until you stop it (Ctrl-C
or SIGTERM; a second Ctrl-C ends it at once). If its devices are sound files, it ends when they have played and everything is delivered.

With --json each event is a line of JSON. When the program that reads them through a pipe ends, orac run ends, too.

A changed runbook takes effect after orac apply or SIGHUP. If the runbook cannot be used at the start, the last one that worked runs
instead, and ORAC says so.`,
		Example: `  orac run
  orac run -f examples/runbooks/kitchen.hcl --state-dir /var/lib/orac
  orac run --watch                      apply the runbook each time it is saved
  orac run --json | jq 'select(.kind == "delivered") | .text'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.run(c.Context(), watch) },
	}
	c.Flags().BoolVar(&watch, "watch", false, "apply the runbook each time it is saved (for development)")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) run(ctx context.Context, watch bool) error {
	if err := boot.Process(); err != nil {
		a.notice(boot.Notice{Text: err.Error()})
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // from the first moment: by default it ends a process
	defer signal.Stop(hangup)
	told := ctx // it ends when somebody stops ORAC
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	notifier, err := sdnotify.New(os.Getenv)
	if err != nil {
		return failed(err)
	}
	events := rt.NewMailbox[event.Event]("events to the terminal", 4096)
	web, doors := &webSide{app: a, hub: api.NewHub()}, &voiceDoors{}
	o, err := a.booting(a.ready)
	if err != nil {
		return err
	}
	o.Was, o.Version, o.Alive = boot.TakeResumed(), version(), boot.Alive(notifier)
	var log *slog.Logger
	o.Side = func(state *appliance.State, l *slog.Logger) boot.Side {
		log = l
		return web.open(state, l)
	}
	o.Attach = func(p *graph.Parts) {
		p.Events = p.Events.With(events)
		if !a.json {
			p.Meters = p.Meters.With(events)
		}
		web.attach(p)
		doors.attach(ctx, p, web.audit, log)
	}
	orac, err := boot.Start(ctx, o)
	if err != nil {
		return a.unusable(err)
	}
	defer orac.Close()
	doors.request = orac.Request
	doors.daemon.Store(orac.Daemon)
	listener, err := control.Listen(orac.State.Dir)
	if err != nil {
		return err
	}
	if !a.json {
		fmt.Fprintf(a.out, "%s %s  %s\n", a.out.Strong("orac"), screen.Clean(orac.Runbook().Appliance.Name),
			a.out.Faint(fmt.Sprintf("%s · state in %s · Ctrl-C stops it", a.file, near(orac.State.Dir))))
	}
	over := a.showing(events, cancel)
	audited := control.Audited{Daemon: orac.Daemon, Log: web.audit, House: control.House{Codes: web.codes, Runbook: orac.Runbook}, Centre: web.members}
	end := orac.Run(ctx,
		func(ctx context.Context) {
			if err := control.Serve(ctx, listener, audited, orac.Log.Logger()); err != nil {
				orac.Log.Logger().Error("the control socket has failed", "cause", err)
			}
		},
		func(ctx context.Context) { web.serve(ctx, orac) },
		func(ctx context.Context) { a.reload(ctx, audited, notifier, orac.Request, hangup, watch) },
		func(ctx context.Context) {
			select {
			case <-orac.Ready():
				_ = notifier.Ready()
			case <-ctx.Done():
			}
			<-ctx.Done()
			if told.Err() != nil {
				_ = notifier.Stopping()
			}
		})
	over()
	a.farewell(orac.Status())
	if !boot.Replaceable(end) {
		_ = notifier.Stopping()
		return failed(end)
	}
	if told.Err() != nil { // whoever stops it does not want another one
		_ = notifier.Stopping()
		return nil
	}
	_ = notifier.Reloading() // to say that it stops would have systemd kill the next process
	fmt.Fprintf(a.err, "%s %v; starting again\n", a.err.Warn("orac:"), end)
	return failed(orac.Replace(end, a.uncatch))
}

// booting returns the options of a start and of a plan without an appliance. where returns where the models of a runbook are.
func (a *app) booting(where func(*runbook.Runbook) (models.Store, error)) (boot.Options, error) {
	r, err := a.planRequest()
	return boot.Options{File: r.File, Name: a.file, Vars: r.Vars, StateDir: a.namedState(), Say: a.notice, Models: where}, err
}

// notice shows what a start says.
func (a *app) notice(n boot.Notice) {
	if n.Err != nil {
		_ = a.unusable(n.Err)
		return
	}
	who := a.err.Warn("orac:")
	if n.Grave {
		who = a.err.Bad("orac:")
	}
	fmt.Fprintf(a.err, "%s %s\n", who, n.Text)
}

// unusable shows why something cannot be used: problems of a runbook with their places, after what was being tried.
func (a *app) unusable(err error) error {
	problems, ok := errors.AsType[language.Diagnostics](err)
	if !ok {
		a.complain(err)
		return &exit{code: exitFailed}
	}
	if tried := strings.TrimSuffix(err.Error(), problems.Error()); tried != "" {
		a.complain(errors.New(strings.TrimSuffix(tried, ": ")))
	}
	for i := range problems { // they call the file what the command line calls it
		if file, err := filepath.Abs(a.file); err == nil && problems[i].Subject.Filename == file {
			problems[i].Subject.Filename = a.file
		}
	}
	return a.diagnose(problems)
}

// showing shows events beside the appliance. over shows the last ones: events from before the end are shown after it. left is called
// when nobody reads any more.
func (a *app) showing(events *rt.Mailbox[event.Event], left func()) (over func()) {
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		err := live.New(nil).Run(context.Background(), "terminal", func(t *rt.Task) error { return a.show(t, events) })
		if err != nil && a.piped { // orac run --json | head: the reader has what it wanted
			left()
		}
	}()
	return func() {
		_ = live.New(nil).Run(context.Background(), "end", func(t *rt.Task) error { events.Close(t); return nil })
		select {
		case <-shown:
		case <-time.After(time.Second): // nobody reads the output, so do not wait for it
		}
	}
}

// near returns a path as a person in this folder would write it.
func near(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// farewell says what is left for the next start.
func (a *app) farewell(s status.Status) {
	a.out.Still()
	if a.json {
		return
	}
	switch n := s.Spool.Waiting; n {
	case 0:
		fmt.Fprintln(a.out, a.out.Faint("stopped"))
	case 1:
		fmt.Fprintln(a.out, "stopped: 1 utterance waits in the spool, and will be delivered after the next start")
	default:
		fmt.Fprintf(a.out, "stopped: %d utterances wait in the spool, and will be delivered after the next start\n", n)
	}
}

// show shows events until there are no more.
func (a *app) show(t *rt.Task, events *rt.Mailbox[event.Event]) error {
	view, lines := screen.NewEvents(a.out), json.NewEncoder(a.out)
	for {
		e, err := events.Recv(t, rt.Never)
		if err != nil {
			return nil
		}
		if !a.json {
			view.Show(e)
		} else if err := lines.Encode(e); err != nil {
			return err // nobody reads any more
		}
	}
}

// reload applies the runbook at SIGHUP and, if it is watched, whenever it is saved.
func (a *app) reload(ctx context.Context, d control.Changer, n *sdnotify.Notifier, r status.PlanRequest, hangup <-chan os.Signal, watch bool) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	saved := modified(r.File)
	for {
		by, who := audit.By(ctx, "signal:HUP", "signal"), "signal:HUP"
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		case <-tick.C:
			by, who = audit.By(ctx, "file:saved", "watch"), "file:saved"
			now := modified(r.File)
			if !watch || now.Equal(saved) {
				continue
			}
			saved = now
		}
		_ = n.Reloading()
		r.Origin = status.OnMachine(who)
		done, err := d.Apply(by, status.ApplyRequest{PlanRequest: r}, func(step string) {
			fmt.Fprintf(a.err, "%s %s\n", a.err.Faint("apply:"), screen.Clean(step))
		})
		if err == nil && !done.OK {
			err = errors.New(done.Why)
		}
		if err != nil && ctx.Err() == nil {
			_ = a.refused(err) // shown; the runbook in force stays in force
		}
		_ = n.Ready()
	}
}

func modified(file string) time.Time {
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
