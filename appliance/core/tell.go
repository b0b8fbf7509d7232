package core

import (
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// hooked is what webhooks were last told.
type hooked struct {
	health map[string]health.Level // by component; nil until the first report
}

// hooks are the mailboxes of the webhooks of the graph in force.
func (m *Monitor) hooks() (list []*rt.Mailbox[event.Event]) {
	if m.graph == nil {
		return nil
	}
	for _, n := range m.graph.ToldOfHealth() {
		if b := graph.EventsOf(*m.boxes, n.Address); b != nil {
			list = append(list, b)
		}
	}
	return list
}

// tell tells the webhooks.
func (m *Monitor) tell(t *rt.Task, node string, b event.Body) {
	for _, to := range m.hooks() {
		to.Push(t, event.Event{At: t.Wall(), Node: node, Body: b})
	}
}

// tellHealth reports components that are better or worse than at the last report, and the appliance as a whole.
func (m *Monitor) tellHealth(t *rt.Task, r health.Report) {
	last := m.report.Load()
	if last != nil && len(last.Components) == len(r.Components) && last.Level == r.Level && (len(r.Components) == 0 || &last.Components[0] == &r.Components[0]) {
		return // the usual case: the model returns the same list while nothing changes
	}
	first := m.hooked.health == nil
	now := make(map[string]health.Level, len(r.Components)+1)
	said := func(component string, to health.Level, why string) {
		from := m.hooked.health[component]
		if now[component] = to; from == to || first && to == health.Healthy || from == "" && to == health.Healthy {
			return
		}
		m.tell(t, component, event.HealthTold{Component: component, From: string(from), To: string(to), Why: why, Of: graph.Owner(component)})
	}
	for _, c := range r.Components {
		said(c.Name, c.Level, c.Why)
	}
	said(whole, r.Level, "")
	m.hooked.health = now
}

// whole is the name of the appliance among the components.
const whole = "appliance"

// tellIncidents reports incidents that have opened or closed since the last look.
func (m *Monitor) tellIncidents(t *rt.Task) {
	for _, i := range m.Log.News() {
		m.tell(t, i.Component, told(i))
	}
}

func told(i status.Incident) event.IncidentTold {
	e := event.IncidentTold{ID: i.ID, Component: i.Component, Cause: i.Cause, Closed: !i.Recovered.IsZero(), Of: graph.Owner(i.Component)}
	if e.Closed {
		e.Seconds = i.Duration.Seconds()
	}
	return e
}
