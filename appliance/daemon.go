package appliance

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/incident/evidence"
	"orac/appliance/logbook"
	"orac/appliance/memory"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/runbook"
	"orac/runbook/language"
)

// Options are what a daemon is made from.
type Options struct {
	Runbook *runbook.Runbook
	Source  []byte // its text
	// LastGood: the runbook is the last good generation, because the file cannot be used.
	LastGood bool
	Version  string
	State    *State
	Parts    *graph.Parts
	Log      *logbook.Book
	Level    *slog.LevelVar    // of the log; set to what the runbook says
	LogFile  *logbook.FileSink // set to the file that the runbook names; nil: no log file is written
	// Language evaluates runbooks for plans and changes.
	Language core.Language
	// Beside runs next to the graph and also depends on the runbook; nil for nothing.
	Beside Beside
	// Replaced is set if this process has replaced another one.
	Replaced *core.Replaced
	// Runs tells why the program cannot be started again in place of this process; nil: it can.
	Runs func(context.Context) error
	// Alive is called while sound flows, for a service manager's watchdog; nil for none.
	Alive func(status.Status)
}

// Daemon is an appliance that runs in this process and can be asked and changed while it runs. Its methods may be called
// from anywhere.
type Daemon struct {
	o       Options
	driver  *live.Driver
	core    *core.Core
	inForce func() *runbook.Runbook
	started time.Time
	ready   chan struct{} // closed when it can be asked and changed
	ended   atomic.Bool
}

// NewDaemon builds an appliance and runs nothing yet. Its error names the block that cannot be
// built.
func NewDaemon(o Options) (*Daemon, error) {
	d := &Daemon{o: o, driver: live.New(nil), started: time.Now(), ready: make(chan struct{})}
	c := core.Options{
		Runbook: o.Runbook, Source: o.Source, LastGood: o.LastGood, Parts: o.Parts, Slog: o.Log.Logger(), Language: o.Language,
		Proven: provenclock.Kernel(provenclock.Built()), Measure: memory.Measure, Evidence: func() string { return evidence.Collect(0, nil) },
		Ready: func() { close(d.ready) }, Replaced: o.Replaced,
	}
	if o.State.history != nil {
		c.Ledger = o.State.history
	}
	if o.LogFile != nil {
		c.LogFile = o.LogFile.Trouble
	}
	if o.Beside != nil {
		c.Check, c.Accept, c.Listeners = o.Beside.Check, o.Beside.Accept, o.Beside.Listeners
	}
	if o.Alive != nil {
		c.Alive = func(*rt.Task) { o.Alive(d.Status()) }
	}
	var err error
	if d.core, err = core.New(c); err != nil {
		return nil, err
	}
	d.inForce = d.Runbook
	d.settle()
	return d, nil
}

// Run runs the appliance until ctx ends or all sound is over and delivered. ErrReexec, ErrMemory and *Asked mean that the process is
// to be replaced; everything recorded is in the spool by then.
func (d *Daemon) Run(ctx context.Context) error {
	defer d.ended.Store(true)
	before, end, err := beginRun(d.o.State.Folder, bootID(), os.Getpid(), time.Now())
	if err != nil {
		d.o.Log.Logger().Warn("cannot note that this process runs: if it is killed, the next one will not know", "cause", err)
	}
	d.core.Follow(before)
	err = d.driver.Run(ctx, "orac", d.core.Run)
	end() // not deferred: a panic is not a clean end
	return err
}

// do returns what f returns as a task of the daemon, as soon as the daemon is ready.
func do[T any](ctx context.Context, d *Daemon, name string, f func(*rt.Task) (T, error)) (out T, err error) {
	select {
	case <-d.ready:
	case <-ctx.Done():
		return out, ctx.Err()
	}
	if d.ended.Load() {
		return out, &status.Refusal{Code: status.Stopping, Message: "the appliance is stopping"}
	}
	err = d.driver.Run(ctx, name, func(t *rt.Task) (err error) {
		out, err = f(t)
		return err
	})
	return out, err
}

// Plan implements control.Daemon.
func (d *Daemon) Plan(ctx context.Context, r status.PlanRequest) (status.Plan, error) {
	return do(ctx, d, "plan", func(t *rt.Task) (status.Plan, error) { return d.core.Plan(t, r) })
}

// Apply implements control.Daemon.
func (d *Daemon) Apply(ctx context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	return d.Change(ctx, core.Change{ApplyRequest: r}, progress)
}

// Change is Apply with all steps of the change.
func (d *Daemon) Change(ctx context.Context, c core.Change, progress func(string)) (status.Applied, error) {
	return do(ctx, d, "apply", func(t *rt.Task) (status.Applied, error) {
		defer d.settle()
		return d.core.Change(t, c, progress)
	})
}

// Examine evaluates and judges a text, and reports everything that is wrong with it. The runbook is nil if it
// could not run.
func (d *Daemon) Examine(ctx context.Context, r status.PlanRequest) (rb *runbook.Runbook, problems language.Diagnostics, err error) {
	rb, err = do(ctx, d, "examine", func(t *rt.Task) (rb *runbook.Runbook, _ error) {
		rb, problems = d.core.Examine(t, r)
		return rb, nil
	})
	return rb, problems, err
}

