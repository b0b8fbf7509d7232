package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"orac/appliance/event"
	"orac/appliance/generation"
	"orac/appliance/incident"
	"orac/appliance/incident/evidence"
	"orac/appliance/logbook"
	"orac/appliance/memory"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/appliance/utterance"
	"orac/runbook"
)

// Options are what a daemon is made of.
type Options struct {
	Runbook *runbook.Runbook
	Source  []byte // its text
	// LastGood: the runbook is the last good generation, since the file cannot be used.
	LastGood bool
	Version  string
	State    *State
	Parts    *Parts
	Log      *logbook.Book
	Level    *slog.LevelVar // of the log; set to what the runbook says
	// Load evaluates a runbook for a plan; Replay evaluates a generation again.
	Load   func(status.PlanRequest) (*runbook.Runbook, []byte, error)
	Replay func(*generation.Generation) (*runbook.Runbook, error)
	// Alive is called while sound flows, for a service manager's watchdog; nil for none.
	Alive func(status.Status)
}

// Daemon is an appliance that runs in this process, and can be asked and changed meanwhile. Its methods may be called from
// anywhere.
type Daemon struct {
	o       Options
	driver  *live.Driver
	runner  *Runner
	monitor *Monitor
	steward *Steward
	log     *incident.Log
	records *rt.Mailbox[incident.Record]
	started time.Time
	ready   chan struct{} // closed when it can be asked and changed
	ended   atomic.Bool
	// lastGood: it runs a generation because the runbook could not be used, and none was applied since.
	lastGood atomic.Bool
}

// NewDaemon builds an appliance; nothing runs yet. An error names the block that cannot be built.
func NewDaemon(o Options) (*Daemon, error) {
	g, err := Compile(o.Runbook)
	if err != nil {
		return nil, err
	}
	d := &Daemon{o: o, driver: live.New(nil), started: time.Now(), ready: make(chan struct{})}
	d.records = rt.NewMailbox[incident.Record]("incidents", 64)
	watched := rt.NewMailbox[event.Event]("events to the monitor", eventsWaiting)
	logged := rt.NewMailbox[event.Event]("events to the log", eventsWaiting)
	parts := *o.Parts
	parts.Events = parts.Events.With(watched, logged)
	if d.runner, err = NewRunner(g, &parts); err != nil {
		return nil, err
	}
	w := o.Runbook.Watchdog
	d.log = incident.New(incident.Budget{Restarts: w.RestartBudget, Per: w.Per}, d.records)
	d.monitor = &Monitor{
		Runner: d.runner, Log: d.log, FS: parts.FS, Events: watched, Logged: logged, Slog: o.Log.Logger(),
		Measure: memory.Measure, Evidence: func() string { return evidence.Collect(0, nil) },
	}
	d.monitor.MayRestart, d.monitor.Settle = d.mayRestart, parts.Trim
	d.settings()
	d.lastGood.Store(o.LastGood)
	d.steward = &Steward{Runner: d.runner, Load: o.Load, Replay: o.Replay}
	return d, nil
}

// Run is the appliance until ctx ends or all sound is over and delivered. ErrReexec and ErrMemory mean that the process is to
// be replaced; what was recorded is in the spool then.
func (d *Daemon) Run(ctx context.Context) error {
	defer d.ended.Store(true)
	return d.driver.Run(ctx, "orac", func(t *rt.Task) error {
		keeper := t.Shield("keeper", d.keep)
		monitor := t.Shield("monitor", d.monitor.Run)
		logger := t.Shield("log", d.monitor.write)
		nodes := t.Shield("runner", d.runner.Run)
		if err := d.begin(t); err != nil {
			d.o.Log.Logger().Warn("this runbook is not kept as a generation", "cause", err)
		}
		close(d.ready)
		which, err := 0, error(nil)
		for {
			if which, err = rt.Select(t, t.Now().Add(time.Second), nodes, monitor); !errors.Is(err, rt.ErrTimeout) {
				break
			}
			if d.o.Alive != nil {
				d.o.Alive(d.Status())
			}
		}
		nodes.Stop()
		until := t.Now().Add(drainTime + settleTime + endTime + time.Second)
		end := t.Outlast(nodes, until)
		if which == 1 && err == nil {
			end = monitor.Err()
		}
		for _, c := range []*rt.Task{monitor, logger, keeper} {
			c.Stop()
			_ = t.Outlast(c, t.Now().Add(time.Second)) // what it could not write by then is lost with the process
		}
		if errors.Is(end, rt.ErrStopped) && t.Stopping() {
			return nil
		}
		return end
	})
}

