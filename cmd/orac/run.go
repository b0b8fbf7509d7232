package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/sdnotify"
	"orac/appliance/status"
	"orac/cmd/orac/screen"
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

// garbagePercent is how much garbage may accumulate, relative to the memory in use. That memory is small, 3 MB, and grows
// briefly with each plan and command: half of Go's default costs no measurable time and saves 2 MB.
const garbagePercent = 50

func (a *app) run(ctx context.Context, watch bool) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if err := neverDumped(); err != nil {
		fmt.Fprintf(a.err, "%s %v\n", a.err.Warn("orac:"), err)
	}
	signal.Ignore(syscall.SIGPIPE) // the reader of the events may leave; the appliance keeps running
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // from the first moment: by default it ends a process
	defer signal.Stop(hangup)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	notifier, err := sdnotify.New(os.Getenv)
	if err != nil {
		return failed(err)
	}
	s, err := a.prepare(ctx, takeResumed(), alive(notifier))
	if err != nil {
		return err
	}
	defer s.close()
	end := a.appear(ctx, cancel, s, notifier, hangup, watch)
	if replaceable(end) {
		fmt.Fprintf(a.err, "%s %v; starting again\n", a.err.Warn("orac:"), end)
		s.close()
		return failed(reexec(resumed{s.daemon.Status().Generation, s.options.State.Dir, end.Error()}))
	}
	return failed(end)
}

// appear runs the appliance and shows what happens.
func (a *app) appear(ctx context.Context, cancel func(), s *service, notifier *sdnotify.Notifier, hangup <-chan os.Signal, watch bool) error {
	d, web := s.daemon, s.web
	listener, err := control.Listen(s.options.State.Dir)
	if err != nil {
		return err
	}
	audited := control.Audited{Daemon: d, Log: web.audit}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := control.Serve(ctx, listener, audited, s.options.Log.Logger()); err != nil {
			s.options.Log.Logger().Error("the control socket has failed", "cause", err)
		}
	}()
	if !a.json {
		fmt.Fprintf(a.out, "%s %s  %s\n", a.out.Strong("orac"), screen.Clean(s.options.Runbook.Appliance.Name),
			a.out.Faint(fmt.Sprintf("%s · state in %s · Ctrl-C stops it", a.file, near(s.options.State.Dir))))
	}
	webbed := make(chan struct{})
	go func() {
		defer close(webbed)
		web.serve(ctx, d, s)
	}()
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		// Events from before the end are shown after it, so the screen does not end with ctx.
		err := live.New(nil).Run(context.Background(), "terminal", func(t *rt.Task) error { return a.show(t, s.events) })
		if err != nil && a.piped { // orac run --json | head: the reader has what it wanted
			cancel()
		}
	}()
	go a.reload(ctx, audited, notifier, s.request, hangup, watch)
	go func() {
		select {
		case <-d.Ready():
			_ = notifier.Ready()
		case <-ctx.Done():
		}
	}()
	err = d.Run(ctx)
	_ = notifier.Stopping()
	cancel()
	<-served
	<-webbed
	_ = live.New(nil).Run(context.Background(), "end", func(t *rt.Task) error { s.events.Close(t); return nil })
	select {
	case <-shown:
	case <-time.After(time.Second): // nobody reads the output, so do not wait for it
	}
	a.farewell(d.Status())
	return err
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

// alive reports health to the service manager, and that the process lives. It does so only while sound is counted,
// so a hanging process cannot pretend to live.
func alive(n *sdnotify.Notifier) func(status.Status) {
	interval, _ := sdnotify.WatchdogInterval(os.Getenv, os.Getpid()) // without a watchdog there is nothing to report
	said, heard := "", uint64(0)
	return func(s status.Status) {
		if line := fmt.Sprintf("%s, generation %d, %d utterances wait", s.Health.Level, s.Generation, s.Spool.Waiting); line != said {
			said = line
			_ = n.Status(line)
		}
		hops := uint64(0)
		for _, node := range s.Nodes {
			if node.Kind == string(graph.Ring) {
				hops += node.Taken
			}
		}
		if interval > 0 && hops != heard && s.Health.Level != "unhealthy" {
			_ = n.Watchdog()
		}
		heard = hops
	}
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
func (a *app) reload(ctx context.Context, d control.Daemon, n *sdnotify.Notifier, r status.PlanRequest, hangup <-chan os.Signal, watch bool) {
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
