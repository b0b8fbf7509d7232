// Package core keeps a graph running, watches it and changes it. It is written on the runtime seam: the daemon drives it with
// goroutines, and the simulator in virtual time.
//
// It guarantees:
//
//   - Every node runs as its own instance. An instance that fails is restarted, after a pause that grows while it keeps
//     failing. No other node is touched, and what waits in its mailboxes keeps waiting.
//   - A change touches only nodes whose identity or settings changed, all of them or none. If they do not do well, what ran before
//     returns by itself.
//   - A text is evaluated once for each request, and the resulting value is judged, planned, run and kept.
//   - No node waits for the monitor, and what goes wrong has an incident with its cause and its end.
package core

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/mute"
	"orac/appliance/node"
	"orac/appliance/outbox"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt"
	"orac/appliance/utterance"
	"orac/runbook"
	"orac/runbook/language"
)

// Options are what a core is made from.
type Options struct {
	Runbook *runbook.Runbook
	Source  []byte // its text
	// LastGood: the runbook is the last good generation, because the file cannot be used.
	LastGood bool
	Parts    *graph.Parts
	// Ledger keeps incidents and restarts; if nil, they are lost when the process ends.
	Ledger Ledger
	Slog   *slog.Logger
	// Language evaluates runbooks for plans and changes.
	Language Language
	// Check reports what a runbook asks for that cannot be done and that no node would notice, with the address of the component
	// in front; nil: nothing is checked.
	Check func(*runbook.Runbook) error
	// Accept: see Proposer.
	Accept func(*runbook.Runbook) error
	// Proven tells whether the wall clock is synchronised when it shows that time; nil: it never is.
	Proven func(wall time.Time) bool
	// Measure measures the resident memory of the appliance; nil where that means nothing.
	Measure func() (int64, error)
	// Listeners: see Monitor.
	Listeners func() []health.Listener
	// LogFile tells why the log cannot be written to its file; nil where there is no log file.
	LogFile func() error
	// Evidence returns what is known of the process before a node is ended by force; nil: nothing
	// is collected.
	Evidence func() string
	// Replaced is set if this process has replaced another one.
	Replaced *Replaced
	// Ready is called once, when the core can be asked and changed. Alive is called every second. Either
	// may be nil.
	Ready func()
	Alive func(*rt.Task)
}

// Ledger keeps incidents and restarts beyond the end of the process.
type Ledger interface {
	incident.Book
	EndIncidents(at time.Time, action string) (int, error)
	RestartsWithin(component string, now, within time.Duration) (int, error)
}

// Core is the whole appliance on the runtime seam: the runner of the graph, the monitor that watches it, the steward that
// changes it, and the keepers of incidents. The daemon drives it with goroutines. The simulator drives it in virtual time
// and breaks its world.
type Core struct {
	o       Options
	runner  *Runner
	clock   *provenclock.Clock
	monitor *Monitor
	removed *removedHooks
	steward *Steward
	log     *incident.Log
	records *rt.Mailbox[incident.Record]
	changed *rt.Mailbox[struct{}] // something was planned or changed
	events  node.Events           // besides the history
	before  *Unclean
	mutes   *mute.Keeper
	// restarts says who asks for one.
	restarts *rt.Mailbox[string]
	ending   rt.Cell[rt.Instant] // when it began to end; 0: it runs
	// lastGood: the runbook could not be used, so a kept generation runs, and nothing has been applied
	// since.
	lastGood *rt.Cell[bool]
}