// mayRestart keeps a process whose memory is over the limit right after its start from replacing itself without end: more than
// watchdog.restart_budget restarts in watchdog.per only make an alert.
func (d *Daemon) mayRestart(why string) bool {
	h, w := d.o.State.history, d.runner.Graph().Runbook.Watchdog
	if h == nil {
		return true
	}
	now := time.Now()
	n, err := h.RestartsSince("orac", now.Add(-w.Per))
	if err == nil && n >= w.RestartBudget {
		d.o.Log.Logger().Error("memory is over its limit again and again: raise memory.restart, or look for what takes it", "restarts", n, "per", w.Per)
		return false
	}
	if err := h.AddRestart(store.Restart{ID: utterance.ID(now, uint32(os.Getpid())), Component: "orac", Reason: why, At: now}); err != nil {
		d.o.Log.Logger().Warn("a restart is not in the history", "cause", err)
	}
	return true
}

// keep writes incidents into the history, if there is one.
func (d *Daemon) keep(t *rt.Task) error {
	if d.o.State.history == nil {
		return nil
	}
	if _, err := d.o.State.history.EndIncidents(t.Wall(), "the process ended"); err != nil {
		d.o.Log.Logger().Warn("incidents of the last process are still open in the history", "cause", err)
	}
	return (&incident.Keeper{Book: d.o.State.history, In: d.records}).Run(t)
}

func (d *Daemon) begin(t *rt.Task) error {
	kept, err := generation.Open(t, d.o.State.FS)
	if err != nil {
		return err
	}
	d.steward.Kept = kept
	return d.steward.Begin(t, d.o.Source)
}

