package core

import (
	"errors"
	"fmt"
	"log/slog"
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
	}
}

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

// event handles an event of a node.
func (m *Monitor) event(t *rt.Task, e event.Event) {
	ok := func(component, kind string) {
		m.facts[component] = health.Fact{Component: component, Kind: kind, Level: health.Healthy}
	}
	bad := func(component, kind string, l health.Level, why string) {
		m.facts[component] = health.Fact{Component: component, Kind: kind, Level: l, Why: why}
	}
	switch b := e.Body.(type) {
	case event.DeviceLost:
		bad(e.Node, string(graph.Source), health.Unhealthy, b.Cause)
		if b.Evidence != "" {
			if id, open := m.open[e.Node]; open { // the age of the last hop may have reported it a moment before
				m.Log.Explain(t, id, b.Evidence)
			} else {
				m.open[e.Node], _ = m.Log.Open(t, e.Node, b.Cause, b.Evidence)
			}
		}
		m.fact(t, m.facts[e.Node])
		m.acted(t, e.Node, "tried again "+b.Retry)
	case event.DeviceOpened:
		ok(e.Node, string(graph.Source))
		m.acted(t, e.Node, "opened "+b.Identity)
		if b.Opens > 1 {
			m.restarted(t, e.Node, "the device was opened again")
		}
	case event.NodeFailed:
		m.restarted(t, e.Node, b.Cause)
	case event.NodeLeaked:
		m.leaks[e.Node], _ = m.Log.Open(t, e.Node, b.String(), m.evidence())
	case event.STTHealth:
		if component := "stt." + b.STT; b.OK {
			if m.facts[component].Level == health.Unhealthy {
				m.back[component] = t.Now()
			}
			ok(component, "stt")
		} else { // at once: it may have recovered before the next look
			bad(component, "stt", health.Unhealthy, b.Status)
			m.fact(t, m.facts[component])
		}
	case event.DeliveryFailed:
		bad(e.Node, string(graph.Delivery), trouble(b.Denied), b.Cause)
	case event.DeliveryRepeated:
		m.doubled(t, e.Node, b)
	case event.Delivered:
		ok(e.Node, string(graph.Delivery))
		if b.Outcome == "failed" {
			m.aside(t, e.Node, b)
		}
	case event.Engine:
		switch b.State {
		case "ready":
			ok(e.Node, string(graph.Engine))
			m.acted(t, e.Node, "started again")
		case "failed":
			bad(e.Node, string(graph.Engine), health.Unhealthy, b.Cause)
			m.fact(t, m.facts[e.Node])
			m.restarted(t, e.Node, b.Cause)
		}
	case event.Heartbeat:
		switch {
		case b.OK:
			ok(e.Node, string(graph.Heartbeat))
		case b.Late: // the service behind that server does not answer the server: not an outage of ours
			bad(e.Node, string(graph.Heartbeat), health.Degraded, b.Cause)
		default:
			bad(e.Node, string(graph.Heartbeat), health.Unhealthy, b.Cause)
			m.fact(t, m.symptom(t.Now(), m.Runner.Graph().Node(e.Node), m.facts[e.Node]))
			m.acted(t, e.Node, "tried again "+b.Retry)
		}
	case event.WebhookTaken:
		ok(e.Node, string(graph.Webhook))
	case event.WebhookFailed:
		level := health.Degraded
		if b.Denied || b.Attempt >= refusals {
			level = health.Unhealthy
		}
		why := b.Cause
		if b.Gone {
			why += "; nothing more is sent to it: change the webhook's url, or remove the webhook"
		}
		bad(e.Node, string(graph.Webhook), level, why)
	case event.WebhookAside:
		if b.InARow < refusals {
			m.asideEvent(t, e.Node, b)
			break
		}
		bad(e.Node, string(graph.Webhook), health.Unhealthy, "it accepts no events: "+b.Cause)
		m.fact(t, m.facts[e.Node])
		m.acted(t, e.Node, "the newest hundred are kept; to see them: orac spool list")
	case event.Forwarded:
		m.forwarded(t, e.Node, b)
	case event.Served:
		switch {
		case b.Busy:
		case b.Cause == "":
			ok(e.Node, string(graph.STTServer))
		case b.InARow < refusals: // it may be that sound alone
			bad(e.Node, string(graph.STTServer), health.Degraded, "the engine failed: "+b.Cause)
		default:
			bad(e.Node, string(graph.STTServer), health.Unhealthy, "the engine fails: "+b.Cause)
			m.fact(t, m.facts[e.Node])
		}
	case event.DoorOpened:
		ok(e.Node, string(graph.Wyoming))
	case event.DoorFailed:
		bad(e.Node, string(graph.Wyoming), health.Unhealthy, "it cannot be served at "+b.Listen+": "+b.Cause)
		m.fact(t, m.facts[e.Node])
		m.acted(t, e.Node, "tried again "+b.Retry)
	case event.StoreFailed:
		bad(e.Node, string(graph.History), health.Degraded, b.Cause)
	case event.StoreBack:
		ok(e.Node, string(graph.History))
	case event.ClockJumped:
		if b.Start { // a step of the clock during a run is only logged: nothing that runs depends on the wall clock
			id, _ := m.Log.Open(t, e.Node, "the clock of the machine: "+b.String(), "")
			m.Log.Action(t, id, "nothing is deleted because of it: ages count only time that ORAC ran or the network proves")
			m.Log.Recover(t, id)
		}
	}
}

// refusals is how many failures in a row of a webhook make an incident: a single one is normal.
const refusals = 3

// asideEvent records an event that was set aside as an incident that has already ended: the next event
// is on its way.
func (m *Monitor) asideEvent(t *rt.Task, component string, b event.WebhookAside) {
	id, _ := m.Log.Open(t, component, b.Type+" event "+b.Event+" was set aside: "+b.Cause, "")
	m.Log.Action(t, id, "kept in hooks/"+b.Webhook+"/aside; to see it: orac spool list; to try again: orac spool retry "+b.Event)
	m.Log.Recover(t, id)
}

// trouble is the health level of a failed exchange. One exchange may fail, but a refusal lasts until a person fixes it, so
// a refusal is an incident. Its cause names the peer.
func trouble(denied bool) health.Level {
	if denied {
		return health.Unhealthy
	}
	return health.Degraded
}

// aside records an utterance that was set aside as an incident that has already ended: the next
// utterance is on its way.
func (m *Monitor) aside(t *rt.Task, component string, b event.Delivered) {
	id, _ := m.Log.Open(t, component, "utterance "+b.Utterance+" was set aside: "+b.Cause, "")
	m.Log.Action(t, id, "kept in spool/refused; to see it: orac spool list; to try again: orac spool retry "+b.Utterance)
	m.Log.Recover(t, id)
}

// doubled records, as an incident that has already ended, that an utterance is sent again although it may have been
// acted on.
func (m *Monitor) doubled(t *rt.Task, component string, b event.DeliveryRepeated) {
	id, _ := m.Log.Open(t, component, "utterance "+b.Utterance+" may be acted on twice: "+b.Cause, "")
	m.Log.Action(t, id, fmt.Sprintf("it was sent again to %s after %.0f s, so that it is not lost", b.STT, b.Waited))
	m.Log.Recover(t, id)
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
