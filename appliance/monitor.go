package appliance

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/memory"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
)

// Monitor watches a runner: how well each component is, what goes wrong, what was done about it. It looks, and tells the
// runner to start a stuck node again; it stands in nobody's way.
type Monitor struct {
	Runner *Runner
	Log    *incident.Log
	FS     rt.FS
	Events *rt.Mailbox[event.Event]
	Logged *rt.Mailbox[event.Event] // the same events, for the log
	Slog   *slog.Logger
	// Measure measures the resident memory of the appliance; nil where that means nothing.
	Measure func() (int64, error)
	// Settle is called once, when all that starting needs has been done with; nil for nothing.
	Settle func()
	// MayRestart tells whether the process may be replaced because of its memory; nil: it may.
	MayRestart func(why string) bool
	// Evidence gives what is known of the process before a node is ended by force.
	Evidence func() string

	rates   atomic.Pointer[map[string]float64]
	report  atomic.Pointer[health.Report]
	memory  atomic.Pointer[status.Memory]
	verdict *rt.Mailbox[memory.Verdict]
	model   *health.Model
	facts   map[string]health.Fact // what events have told, by component
	open    map[string]string      // incidents that go on, by component
	nodes   map[string]progress
}

// progress is what was last seen of a node.
type progress struct {
	taken    uint64
	since    rt.Instant // it was seen to take anything
	restarts int
}

// rateTime is the time over which rates are shown.
const rateTime = 2 * time.Second

// Rate is how many values a node takes a second. It may be called from anywhere.
func (m *Monitor) Rate(address string) float64 {
	if r := m.rates.Load(); r != nil {
		return (*r)[address]
	}
	return 0
}