// Rollback implements control.Daemon.
func (d *Daemon) Rollback(ctx context.Context, r status.RollbackRequest, progress func(string)) (status.Applied, error) {
	return do(ctx, d, "rollback", func(t *rt.Task) (status.Applied, error) {
		defer d.settle()
		return d.core.Rollback(t, r, progress)
	})
}

// PlanRollback reports what returning to a kept generation would do, and changes nothing.
func (d *Daemon) PlanRollback(ctx context.Context, r status.RollbackRequest) (status.Plan, error) {
	return do(ctx, d, "plan", func(t *rt.Task) (status.Plan, error) { return d.core.PlanRollback(t, r) })
}

// settle applies the settings of the runbook that belong to no node: those of the log, and of Beside. Two changes may end at the
// same time; whoever comes last looks again at what runs, so that the later runbook stays.
func (d *Daemon) settle() {
	for rb := d.inForce(); ; {
		d.use(rb)
		now := d.inForce()
		if now == rb {
			return
		}
		rb = now
	}
}

func (d *Daemon) use(rb *runbook.Runbook) {
	if d.o.Beside != nil {
		d.o.Beside.Use(rb)
	}
	var level slog.Level
	if d.o.Level != nil && level.UnmarshalText([]byte(rb.Appliance.LogLevel)) == nil {
		d.o.Level.Set(level)
	}
	if d.o.LogFile == nil {
		return
	}
	to := logbook.Target{Path: rb.Appliance.LogFile, Size: int64(rb.Appliance.LogSize), Keep: rb.Appliance.LogKeep + 1}
	if err := d.o.LogFile.Set(to); err != nil {
		d.o.Log.Logger().Warn("the log cannot be written to its file", "file", to.Path, "cause", err)
	}
}

// Tell reports something that happens beside the graph. Nobody waits for it, and it is lost while the appliance starts or stops.
func (d *Daemon) Tell(from string, what event.Body) {
	select {
	case <-d.ready:
	default:
		return
	}
	if d.ended.Load() {
		return
	}
	_ = d.driver.Run(context.Background(), "tell", func(t *rt.Task) error {
		d.core.Tell(t, from, what)
		return nil
	})
}

// Generations implements control.Daemon.
func (d *Daemon) Generations() ([]status.Generation, error) {
	return do(context.Background(), d, "generations", d.core.Generations)
}

// Text is the runbook of a kept generation.
func (d *Daemon) Text(number int) (string, error) {
	return do(context.Background(), d, "text", func(t *rt.Task) (string, error) { return d.core.Text(t, number) })
}

// Incidents implements control.Daemon: oldest first.
func (d *Daemon) Incidents(limit int) ([]status.Incident, error) {
	list := d.core.Recent(d.driver.Now(), limit)
	slices.Reverse(list)
	if d.o.State.history == nil || len(list) >= limit {
		return list, nil
	}
	older, _, err := d.o.State.history.Incidents(store.Page{Limit: min(limit, 1000)})
	if err != nil {
		return list, nil // what this process knows is better than nothing
	}
	older = slices.DeleteFunc(older, func(i status.Incident) bool {
		return slices.ContainsFunc(list, func(known status.Incident) bool { return known.ID == i.ID })
	})
	slices.SortStableFunc(older, func(a, b status.Incident) int { return a.Detected.Compare(b.Detected) })
	list = append(older, list...)
	return list[max(0, len(list)-limit):], nil
}

// Incident is one incident with its evidence.
func (d *Daemon) Incident(id string) (status.Incident, bool) {
	if i, ok := d.core.Incident(d.driver.Now(), id); ok {
		return i, true
	}
	if d.o.State.history == nil {
		return status.Incident{}, false
	}
	i, err := d.o.State.history.Incident(id)
	return i, err == nil
}

// Graph is the graph that runs.
func (d *Daemon) Graph() *graph.Graph { return d.core.Graph() }

// Runbook is the runbook that is in force.
func (d *Daemon) Runbook() *runbook.Runbook { return d.core.Graph().Runbook }

// Ready is closed when the appliance runs and can be asked and changed.
func (d *Daemon) Ready() <-chan struct{} { return d.ready }

// Logs implements control.Daemon.
func (d *Daemon) Logs(ctx context.Context, after uint64, follow bool, line func(status.LogLine) error) error {
	for {
		lines, _ := d.o.Log.Since(after, 256)
		for _, l := range lines {
			if err := line(l); err != nil {
				return err
			}
			after = l.Seq
		}
		if len(lines) > 0 {
			continue
		}
		if !follow {
			return nil
		}
		if err := d.o.Log.Wait(ctx, after); err != nil {
			return nil // ctx has ended
		}
	}
}

// Status implements control.Daemon.
func (d *Daemon) Status() status.Status {
	s := d.core.Status(d.driver.Now(), time.Now())
	s.Version, s.PID, s.Started = d.o.Version, os.Getpid(), d.started
	if rb := d.Runbook(); rb.Issuer.URL != "" {
		s.Issuer, s.Members = true, len(rb.Members)
	}
	return s
}

// Spool implements control.Daemon.
func (d *Daemon) Spool(ctx context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	return do(ctx, d, "spool", func(t *rt.Task) (status.SpoolAnswer, error) { return d.core.ManageSpool(t, r) })
}
