package core

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/runbook"
)

// look compares what the nodes do with what they should do.
func (m *Monitor) look(t *rt.Task, w runbook.Watchdog) {
	m.prepare()
	m.looks++
	views := m.Runner.Views()
	for i := range views {
		v := &views[i]
		n := m.watched[v.Node.Address]
		if v.State == reconcile.Leaked || n == nil || n.seen == m.looks {
			continue
		}
		n.seen = m.looks
		m.fact(t, m.judge(t, n, v, w))
	}
	for _, name := range m.services {
		if f, ok := m.facts[name]; ok {
			m.watched[name].seen = m.looks
			m.fact(t, f)
		}
	}
	m.forget(t)
	m.close(t, views)
}

// forget drops what is known of components that were taken out of the graph.
func (m *Monitor) forget(t *rt.Task) {
	known := slices.Concat(slices.Sorted(maps.Keys(m.nodes)), slices.Sorted(maps.Keys(m.facts)))
	slices.Sort(known)
	for _, name := range known {
		if n := m.watched[name]; n != nil && n.seen == m.looks {
			continue
		}
		delete(m.nodes, name)
		delete(m.facts, name)
		m.model.Forget(name)
		m.Log.RecoverAll(t, name)
		delete(m.open, name)
	}
}

// close ends the incidents that no fact ends: leaks whose instances have ended after all, and restarts that are within
// their budget again.
func (m *Monitor) close(t *rt.Task, views []View) {
	if len(m.leaks) == 0 && len(m.alerts) == 0 {
		return
	}
	for _, address := range slices.Sorted(maps.Keys(m.leaks)) {
		hangs := func(v View) bool { return v.Node.Address == address && v.State == reconcile.Leaked }
		if !slices.ContainsFunc(views, hangs) {
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

// answerLate is how long a service may take to answer before that is told: it gives its own engine that long. The wait itself goes on,
// because giving up stops nothing there.
const answerLate = stt.PeerLimit

// judge reports how well a node is.
func (m *Monitor) judge(t *rt.Task, n *watched, v *View, w runbook.Watchdog) health.Fact {
	address, now, hears := v.Node.Address, t.Now(), v.Node.Kind.Role == graph.Hears
	f := health.Fact{Component: address, Kind: string(v.Node.Kind.Name), Level: health.Healthy, DependsOn: m.dependsOn(n)}
	p, known := m.nodes[address]
	taken, waits, full := n.taken()
	switch {
	case !known || taken != p.taken:
		p = progress{taken: taken, since: now, restarts: v.Restarts}
		m.nodes[address] = p
	case v.Restarts != p.restarts, !waits && !hears: // a node with nothing to read is not stuck
		p.since, p.restarts = now, v.Restarts
		m.nodes[address] = p
	}
	idle := now.Sub(p.since)
	told, has := m.facts[address]
	switch {
	case v.State == reconcile.Waiting:
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("it failed and is being restarted: %v", v.Err)
	case v.State == reconcile.Finished:
	case !hears && v.Node.Kind.Role != graph.Understands && (full || waits && v.Node.Kind.Role == graph.Passes) && idle > w.NodeStall:
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("it has made no progress on what waits for it for %v", idle.Round(100*time.Millisecond))
		_, open := m.open[address]
		if m.fact(t, f); !open {
			m.Log.Open(t, address, f.Why, m.evidence())
		}
		m.acted(t, address, "started again")
		m.restarted(t, address, f.Why)
		m.Runner.Restart(t, address)
		m.nodes[address] = progress{taken: taken, since: now, restarts: v.Restarts + 1, stuck: true}
	case p.stuck && full: // a restart is not a recovery
		f.Level, f.Why = health.Unhealthy, "it was restarted and has made no progress since"
	case hears && has && told.Level != health.Healthy:
		f.Level, f.Why = told.Level, told.Why
	case hears && idle > w.ReadStall:
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("the last sound came %v ago", idle.Round(100*time.Millisecond))
	case hears && idle > w.DegradedAfter:
		f.Level, f.Why = health.Degraded, fmt.Sprintf("the last sound came %v ago", idle.Round(100*time.Millisecond))
	case v.Node.Kind.Role == graph.Keeps: // it retries the disk by itself, and may have nothing to report about it
		if sp, ok := v.code.(*node.Spool); ok && sp.Shown().Error != "" {
			f.Level, f.Why = health.Degraded, "the disk refuses utterances: "+sp.Shown().Error
		}
	case has && !hears:
		f.Level, f.Why = told.Level, told.Why
	}
	if d, ok := v.code.(*node.Delivery); ok && f.Level == health.Healthy && d.Asked() > 0 && now.Sub(d.Asked()) > answerLate {
		f.Level, f.Why = health.Degraded, fmt.Sprintf("the service has had an utterance for %v without an answer", now.Sub(d.Asked()).Round(time.Second))
	}
	return m.symptom(now, v.Node, f)
}

// symptom plays down a refused heartbeat while its service is away, or has not been back long enough for the next heartbeat:
// the incident is that of the service.
func (m *Monitor) symptom(now rt.Instant, n *graph.Node, f health.Fact) health.Fact {
	if n == nil || n.Service == "" || f.Level != health.Unhealthy {
		return f
	}
	h, ok := m.Runner.Graph().Runbook.Heartbeat(n.Block)
	if !ok {
		return f
	}
	back, known := m.back[string(n.Service)]
	if m.facts[string(n.Service)].Level == health.Unhealthy || known && now.Sub(back) < h.Every+h.Timeout {
		f.Level = health.Degraded
	}
	return f
}
