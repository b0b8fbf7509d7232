// Package health is the only model of how well an appliance is. It is pure: it receives facts with their time, and returns
// reports.
//
// Guarantees:
//
//   - A condition shows once it has lasted its kind's time to show, and stays until its component has been better for its kind's
//     time to clear, so a condition that flickers changes nothing. The first fact of a component shows at once, because nothing
//     came before it.
//   - While a condition shows, the appliance is not healthy. While a component that carries sound shows as unhealthy, the
//     appliance is unhealthy; anything else makes it degraded.
//   - A component is hidden behind another only if it depends on that one, and that one shows at least as bad a condition and is
//     not hidden itself. So following Behind once leads to the cause, and no circle of dependencies hides all its members.
//   - The same facts at the same instants lead to the same reports. Durations are measured in rt.Instant; the time of day is only
//     shown, and a step of it changes nothing.
package health

import (
	"slices"
	"strings"
	"time"

	"orac/appliance/rt"
)

// Fact is the state of one component from now on, until the next fact about it.
type Fact struct {
	Component string // its name in reports: the address of a node, or a part of the machine: "disk", "memory"
	Kind      string // one of Rules
	Level     Level  // the empty level counts as unhealthy: its health is unknown
	Why       string // for people, with the numbers; ignored for a healthy one
	DependsOn []string
}

// Model is the health of an appliance. It belongs to one task; the zero value is not ready: use New.
type Model struct {
	rules      map[string]Rule
	components map[string]*component
	order      []*component // the same, in order of name
	last       Report       // the last report, while nothing that it says has changed
	stale      bool         // something has changed
}

// New makes a model without components, judged by Rules or by rules of a test.
func New(rules []Rule) *Model {
	m := &Model{rules: map[string]Rule{}, components: map[string]*component{}, stale: true}
	for _, r := range rules {
		m.rules[r.Kind] = r
	}
	return m
}

// moment is an instant with the time of day that was read with it.
type moment struct {
	at   rt.Instant
	wall time.Time
}

// component is what is known of one component.
type component struct {
	name  string
	rule  Rule
	needs []string
	level Level  // of the last fact
	good  moment // when it began to show as healthy
	bad   [2]condition
}

// condition is whether a component is at least this bad: one each for degraded and unhealthy.
type condition struct {
	holds  bool   // by the last fact
	turned moment // when that began
	shown  bool
	since  moment // of the condition that shows
	why    string // from the last fact for which it held
}

// levels are those of the conditions, in the order of component.bad.
var levels = [2]Level{Degraded, Unhealthy}

// Observe accepts a fact. Facts come in order of at; wall is the time of day.
func (m *Model) Observe(at rt.Instant, wall time.Time, f Fact) {
	now := moment{at, wall}
	c, known := m.components[f.Component]
	if !known {
		c = &component{name: f.Component, good: now}
		m.components[f.Component] = c
		i, _ := slices.BinarySearchFunc(m.order, f.Component, byName)
		m.order = slices.Insert(m.order, i, c)
	}
	if c.advance(at) { // judge by what was true until now
		m.stale = true
	}
	if known && f.Level == Healthy && c.level == Healthy && f.Kind == c.rule.Kind && slices.Equal(c.needs, f.DependsOn) {
		return // the usual case: its health has not changed
	}
	m.stale = true
	c.rule, c.needs, c.level = m.rules[f.Kind], slices.Clone(f.DependsOn), f.Level
	for i := range c.bad {
		b := &c.bad[i]
		holds := rank(f.Level) >= rank(levels[i])
		if holds {
			b.why = f.Why
		}
		if holds != b.holds || !known {
			b.holds, b.turned = holds, now
		}
		if holds && !known {
			b.shown, b.since = true, now
		}
	}
	c.advance(at)
}

// Forget removes a component that the appliance no longer has.
func (m *Model) Forget(name string) {
	if m.components[name] == nil {
		return
	}
	delete(m.components, name)
	m.order = slices.DeleteFunc(m.order, func(c *component) bool { return c.name == name })
	m.stale = true
}

func byName(c *component, name string) int { return strings.Compare(c.name, name) }

// advance shows and clears the conditions that are due at that instant, and tells whether it did
// any.
func (c *component) advance(at rt.Instant) (changed bool) {
	for i := range c.bad {
		b := &c.bad[i]
		switch {
		case b.holds && !b.shown && at.Sub(b.turned.at) >= c.rule.show(levels[i]):
			b.shown, b.since, changed = true, b.turned, true
		case !b.holds && b.shown && at.Sub(b.turned.at) >= c.rule.Clear:
			b.shown, changed = false, true
			if i == 0 {
				c.good = b.turned
			} else {
				c.bad[0].since = b.turned // no longer unhealthy, and at best degraded since then
			}
		}
	}
	if worst := &c.bad[1]; worst.shown && !c.bad[0].shown { // what is unhealthy is also degraded
		c.bad[0].shown, c.bad[0].since, changed = true, worst.since, true
	}
	return changed
}

// shows is what a report says about the component by itself.
func (c *component) shows() Component {
	for i := len(c.bad) - 1; i >= 0; i-- {
		if b := c.bad[i]; b.shown {
			return Component{Name: c.name, Level: levels[i], Since: b.since.wall, Why: b.why}
		}
	}
	return Component{Name: c.name, Level: Healthy, Since: c.good.wall}
}

// Report returns what shows at that instant, which must not be before that of any fact. An appliance of which nothing is known
// is unhealthy. Reports share the list of components while nothing changes, so the caller must not change it.
func (m *Model) Report(at rt.Instant, wall time.Time) Report {
	for _, c := range m.order {
		if c.advance(at) {
			m.stale = true
		}
	}
	if m.stale {
		m.last, m.stale = m.fresh(), false
	}
	r := m.last
	r.At = wall
	return r
}

// fresh is what shows now.
func (m *Model) fresh() Report {
	r := Report{Level: Unhealthy, Components: make([]Component, 0, len(m.order))}
	for _, c := range m.order {
		r.Components = append(r.Components, c.shows())
	}
	shown := make(map[string]Level, len(r.Components))
	for _, c := range r.Components {
		shown[c.Name] = c.Level
	}
	if len(shown) > 0 {
		r.Level = Healthy
	}
	for i := range r.Components {
		c := &r.Components[i]
		c.Behind = m.cause(c.Name, shown)
		r.Level = worse(r.Level, m.counts(c))
	}
	return r
}

// counts says how much a component worsens the appliance's health. A symptom counts no more than its cause, with one
// exception: a component that carries sound and is dead because of one that does not. That appliance is deaf, whatever
// the cause.
func (m *Model) counts(c *Component) Level {
	if c.Level == Unhealthy && !m.components[c.Name].rule.Sound {
		return Degraded
	}
	return c.Level
}

// rank orders levels, best first; an unknown level is as bad as the worst.
func rank(l Level) int {
	switch l {
	case Healthy:
		return 0
	case Degraded:
		return 1
	}
	return 2
}

func worse(a, b Level) Level {
	if rank(b) > rank(a) {
		return b
	}
	return a
}
