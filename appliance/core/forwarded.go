package core

import (
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/rt"
)

// forwarded handles what became of a text for a Core.
func (m *Monitor) forwarded(t *rt.Task, component string, b event.Forwarded) {
	f := health.Fact{Component: component, Kind: string(graph.Forward), Level: health.Healthy}
	switch {
	case b.Outcome == "done":
	case b.Outcome == "lost":
		return
	case b.Outcome == "waiting":
		f.Level, f.Why = health.Degraded, b.Cause
		if b.Denied || b.Attempts >= refusals {
			f.Level = health.Unhealthy
		}
	case b.InARow >= refusals:
		f.Level, f.Why = health.Unhealthy, "it accepts no texts: "+b.Cause
	default: // the next text is on its way: an incident that has already ended
		id, _ := m.Log.Open(t, component, "text "+b.Event+" was set aside: "+b.Cause, "")
		m.Log.Action(t, id, "kept in forwards/"+b.Core+"/aside; to see it: orac spool list; to try again: orac spool retry "+b.Event)
		m.Log.Recover(t, id)
		return
	}
	m.facts[component] = f
	if f.Level == health.Unhealthy { // at once: it may have recovered before the next look
		m.fact(t, f)
	}
}
