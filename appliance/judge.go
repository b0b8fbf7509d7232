package appliance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/runbook"
)

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
	for _, name := range slices.Sorted(maps.Keys(m.facts)) {
		if stt, ok := strings.CutPrefix(name, "stt."); ok && g.Node(at(Probe, stt)) != nil {
			seen[name] = true
			m.fact(t, m.facts[name])
		}
	}
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(m.nodes)), slices.Sorted(maps.Keys(m.facts))) {
		if !seen[name] { // it was taken out of the graph
			delete(m.nodes, name)
			delete(m.facts, name)
			m.model.Forget(name)
			m.Log.RecoverAll(t, name)
			delete(m.open, name)
		}
	}
	m.close(t)
}

// close ends the incidents that no fact ends: of leaks that have ended after all, and of restarts that are within their budget
// again.
func (m *Monitor) close(t *rt.Task) {
	for _, address := range slices.Sorted(maps.Keys(m.leaks)) {
		hangs := func(v View) bool { return v.Node.Address == address && v.State == reconcile.Leaked }
		if !slices.ContainsFunc(m.Runner.Views(), hangs) {
			m.Log.Recover(t, m.leaks[address])
			delete(m.leaks, address)
		}
	}
	alerts := m.Log.Alerts(t.Now())
	for _, component := range slices.Sorted(maps.Keys(m.alerts)) {
		if !slices.ContainsFunc(alerts, func(a incident.Alert) bool { return a.Component == component }) {
			m.Log.Recover(t, m.alerts[component])
			delete(m.alerts, component)
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