// do runs f as a task of the daemon, as soon as that is ready.
func (d *Daemon) do(ctx context.Context, name string, f func(*rt.Task) error) error {
	select {
	case <-d.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if d.ended.Load() {
		return &status.Refusal{Code: status.Stopping, Message: "the appliance is about to end"}
	}
	if d.steward.Kept == nil {
		return &status.Refusal{Code: status.Invalid, Message: "generations cannot be kept", Hint: "look at the log: orac logs"}
	}
	return d.driver.Run(ctx, name, f)
}

// Plan implements control.Daemon.
func (d *Daemon) Plan(ctx context.Context, r status.PlanRequest) (p status.Plan, err error) {
	err = d.do(ctx, "plan", func(t *rt.Task) (err error) {
		p, err = d.steward.Plan(t, r)
		return err
	})
	return p, err
}

// Apply implements control.Daemon.
func (d *Daemon) Apply(ctx context.Context, r status.ApplyRequest, progress func(string)) (a status.Applied, err error) {
	err = d.do(ctx, "apply", func(t *rt.Task) (err error) {
		a, err = d.steward.Apply(t, r, d.telling("apply", progress))
		d.settings()
		if err == nil && a.OK {
			d.lastGood.Store(false)
		}
		return err
	})
	return a, err
}

// Rollback implements control.Daemon.
func (d *Daemon) Rollback(ctx context.Context, number int, progress func(string)) (a status.Applied, err error) {
	err = d.do(ctx, "rollback", func(t *rt.Task) (err error) {
		a, err = d.steward.Rollback(t, number, d.telling("rollback", progress))
		d.settings()
		return err
	})
	return a, err
}

// settings puts into force what of the runbook in force is the daemon's own.
func (d *Daemon) settings() {
	rb := d.runner.Graph().Runbook
	d.log.SetBudget(incident.Budget{Restarts: rb.Watchdog.RestartBudget, Per: rb.Watchdog.Per})
	var level slog.Level
	if d.o.Level != nil && level.UnmarshalText([]byte(rb.Appliance.LogLevel)) == nil {
		d.o.Level.Set(level)
	}
}

// telling makes the steps of a change lines of the log, too.
func (d *Daemon) telling(what string, progress func(string)) func(string) {
	log := d.o.Log.Logger()
	return func(step string) {
		log.Info(what, "step", step)
		progress(step)
	}
}

// Generations implements control.Daemon.
func (d *Daemon) Generations() (list []status.Generation, err error) {
	err = d.do(context.Background(), "generations", func(t *rt.Task) (err error) {
		list, err = d.steward.Kept.List(t)
		for i := range list {
			list[i].Current = list[i].Number == d.steward.Generation()
		}
		return err
	})
	return list, err
}

// Incidents implements control.Daemon: oldest first.
func (d *Daemon) Incidents(limit int) ([]status.Incident, error) {
	list := d.log.Recent(d.driver.Now(), limit)
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
	g := d.runner.Graph()
	s := status.Status{
		Appliance: g.Runbook.Appliance.Name, Version: d.o.Version, PID: os.Getpid(), Runbook: g.Runbook.File,
		Generation: d.steward.Generation(), LastGood: d.lastGood.Load(), Started: d.started,
		Health: d.monitor.Report(), Memory: d.monitor.Memory(),
	}
	now := d.driver.Now()
	for _, v := range d.runner.Views() {
		n := status.Node{
			Address: v.Node.Address, Kind: string(v.Node.Kind), State: string(v.State), Since: time.Now().Add(-now.Sub(v.Since)),
			Generation: uint64(v.Generation), Restarts: v.Restarts, Rate: d.monitor.Rate(v.Node.Address), Feeds: readersOf(g, v.Node.Address),
		}
		if v.Err != nil {
			n.Error = v.Err.Error()
		}
		for _, m := range d.runner.Inbox(v.Node.Address) {
			n.Taken += m.Taken
			n.Dropped += m.Dropped
		}
		s.Nodes = append(s.Nodes, n)
		if sp, ok := v.code.(*node.Spool); ok {
			s.Spool = sp.Shown()
		}
	}
	if last := d.log.Recent(now, 1); len(last) > 0 {
		s.Incident = &last[0]
	}
	return s
}

// write makes the log of events.
func (m *Monitor) write(t *rt.Task) error {
	for {
		e, err := m.Logged.Recv(t, rt.Never)
		if err != nil {
			return err
		}
		level := slog.LevelInfo
		switch e.Body.(type) {
		case event.DeviceLost, event.NodeFailed, event.NodeLeaked, event.Dropped:
			level = slog.LevelError
		case event.DeliveryFailed, event.Overrun, event.StoreFailed, event.WebhookFailed:
			level = slog.LevelWarn
		}
		m.Slog.LogAttrs(context.Background(), level, e.Body.Kind(), attrs(e)...)
	}
}

// attrs are the fields of an event for the log. What was said in the room is not written there: it is in the history, which
// has a retention.
func attrs(e event.Event) []slog.Attr {
	if d, ok := e.Body.(event.Delivered); ok {
		d.Text = ""
		e.Body = d
	}
	list := []slog.Attr{slog.String("node", e.Node)}
	fields := map[string]any{}
	if b, err := json.Marshal(e.Body); err != nil || json.Unmarshal(b, &fields) != nil {
		return list // the kind says what happened
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if v := fields[name]; v != "" && name != "stack" && name != "evidence" {
			list = append(list, slog.Any(name, v))
		}
	}
	return list
}