// New builds an appliance and runs nothing yet. Its error names the block that cannot be built.
func New(o Options) (*Core, error) {
	g, err := graph.Compile(o.Runbook)
	if err != nil {
		return nil, err
	}
	c := &Core{o: o, records: rt.NewMailbox[incident.Record]("incidents", 64), changed: rt.NewMailbox[struct{}]("changed", 1), restarts: rt.NewMailbox[string]("restarts", 1)}
	watched := rt.NewMailbox[event.Event]("events to the monitor", graph.EventsWaiting)
	logged := rt.NewMailbox[event.Event]("events to the log", graph.EventsWaiting)
	parts := *o.Parts
	parts.Events = parts.Events.With(watched, logged)
	c.events = parts.Events
	c.clock = provenclock.New(parts.FS, o.Proven)
	c.clock.Jumped = func(t *rt.Task, j provenclock.Jump) {
		parts.Events.Push(t, event.Event{At: t.Wall(), Node: "clock", Body: event.ClockJumped{By: j.By.Seconds(), Start: j.Start, Proven: j.Proven}})
	}
	parts.Age, parts.Turn = c.clock.Age, new(outbox.Turn)
	parts.Aloud, parts.WakeSounds = new(node.Aloud), new(node.WakeSounds)
	c.mutes = mute.New(parts.FS, o.Slog)
	c.mutes.Names, c.mutes.Tell = c.listeners, func(t *rt.Task, b event.Body) { c.publish(t, "mute", b) }
	parts.Mutes = c.mutes.Shown()
	if fetch := parts.Fetch; fetch != nil {
		parts.Fetch = func(t *rt.Task, list []graph.Lacking, within time.Duration) error {
			for _, l := range list { // the steps of an apply say where from
				o.Slog.Info("fetching a model", "for", string(l.Block), "model", strings.Join(l.Names, ", "), "sha256", l.SHA256)
			}
			return fetch(t, list, within)
		}
	}
	if c.runner, err = NewRunner(g, &parts); err != nil {
		return nil, err
	}
	c.removed = newRemovedHooks(c.runner, &parts, func(text string) { o.Slog.Warn(text) })
	w := o.Runbook.Watchdog
	c.log = incident.New(incident.Budget{Restarts: w.RestartBudget, Per: w.Per}, c.records)
	c.monitor = &Monitor{
		Runner: c.runner, Log: c.log, FS: parts.FS, Events: watched, Logged: logged, Slog: o.Slog,
		Measure: o.Measure, LogFile: o.LogFile, Evidence: o.Evidence, Listeners: o.Listeners, MayRestart: c.mayRestart, Settle: parts.Trim, Changed: c.changed,
	}
	if r := o.Replaced; r != nil {
		c.monitor.Hears = func(t *rt.Task) {
			c.publish(t, "orac", event.Restarted{Why: r.Why, Seconds: amount.Round(r.Deaf().Seconds(), 1)})
		}
	}
	c.lastGood = rt.NewCell(o.LastGood)
	c.steward = &Steward{Proposer: Proposer{o.Language, c.runner.Graph, o.Accept}, Runner: c.runner, Check: o.Check, Queued: c.queued}
	return c, nil
}

// Run runs the appliance until the task is told to stop or all sound is over and delivered. ErrReexec, ErrMemory and *Asked mean
// that the process is to be replaced; everything recorded is in the spool by then.
func (c *Core) Run(t *rt.Task) error {
	clock := t.Shield("clock", c.clock.Run)
	mutes := t.Shield("mutes", c.mutes.Run)
	keeper := t.Shield("keeper", c.keep)
	monitor := t.Shield("monitor", c.monitor.Run)
	logger := t.Shield("log", c.monitor.write)
	c.mutes.Await(t) // who was muted stays so from the first hop on
	nodes := t.Shield("runner", c.runner.Run)
	removed := t.Shield("removed webhooks", c.removed.Run)
	if err := c.begin(t); err != nil {
		c.o.Slog.Warn("cannot keep this runbook as a generation", "cause", err)
	}
	c.tellUnclean(t)
	if c.o.Ready != nil {
		c.o.Ready()
	}
	which, err := 0, error(nil)
	for {
		if which, err = rt.Select(t, t.Now().Add(time.Second), nodes, monitor, c.restarts); !errors.Is(err, rt.ErrTimeout) {
			break
		}
		if c.o.Alive != nil {
			c.o.Alive(t)
		}
	}
	c.ending.Take(rt.NewCell(t.Now()))
	nodes.Stop()
	until := t.Now().Add(drainTime + settleTime + endTime + time.Second)
	end := t.Outlast(nodes, until)
	if which == 1 && err == nil {
		end = monitor.Err()
	}
	if by, asked := c.restarts.TryRecv(t); asked && which == 2 {
		end = &Asked{By: by}
	}
	for _, child := range []*rt.Task{removed, clock, mutes, monitor, logger, keeper} {
		child.Stop()
		_ = t.Outlast(child, t.Now().Add(time.Second)) // what it could not write by then is lost with the process
	}
	if errors.Is(end, rt.ErrStopped) && t.Stopping() {
		return nil
	}
	return end
}

// mayRestart keeps a process whose memory is over the limit right after its start from replacing itself without end: after
// watchdog.restart_budget restarts in watchdog.per it only raises an alert.
func (c *Core) mayRestart(t *rt.Task, why string) bool {
	l, w := c.o.Ledger, c.runner.Graph().Runbook.Watchdog
	if l == nil {
		return true
	}
	age, ok := c.clock.Elapsed(t)
	if !ok {
		return true // the disk cannot be read, and would keep nothing
	}
	now := t.Wall()
	n, err := l.RestartsWithin("orac", age, w.Per)
	if err == nil && n >= w.RestartBudget {
		c.o.Slog.Error("memory exceeds its limit again and again: raise memory.restart, or find what uses it", "restarts", n, "per", w.Per)
		return false
	}
	r := record.Restart{ID: utterance.ID(now, t.Rand("restart").Uint32()), Component: "orac", Reason: why, At: now, Age: age}
	if err := l.AddRestart(r); err != nil {
		c.o.Slog.Warn("cannot write a restart to the history", "cause", err)
	}
	return true
}

