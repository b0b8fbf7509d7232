package virtual

import (
	"slices"
	"strings"

	"orac/appliance/rt"
)

// Starve keeps tasks from running until an instant, although they are ready: tasks whose name begins with prefix, and the tasks
// that they start; with an empty prefix, all tasks that are not exempt. It models a processor that is busy with something else,
// for one node or for the whole appliance: messages, answers and deadlines arrive meanwhile, and the tasks find them when they
// run again. It does not model a processor that is merely slow.
func (d *Driver) Starve(prefix string, until rt.Instant) {
	d.starved.rules = append(d.starved.rules, starvation{prefix, until})
}

// Exempt names the tasks that no Starve touches, by the beginning of their names: tasks that belong to the world and not to the
// appliance.
func (d *Driver) Exempt(prefixes ...string) {
	d.starved.exempt = append(d.starved.exempt, prefixes...)
}

// starvation is one call of Starve.
type starvation struct {
	prefix string
	until  rt.Instant
}

// starved holds the tasks that may not run.
type starved struct {
	rules  []starvation
	exempt []string
	held   []*task    // tasks that are ready
	next   rt.Instant // when the first rule that holds a task ends
}

// until returns the instant from which a task may run.
func (h *starved) until(s *task, now rt.Instant) rt.Instant {
	for _, prefix := range h.exempt {
		if strings.HasPrefix(s.name, prefix) {
			return now
		}
	}
	until := now
	for _, r := range h.rules {
		if strings.HasPrefix(s.name, r.prefix) {
			until = max(until, r.until)
		}
	}
	return until
}

// holds keeps back a task that may not run now, and tells whether it did.
func (h *starved) holds(s *task, now rt.Instant) bool {
	h.rules = slices.DeleteFunc(h.rules, func(r starvation) bool { return r.until <= now })
	until := h.until(s, now)
	if until <= now {
		return false
	}
	h.held = append(h.held, s)
	h.next = min(h.next, until)
	return true
}

// release adds all held tasks to the ready ones. The next step holds those that still may not run.
func (h *starved) release(ready []*task) []*task {
	ready = append(ready, h.held...)
	clear(h.held)
	h.held, h.next = h.held[:0], rt.Never
	return ready
}
