package core

import (
	"cmp"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/memory"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// Monitor watches a runner: how well each component is, what goes wrong, and what was done about it. It observes, and
// tells the runner to restart a stuck node. No node waits for it.
type Monitor struct {
	Runner *Runner
	Log    *incident.Log
	FS     rt.FS
	Events *rt.Mailbox[event.Event]
	Logged *rt.Mailbox[event.Event] // the same events, for the log
	Slog   *slog.Logger
	// Measure measures the resident memory of the appliance; nil where that means nothing.
	Measure func() (int64, error)
	// Settle is called some time after a start, a plan or a change, when what it needed is no longer in use; nil for
	// nothing. Changed reports each of them.
	Settle  func()
	Changed *rt.Mailbox[struct{}]
	// LogFile tells why the log cannot be written to its file; nil where there is no log file.
	LogFile func() error
	// MayRestart tells whether the process may be replaced because of its memory; nil: it may.
	MayRestart func(t *rt.Task, why string) bool
	// Listeners returns what is served to the network beside the graph, as far as its state is known yet. Nil: there is nothing.
	Listeners func() []health.Listener
	// Evidence returns what is known of the process before a node is ended by force.
	Evidence func() string

	// Hears is called once, when the first listener listens; nil: for nothing.
	Hears func(t *rt.Task)

	hooked hooked // what webhooks were told

	rates   atomic.Pointer[map[string]float64]
	report  atomic.Pointer[health.Report]
	memory  atomic.Pointer[status.Memory]
	verdict *rt.Mailbox[memory.Verdict]
	model   *health.Model
	facts   map[string]health.Fact // what events have reported, by component
	open    map[string]string      // open incidents, by component
	leaks   map[string]string      // incidents of instances that hang, by address
	alerts  map[string]string      // incidents of too many restarts, by component
	served  []string               // the listeners of the last look
	nodes   map[string]progress
	back    map[string]rt.Instant // services that were away: when they came back

	tally   event.Tally
	counted bool // nothing happened since counts was made
	counts  rt.Cell[[]status.Count]

	// The fields below belong to one graph.
	graph    *graph.Graph
	boxes    *graph.Boxes
	watched  map[string]*watched // by component
	services []string            // those of watched that are not nodes, in order
	looks    uint64              // so far
}

// progress is what was last seen of a node.
type progress struct {
	taken    uint64
	since    rt.Instant // when it was last seen to read something, or to have nothing to read
	restarts int
	stuck    bool // restarted: it made no progress, and has made none since
}

const (
	settledAfter = 3 * time.Second

	lookEvery = 250 * time.Millisecond
	diskEvery = 10 * time.Second
)

// Report is the health of the appliance. It may be called from anywhere.
func (m *Monitor) Report() health.Report {
	if r := m.report.Load(); r != nil {
		return *r
	}
	return health.Report{Level: health.Unhealthy}
}

// Run watches until it is told to stop.
func (m *Monitor) Run(t *rt.Task) error {
	m.model = health.New(append(graph.HealthRules(), health.Rules...))
	m.facts, m.open, m.nodes = map[string]health.Fact{}, map[string]string{}, map[string]progress{}
	m.leaks, m.alerts, m.back = map[string]string{}, map[string]string{}, map[string]rt.Instant{}
	m.verdict = rt.NewMailbox[memory.Verdict]("memory", 4)
	if m.Measure != nil {
		t.Go("memory", (&memory.Watch{Measure: m.Measure, Settings: m.memorySettings, Found: m.measured}).Run)
	}
	if m.Settle != nil {
		t.Go("settle", m.settle)
	}
	var disk, rated rt.Instant
	var counts map[string]uint64
	for due := t.Now(); ; due = t.Now().Add(lookEvery) {
		for {
			e, err := m.Events.Recv(t, due)
			if errors.Is(err, rt.ErrTimeout) {
				break
			}
			if err != nil {
				return err
			}
			m.event(t, e)
		}
		rb := m.Runner.Graph().Runbook
		m.lag(t, t.Now().Sub(due), rb.Watchdog.LoopLag)
		if t.Now() >= disk {
			disk = t.Now().Add(diskEvery)
			m.disk(t, rb.Disk)
			m.logFile(t, rb.Appliance.LogFile)
		}
		if over := t.Now().Sub(rated); over >= rateTime {
			counts, rated = m.measureRates(counts, over), t.Now()
		}
		if v, ok := m.verdict.TryRecv(t); ok {
			if err := m.grown(t, v); err != nil {
				return err
			}
		}
		m.look(t, rb.Watchdog)
		m.listeners(t)
		r := m.model.Report(t.Now(), t.Wall())
		m.tellHealth(t, r)
		m.report.Store(&r)
		m.tellIncidents(t)
		if !m.counted {
			m.counts.Take(rt.NewCell(m.tally.Counts()))
			m.counted = true
		}
	}
}

// Counts are what happened since the start. It may be called from anywhere.
func (m *Monitor) Counts() []status.Count { return m.counts.Get() }

// settle releases the memory that loading needed, a little after loading. The process stays the same size, however
// often a runbook is planned or applied.
func (m *Monitor) settle(t *rt.Task) error {
	for {
		if err := t.Sleep(settledAfter); err != nil {
			return err
		}
		m.Settle()
		if m.Changed == nil {
			return nil
		}
		if _, err := m.Changed.Recv(t, rt.Never); err != nil {
			return err
		}
	}
}

// fact passes a fact to the model, and opens or ends the incident of its component.
func (m *Monitor) fact(t *rt.Task, f health.Fact) {
	m.model.Observe(t.Now(), t.Wall(), f)
	switch id, open := m.open[f.Component]; {
	case f.Level == health.Unhealthy && !open:
		id, fresh := m.Log.Open(t, f.Component, f.Why, "")
		if m.open[f.Component] = id; fresh {
			t.Trace("incident " + f.Component)
		}
	case f.Level == health.Healthy && open:
		m.Log.Recover(t, id)
		delete(m.open, f.Component)
		t.Trace("recovered " + f.Component)
	}
}

// acted notes what was done about a component's incident.
func (m *Monitor) acted(t *rt.Task, component, what string) {
	if id, ok := m.open[component]; ok {
		m.Log.Action(t, id, what)
	}
}

// event makes facts and incidents from what an event says of a component.
func (m *Monitor) event(t *rt.Task, e event.Event) {
	m.tally.Add(e)
	m.counted = false
	if _, listens := e.Body.(event.Listening); listens && m.Hears != nil {
		m.Hears(t)
		m.Hears = nil
	}
	told := e.Told()
	component := cmp.Or(told.About, e.Node)
	if told.Level != "" {
		m.told(t, component, told)
	}
	if told.Did != "" {
		m.acted(t, component, told.Did)
	}
	if told.Restarted != "" {
		m.restarted(t, component, told.Restarted)
	}
	if told.Hangs != "" {
		m.leaks[component], _ = m.Log.Open(t, component, told.Hangs, m.evidence())
	}
	if told.Past != "" {
		id, _ := m.Log.Open(t, component, told.Past, "")
		m.Log.Action(t, id, told.After)
		m.Log.Recover(t, id)
	}
}

// told notes how well a component says it is.
func (m *Monitor) told(t *rt.Task, component string, told event.Told) {
	kind, _, _ := strings.Cut(component, ".")
	f := health.Fact{Component: component, Kind: kind, Level: told.Level, Why: told.Why}
	if f.Level == health.Healthy && m.facts[component].Level == health.Unhealthy {
		m.back[component] = t.Now()
	}
	m.facts[component] = f
	if told.Evidence != "" {
		if id, open := m.open[component]; open { // the age of the last hop may have reported it a moment before
			m.Log.Explain(t, id, told.Evidence)
		} else {
			m.open[component], _ = m.Log.Open(t, component, told.Why, told.Evidence)
		}
	}
	if told.Now && f.Level == health.Unhealthy {
		m.fact(t, m.symptom(t.Now(), m.Runner.Graph().Node(component), f))
	}
}

// restarted counts a restart of a component; if they exceed its budget, that is an incident of its
// own.
func (m *Monitor) restarted(t *rt.Task, component, why string) {
	if alert, raised := m.Log.Restarted(t, component, why, 0); raised {
		m.alerts[component], _ = m.Log.Open(t, component, alert.String(), "")
		t.Trace("alert " + component)
	}
}

func (m *Monitor) evidence() string {
	if m.Evidence == nil {
		return ""
	}
	return m.Evidence()
}