// keep writes incidents into the history, if there is one.
func (c *Core) keep(t *rt.Task) error {
	if c.o.Ledger == nil {
		return nil
	}
	began := t.Wall()
	return (&incident.Keeper{Book: c.o.Ledger, In: c.records, First: func() error {
		_, err := c.o.Ledger.EndIncidents(began, "the process ended")
		if err != nil {
			c.o.Slog.Warn("cannot close the last process's incidents in the history; trying again", "cause", err)
		}
		return err
	}}).Run(t)
}

func (c *Core) begin(t *rt.Task) error {
	kept, err := generation.Open(t, c.o.Parts.FS)
	if err != nil {
		return err
	}
	c.steward.Kept = kept
	return c.steward.Begin(t, c.o.Source)
}

// Tell reports something that happens beside the graph.
func (c *Core) Tell(t *rt.Task, from string, what event.Body) {
	c.events.Push(t, event.Event{At: t.Wall(), Node: from, Body: what})
}

// Plan reports what applying a runbook would do.
func (c *Core) Plan(t *rt.Task, r status.PlanRequest) (status.Plan, error) {
	if err := c.changeable(); err != nil {
		return status.Plan{}, err
	}
	defer c.changed.Push(t, struct{}{})
	return c.steward.Plan(t, r)
}

// Change carries out exactly the plan that was shown, with all steps of the change, or does
// nothing.
func (c *Core) Change(t *rt.Task, change Change, progress func(string)) (status.Applied, error) {
	if err := c.changeable(); err != nil {
		return status.Applied{}, err
	}
	defer c.changed.Push(t, struct{}{})
	a, err := c.steward.Change(t, change, c.telling("apply", progress))
	c.settings()
	if err == nil && a.OK {
		c.lastGood.Take(rt.NewCell(false))
	}
	return a, err
}

// Examine evaluates and judges a text, and reports everything that is wrong with it.
func (c *Core) Examine(t *rt.Task, r status.PlanRequest) (*runbook.Runbook, language.Diagnostics) {
	return c.steward.Examine(t, r)
}

// PlanRollback reports what returning to a kept generation would do.
func (c *Core) PlanRollback(t *rt.Task, r status.RollbackRequest) (status.Plan, error) {
	if err := c.changeable(); err != nil {
		return status.Plan{}, err
	}
	defer c.changed.Push(t, struct{}{})
	return c.steward.PlanRollback(t, r)
}

// Text is the runbook of a kept generation.
func (c *Core) Text(t *rt.Task, number int) (string, error) {
	if err := c.changeable(); err != nil {
		return "", err
	}
	return c.steward.Text(t, number)
}

// Rollback returns to a kept generation.
func (c *Core) Rollback(t *rt.Task, r status.RollbackRequest, progress func(string)) (status.Applied, error) {
	if err := c.changeable(); err != nil {
		return status.Applied{}, err
	}
	defer c.changed.Push(t, struct{}{})
	a, err := c.steward.Rollback(t, r, c.telling("rollback", progress))
	c.settings()
	return a, err
}

// Generations are the kept runbooks.
func (c *Core) Generations(t *rt.Task) ([]status.Generation, error) {
	if err := c.changeable(); err != nil {
		return nil, err
	}
	list, err := c.steward.Kept.List(t)
	for i := range list {
		list[i].Current = list[i].Number == c.steward.Generation()
	}
	return list, err
}

// changeable returns an error where no generations can be kept, for requests that need them.
func (c *Core) changeable() error {
	if c.steward.Kept == nil {
		return &status.Refusal{Code: status.Invalid, Message: "generations cannot be kept", Hint: "look at the log: orac logs"}
	}
	return nil
}

// settings applies those settings of the runbook in force that belong to no node.
func (c *Core) settings() {
	w := c.runner.Graph().Runbook.Watchdog
	c.log.SetBudget(incident.Budget{Restarts: w.RestartBudget, Per: w.Per})
}

// telling also logs the steps of a change.
func (c *Core) telling(what string, progress func(string)) func(string) {
	return func(step string) {
		c.o.Slog.Info(what, "step", step)
		progress(step)
	}
}

// Transcribe has an engine of the graph in force understand a recording: see node.AskEngine.
func (c *Core) Transcribe(t *rt.Task, to runbook.Address, u stt.Utterance, pcm []int16) (stt.Result, error) {
	asked := graph.AskedOf(*c.runner.boxes.Load(), to)
	if asked == nil {
		return stt.Result{}, &stt.Error{
			Op: "transcribe", Address: string(to), Kind: stt.Unreachable, Cause: errors.New("the runbook in force has no such engine"),
			Hint: `declare it: stt "NAME" { protocol = "embedded" }`,
		}
	}
	return node.AskEngine(t, to.Name(), asked, u, pcm)
}
