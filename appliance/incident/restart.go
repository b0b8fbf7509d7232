package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/record"
	"orac/appliance/rt"
)

// Budget says how many restarts of one component within Per are normal: watchdog.restart_budget and watchdog.per.
type Budget struct {
	Restarts int
	Per      time.Duration
}

// Alert says that a component was restarted more often than its budget allows.
type Alert struct {
	Component string
	Restarts  int
	Per       time.Duration
}

// overBudget ends the cause of every Alert.
const overBudget = ": more than its budget"

func (a Alert) String() string {
	return fmt.Sprintf("%s was restarted %d times within %v%s", a.Component, a.Restarts, a.Per, overBudget)
}

// IsAlert tells whether the cause of an incident is an Alert. Such an incident stays open while the restarts count, however well
// its component is.
func IsAlert(cause string) bool { return strings.HasSuffix(cause, overBudget) }

// counter counts the restarts of one component.
type counter struct {
	at      []rt.Instant // oldest first, at most maxCounted and none older than longest
	alerted bool
}

// longest is the longest time within which restarts are counted, and maxCounted the most that are counted: the largest
// values of watchdog.per and, with some room, of watchdog.restart_budget.
const (
	longest    = 24 * time.Hour
	maxCounted = 1024
)

// SetBudget changes the budget from now on.
func (l *Log) SetBudget(b Budget) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.budget = b
}

// Restarted records that a component was restarted, and how long it was away. If that exceeds the budget it raises an
// alert, once, until the number has fallen below the budget.
func (l *Log) Restarted(t *rt.Task, component, reason string, took time.Duration) (a Alert, raised bool) {
	component = clip(component, maxName)
	now, wall := t.Now(), t.Wall()
	l.mu.Lock()
	r := record.Restart{ID: l.id(t, wall), Component: component, Reason: clip(reason, maxLine), At: wall, Duration: took}
	if len(l.restarts) == Kept {
		l.restarts = slices.Delete(l.restarts, 0, 1)
	}
	l.restarts = append(l.restarts, r)
	c := l.counters[component]
	if c == nil {
		c = &counter{}
		l.counters[component] = c
	}
	c.settle(now, l.budget)
	if len(c.at) == maxCounted {
		c.at = slices.Delete(c.at, 0, 1)
	}
	c.at = append(c.at, now)
	n := c.within(now, l.budget.Per)
	if n > l.budget.Restarts && !c.alerted {
		c.alerted, raised = true, true
		a = Alert{Component: component, Restarts: n, Per: l.budget.Per}
	}
	l.mu.Unlock()
	l.push(t, Record{Restart: &r})
	return a, raised
}

// settle forgets restarts that no longer count, and an alert whose number has fallen below the budget.
func (c *counter) settle(now rt.Instant, b Budget) {
	c.at = slices.DeleteFunc(c.at, func(i rt.Instant) bool { return now.Sub(i) >= longest })
	if c.within(now, b.Per) < b.Restarts || len(c.at) == 0 {
		c.alerted = false
	}
}

func (c *counter) within(now rt.Instant, d time.Duration) (n int) {
	for _, at := range slices.Backward(c.at) {
		if now.Sub(at) >= d {
			break
		}
		n++
	}
	return n
}

// Alerts returns the alerts in force at that instant, in order of component.
func (l *Log) Alerts(now rt.Instant) []Alert {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Alert
	for component, c := range l.counters {
		if c.settle(now, l.budget); c.alerted {
			list = append(list, Alert{Component: component, Restarts: c.within(now, l.budget.Per), Per: l.budget.Per})
		}
		if len(c.at) == 0 {
			delete(l.counters, component)
		}
	}
	slices.SortFunc(list, func(a, b Alert) int { return strings.Compare(a.Component, b.Component) })
	return list
}

// Count returns the number of restarts of a component within d before now; 1024 and 24 h at most.
func (l *Log) Count(now rt.Instant, component string, d time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.counters[component]; c != nil {
		return c.within(now, d)
	}
	return 0
}

// Restarts returns at most n restarts, newest first.
func (l *Log) Restarts(n int) []record.Restart {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := slices.Clone(l.restarts)
	slices.Reverse(list)
	return list[:min(n, len(list))]
}