// measureRates notes what each node has taken since the last time.
func (m *Monitor) measureRates(before map[string]uint64, over time.Duration) map[string]uint64 {
	now, rates := map[string]uint64{}, map[string]float64{}
	for _, v := range m.Runner.Views() {
		address := v.Node.Address
		taken, _ := m.taken(v.Node)
		now[address] = taken
		if was, ok := before[address]; ok && taken >= was {
			rates[address] = float64(taken-was) / over.Seconds()
		}
	}
	m.rates.Store(&rates)
	return now
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

// Memory is what was last measured. It may be called from anywhere.
func (m *Monitor) Memory() status.Memory {
	if v := m.memory.Load(); v != nil {
		return *v
	}
	return status.Memory{}
}

// ErrMemory is how Run ends when the appliance has grown over memory.restart.
var ErrMemory = errors.New("the appliance has grown over memory.restart: the process must be replaced")

// Run watches until it is told to stop.
func (m *Monitor) Run(t *rt.Task) error {
	m.model = health.New(health.Rules)
	m.facts, m.open, m.nodes = map[string]health.Fact{}, map[string]string{}, map[string]progress{}
	m.verdict = rt.NewMailbox[memory.Verdict]("memory", 4)
	if m.Measure != nil {
		t.Go("memory", (&memory.Watch{Measure: m.Measure, Settings: m.memorySettings, Found: m.measured}).Run)
	}
	if m.Settle != nil {
		t.Go("settle", func(t *rt.Task) error {
			if err := t.Sleep(settledAfter); err != nil {
				return err
			}
			m.Settle()
			return nil
		})
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
		r := m.model.Report(t.Now(), t.Wall())
		m.report.Store(&r)
	}
}

// fact tells the model, and opens or ends the incident of a component.
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

// event takes what the nodes say.
func (m *Monitor) event(t *rt.Task, e event.Event) {
	ok := func(component, kind string) {
		m.facts[component] = health.Fact{Component: component, Kind: kind, Level: health.Healthy}
	}
	bad := func(component, kind string, l health.Level, why string) {
		m.facts[component] = health.Fact{Component: component, Kind: kind, Level: l, Why: why}
	}
	switch b := e.Body.(type) {
	case event.DeviceLost:
		bad(e.Node, string(Source), health.Unhealthy, b.Cause)
		if b.Evidence != "" {
			if _, open := m.open[e.Node]; !open {
				m.open[e.Node], _ = m.Log.Open(t, e.Node, b.Cause, b.Evidence)
			}
		}
		m.fact(t, m.facts[e.Node])
		m.acted(t, e.Node, "tried again "+b.Retry)
	case event.DeviceOpened:
		ok(e.Node, string(Source))
		m.acted(t, e.Node, "opened "+b.Identity)
		if b.Opens > 1 {
			m.restarted(t, e.Node, "the device was opened again")
		}
	case event.NodeFailed:
		m.restarted(t, e.Node, b.Cause)
	case event.NodeLeaked:
		m.Log.Open(t, e.Node, "it did not stop in time, and keeps "+b.Claim, m.evidence())
	case event.STTHealth:
		if component := "stt." + b.STT; b.OK {
			ok(component, "stt")
		} else {
			bad(component, "stt", health.Unhealthy, b.Status)
		}
	case event.DeliveryFailed:
		bad(e.Node, string(Delivery), health.Degraded, b.Cause)
	case event.Delivered:
		ok(e.Node, string(Delivery))
	case event.Heartbeat:
		if b.OK {
			ok(e.Node, string(Heartbeat))
		} else {
			bad(e.Node, string(Heartbeat), health.Degraded, b.Cause)
		}
	case event.StoreFailed:
		bad(e.Node, string(History), health.Degraded, b.Cause)
	case event.StoreBack:
		ok(e.Node, string(History))
	}
}

// restarted counts a restart of a component; more than its budget are an incident of their own.
func (m *Monitor) restarted(t *rt.Task, component, why string) {
	if alert, raised := m.Log.Restarted(t, component, why, 0); raised {
		m.Log.Open(t, component, alert.String(), "")
		t.Trace("alert " + component)
	}
}

func (m *Monitor) evidence() string {
	if m.Evidence == nil {
		return ""
	}
	return m.Evidence()
}

// look compares what the nodes do with what they should.
func (m *Monitor) look(t *rt.Task, w runbook.Watchdog) {
	g, seen := m.Runner.Graph(), map[string]bool{}
	for _, v := range m.Runner.Views() {
		if v.State == reconcile.Leaked || g.Node(v.Node.Address) == nil || seen[v.Node.Address] {
			continue
		}
		seen[v.Node.Address] = true
		m.fact(t, m.judge(t, g, v, w))
	}
	for name, f := range m.facts {
		if strings.HasPrefix(name, "stt.") {
			seen[name] = true
			m.fact(t, f)
		}
	}
	for name := range m.nodes {
		if !seen[name] { // it was taken out of the graph
			delete(m.nodes, name)
			delete(m.facts, name)
			m.model.Forget(name)
			m.Log.RecoverAll(t, name)
			delete(m.open, name)
		}
	}
}

// judge says how well a node is.
func (m *Monitor) judge(t *rt.Task, g *Graph, v View, w runbook.Watchdog) health.Fact {
	address, now := v.Node.Address, t.Now()
	f := health.Fact{Component: address, Kind: string(v.Node.Kind), Level: health.Healthy, DependsOn: m.dependsOn(g, v.Node)}
	p, known := m.nodes[address]
	taken, full := m.taken(v.Node)
	if !known || taken != p.taken || v.Restarts != p.restarts {
		p = progress{taken: taken, since: now, restarts: v.Restarts}
	}
	m.nodes[address] = p
	idle := now.Sub(p.since)
	told, has := m.facts[address]
	switch {
	case v.State == reconcile.Waiting:
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("it failed and is started again: %v", v.Err)
	case v.State == reconcile.Finished:
	case v.Node.Kind != Source && full && idle > w.NodeStall:
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("it has taken nothing from a full mailbox for %v", idle.Round(100*time.Millisecond))
		m.fact(t, f)
		m.Log.Open(t, address, f.Why, m.evidence())
		m.acted(t, address, "started again")
		m.restarted(t, address, f.Why)
		m.Runner.Restart(t, address)
		m.nodes[address] = progress{taken: taken, since: now, restarts: v.Restarts + 1}
	case v.Node.Kind == Source && has && told.Level != health.Healthy:
		f.Level, f.Why = told.Level, told.Why
	case v.Node.Kind == Source && idle > w.ReadStall:
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("the last sound came %v ago", idle.Round(100*time.Millisecond))
	case v.Node.Kind == Source && idle > w.DegradedAfter:
		f.Level, f.Why = health.Degraded, fmt.Sprintf("the last sound came %v ago", idle.Round(100*time.Millisecond))
	case v.Node.Kind == Spool: // it tries the disk again by itself, and need not have anything to say of it
		if sp, ok := v.code.(*node.Spool); ok && sp.Shown().Error != "" {
			f.Level, f.Why = health.Degraded, "the disk refuses utterances: "+sp.Shown().Error
		}
	case has && v.Node.Kind != Source:
		f.Level, f.Why = told.Level, told.Why
	}
	return f
}

// taken is how many values a node has taken, and whether one of its mailboxes is full. A source shows its progress by what
// its ring takes.
func (m *Monitor) taken(n *Node) (taken uint64, full bool) {
	address := n.Address
	if n.Kind == Source {
		address = at(Ring, strings.TrimPrefix(n.Address, string(Source)+"."))
	}
	for _, s := range m.Runner.Inbox(address) {
		if n.Kind == Source && !strings.HasPrefix(s.Name, "hops ") {
			continue
		}
		taken += s.Taken
		full = full || s.Len == s.Cap && s.Cap > 1
	}
	return taken, full
}

// dependsOn are the components without which a node has nothing to do.
func (m *Monitor) dependsOn(g *Graph, n *Node) (list []string) {
	if n.Kind == Delivery || n.Kind == Probe || n.Kind == Heartbeat {
		if _, ok := m.facts["stt."+n.Block.Name()]; ok {
			list = append(list, "stt."+n.Block.Name())
		}
	}
	for _, e := range g.Edges {
		if e.To == n.Address && !e.asks && n.Kind.carriesSound() && n.Kind != Spool && !slices.Contains(list, e.From) {
			list = append(list, e.From)
		}
	}
	return list
}

// lag notes when the machine does not let the appliance run.
func (m *Monitor) lag(t *rt.Task, lag, most time.Duration) {
	f := health.Fact{Component: "loop", Kind: "loop", Level: health.Healthy}
	if lag > most {
		f.Level, f.Why = health.Degraded, fmt.Sprintf("the appliance could not run for %v: the machine is overloaded or was asleep", lag.Round(10*time.Millisecond))
	}
	m.fact(t, f)
}

func (m *Monitor) disk(t *rt.Task, d runbook.Disk) {
	f := health.Fact{Component: "disk", Kind: "disk", Level: health.Healthy}
	switch free, err := m.FS.Free(t); {
	case err != nil:
		f.Level, f.Why = health.Unhealthy, err.Error()
	case free < int64(d.KeepFree):
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("%v are free; disk.keep_free asks for %v: make room", runbook.Size(free), d.KeepFree)
	}
	m.fact(t, f)
}

func (m *Monitor) memorySettings() memory.Settings {
	l := m.Runner.Graph().Runbook.Memory
	return memory.Settings{Limits: memory.Limits{Warn: int64(l.Warn), Restart: int64(l.Restart)}, Every: l.Every}
}

// measured takes a measurement; it is called by the watch's own task.
func (m *Monitor) measured(t *rt.Task, s status.Memory, v memory.Verdict, err error) {
	if err == nil { // what cannot be measured is no reason to do anything
		m.memory.Store(&s)
		m.verdict.Push(t, v)
	}
}

// grown says how well memory is, and ends the appliance when it has grown too large.
func (m *Monitor) grown(t *rt.Task, v memory.Verdict) error {
	f := health.Fact{Component: "memory", Kind: "memory", Level: health.Healthy}
	if v.Warn {
		f.Level, f.Why = health.Degraded, v.Why
	}
	m.fact(t, f)
	if v.Restart {
		m.Log.Open(t, "memory", v.Why, m.evidence())
		if m.MayRestart == nil || m.MayRestart(v.Why) {
			return ErrMemory
		}
	}
	return nil
}
