package sim

import (
	"slices"
	"strings"
	"syscall"

	"orac/appliance/core"
	"orac/appliance/health"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook/scenario"
	"orac/sim/trial/judge"
)

var _ judge.View = (*machine)(nil)

// Up implements judge.View.
func (m *machine) Up() bool { return m.driver != nil }

// Health implements judge.View.
func (m *machine) Health() string {
	if m.core == nil {
		return "unhealthy"
	}
	if m.clock < m.stalled { // what it gets to say is that it could not run
		return string(health.Degraded)
	}
	return string(m.core.Health().Level)
}

// Waiting implements judge.View.
func (m *machine) Waiting() int {
	if m.core == nil {
		return 0
	}
	return m.core.Spool().Waiting
}

// Sound implements judge.View.
func (m *machine) Sound(device string) uint64 {
	if device == "" && len(m.micNames) > 0 {
		device = m.micNames[0]
	}
	n := m.count[device]
	if m.core != nil {
		for _, s := range m.core.Inbox("features." + device) {
			n += s.Taken
		}
	}
	return n
}

// ringed returns how many hops this process has ever passed to the ring of a device.
func (m *machine) ringed(device string) (n uint64) {
	if m.core == nil {
		return 0
	}
	for _, s := range m.core.Inbox("ring." + device) {
		if strings.HasPrefix(s.Name, "hops ") {
			n += s.Taken + s.Dropped + uint64(s.Len)
		}
	}
	return n
}

// leaked tells whether a task belongs to an instance that was given up on.
func (m *machine) leaked(t *rt.Task) bool {
	return m.core != nil && slices.ContainsFunc(m.core.Views(), func(v core.View) bool {
		return v.State == reconcile.Leaked && v.Generation == t.Generation()
	})
}

// Memory implements judge.View.
func (m *machine) Memory() int64 {
	n, _ := m.measure()
	return n
}

// Tasks implements judge.View.
func (m *machine) Tasks() int {
	if m.driver == nil {
		return 0
	}
	return m.driver.Tasks()
}

// State implements judge.View.
func (m *machine) State() scenario.State {
	s := m.account.State()
	s.Time, s.Healed, s.Health, s.Waiting, s.Incidents = m.clock.Seconds(), m.clock >= m.sc.Head.Heal, m.Health(), m.Waiting(), len(m.incidentIn)
	s.Reexecs, s.Applied, s.RolledBack, s.Memory, s.Tasks, s.Holders = m.reexecs, m.applied, m.rolledBack, m.Memory(), m.Tasks(), m.holders
	s.Pushes, s.Pushed, s.PushesPending, s.PushesStopped = m.centre.ended, m.centre.done, m.centre.pending, m.centre.stopped
	s.TokenRefusedFor = m.refusedFor.Seconds()
	s.Acted, s.ActedTwice = s.Acted+m.floor.book.Acted, s.ActedTwice+m.floor.book.ActedTwice
	for _, x := range m.floor.callers {
		s.Asked, s.Served = s.Asked+x.asked, s.Served+x.served
	}
	for _, id := range m.incidentIn {
		if m.incidents[id].End == 0 {
			s.Open++
		}
	}
	s.DiskFree, _ = m.disk.Free(nil)
	if m.refusal() == syscall.ENOSPC {
		s.DiskFree = 0
	}
	if m.core == nil {
		return s
	}
	for _, c := range m.core.Health().Components {
		s.Components[c.Name] = string(c.Level)
	}
	for _, h := range m.core.Hooks() {
		s.HooksWaiting += h.Waiting
		s.HooksAside += h.Aside
	}
	if x := m.core.Traces(); x != nil {
		s.SpansSent, s.SpansDropped, s.SpansWaiting = x.Sent, x.Dropped, x.Waiting
	}
	for _, x := range m.core.MQTT() {
		s.MQTTPublished, s.MQTTDropped, s.MQTTWaiting = s.MQTTPublished+x.Published, s.MQTTDropped+x.Dropped, s.MQTTWaiting+x.Waiting
		s.OrdersTaken, s.OrdersDenied = s.OrdersTaken+x.Orders, s.OrdersDenied+x.Denied
	}
	s.MQTTShown = m.shownAt()
	for _, v := range m.core.Views() {
		n := scenario.Node{State: string(v.State), Restarts: v.Restarts}
		if n.State == "leaked" {
			s.Leaked++
			continue
		}
		for _, b := range m.core.Inbox(v.Node.Address) {
			n.Taken += int64(b.Taken)
			n.Dropped += int64(b.Dropped)
		}
		s.Nodes[v.Node.Address] = n
	}
	s.Generation = m.core.Generation()
	return s
}

// incident notes an incident as the appliance records it.
func (m *machine) incident(i status.Incident) {
	at := m.now().Seconds()
	known, ok := m.incidents[i.ID]
	if !ok {
		known = newIncident(i, at)
		m.incidents[i.ID] = known
		m.incidentIn = append(m.incidentIn, i.ID)
		m.judge.Noticed(m.now(), i.Component)
	}
	if !i.Recovered.IsZero() && known.End == 0 {
		known.End = at
	}
}
