package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/outbox"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// removedHooks looks after the events of webhooks, and the texts of Cores, that no longer run: a runbook has removed them, or nothing
// is reported to them. Nobody sends these events. It deletes each when it has waited for the keep of its block; until then people can
// see and drop them. A webhook that comes back finds what is left, so an apply that is rolled back loses nothing.
type removedHooks struct {
	fs       rt.FS
	age      node.Age
	turn     *outbox.Turn
	graph    func() *graph.Graph
	runs     func(address string) bool // it is in the graph, or an instance of it has not ended
	events   node.Events
	warn     func(text string)
	requests *rt.Mailbox[node.ManageHook]

	seen *graph.Graph    // the graph in force when it looked last
	told map[string]bool // the addresses whose events were reported
	more bool            // there is something to delete later, or an instance to wait for
}

// removedEvery is how often to look for old events.
const removedEvery = time.Minute

func newRemovedHooks(r *Runner, p *graph.Parts, warn func(string)) *removedHooks {
	return &removedHooks{
		fs: p.FS, age: p.Age, turn: p.Turn, graph: r.Graph, events: p.Events, warn: warn, told: map[string]bool{},
		requests: rt.NewMailbox[node.ManageHook]("requests to removed webhooks", 1),
		runs: func(address string) bool {
			return r.Graph().Node(address) != nil || slices.ContainsFunc(r.Views(), func(v View) bool { return v.Node.Address == address })
		},
	}
}

// Run looks after them until the task is told to stop.
func (h *removedHooks) Run(t *rt.Task) error {
	for {
		if g := h.graph(); g != h.seen || h.more {
			h.seen = g
			h.look(t)
		}
		switch which, err := rt.Select(t, t.Now().Add(removedEvery), h.requests); {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			return err
		case which == 0:
			if r, ok := h.requests.TryRecv(t); ok {
				h.manage(t, r)
			}
		}
	}
}

// queue is a box of any form.
type queue interface {
	node.Queue
	Stats() outbox.Stats
	Keep() time.Duration
	Expire(*rt.Task, provenclock.Point)
	Drop(*rt.Task, string) error
	Reports() []outbox.Report
	DiskErr() error
}

// leftover is a receiver that no longer runs.
type leftover struct {
	name, address string
	turn          string // see node.Webhook and node.Forward
	lost          func(outbox.Report) event.Body
}

// each does something with the queue of every receiver that no longer runs.
func (h *removedHooks) each(t *rt.Task, do func(r leftover, b queue) error) error {
	hooks, err := outbox.Names(t, h.fs, outbox.Hooks.Dir)
	for _, name := range hooks {
		r := leftover{name, graph.At(graph.Webhook, name), name, func(r outbox.Report) event.Body {
			return event.WebhookDropped{Webhook: name, Event: r.ID, Type: r.Kind, Cause: r.Cause}
		}}
		err = errors.Join(err, h.open(t, r, func() (queue, error) { return outbox.OpenRemoved(t, h.fs, outbox.Hooks, name) }, do))
	}
	cores, cerr := outbox.Names(t, h.fs, outbox.Commands.Dir)
	err = errors.Join(err, cerr)
	for _, name := range cores {
		address := graph.At(graph.Forward, name)
		r := leftover{address, address, address, func(r outbox.Report) event.Body {
			return event.Forwarded{Core: name, Event: r.ID, Outcome: "lost", Cause: r.Cause}
		}}
		err = errors.Join(err, h.open(t, r, func() (queue, error) { return outbox.OpenRemoved(t, h.fs, outbox.Commands, name) }, do))
	}
	return err
}

func (h *removedHooks) open(t *rt.Task, r leftover, open func() (queue, error), do func(leftover, queue) error) error {
	h.turn.Take(r.turn)
	defer h.turn.Give()
	if h.runs(r.address) {
		delete(h.told, r.address)
		h.more = h.more || h.graph().Node(r.address) == nil // it is about to end
		return nil
	}
	b, err := open()
	if err != nil {
		return err
	}
	return do(r, b)
}

// look reports, once, events that are no longer sent, and deletes those that have waited long
// enough.
func (h *removedHooks) look(t *rt.Task) {
	h.more = false
	p, known := h.age(t)
	err := h.each(t, func(r leftover, b queue) error {
		if n := held(b); n > 0 && !h.told[r.address] {
			h.told[r.address] = true
			h.warn(notSent(r.address, n, b.Keep()))
		}
		if known {
			b.Expire(t, p)
		}
		h.report(t, r, b)
		h.more = h.more || held(b) > 0
		return b.DiskErr()
	})
	h.more = h.more || err != nil // it is tried again
}

// held is how many events a box has, waiting and set aside.
func held(b queue) int {
	s := b.Stats()
	return s.Waiting + s.Aside
}

// report reports what was dropped from a queue.
func (h *removedHooks) report(t *rt.Task, r leftover, b queue) {
	for _, d := range b.Reports() {
		h.events.Push(t, event.Event{At: t.Wall(), Node: r.address, Body: r.lost(d)})
	}
}

// ask asks for the events of leftover webhooks, or for something to be done with one.
func (h *removedHooks) ask(t *rt.Task, until rt.Instant, r status.SpoolRequest) (status.SpoolAnswer, error) {
	return asked(t, until, h.requests, func(to *rt.Mailbox[node.Managed]) node.ManageHook { return node.ManageHook{SpoolRequest: r, Reply: to} })
}

func (h *removedHooks) manage(t *rt.Task, r node.ManageHook) {
	var m node.Managed
	found := false
	err := h.each(t, func(of leftover, b queue) error {
		list, err := node.Queued(t, b, of.name)
		for i := range list {
			list[i].Removed = true
			if list[i].ID == r.ID && !found {
				found = true
				m.Err = h.one(t, of, b, r.SpoolRequest)
			}
		}
		m.Events = append(m.Events, list...)
		return err
	})
	switch {
	case r.Do == status.SpoolList:
		m.Err = err
	case !found && err != nil:
		m.Err = err
	case !found:
		m.Err = node.UnknownID(r.ID)
	}
	if r.Do != status.SpoolList {
		m.Events = nil
	}
	r.Reply.TrySend(t, m)
}

// one does something with an event of a receiver that was removed.
func (h *removedHooks) one(t *rt.Task, of leftover, b queue, r status.SpoolRequest) error {
	if r.Do != status.SpoolDrop {
		return &status.Refusal{
			Code: status.Invalid, Message: "the runbook does not declare " + blockOf(of.address) + " any more, so nobody sends its events",
			Hint: "Put " + blockOf(of.address) + " back into the runbook and apply it, or delete the event: orac spool drop " + r.ID,
		}
	}
	err := b.Drop(t, r.ID)
	h.report(t, of, b)
	return errors.Join(err, b.DiskErr())
}

// blockOf is the block of a node.
func blockOf(address string) string {
	if name, is := strings.CutPrefix(address, string(graph.Forward)+"."); is {
		return "core." + name
	}
	return address
}

// queued is how many events a webhook, or a Core, that runs has.
func (c *Core) queued(address string) int {
	kind, name, _ := strings.Cut(address, ".")
	list := c.Hooks()
	if kind == string(graph.Forward) {
		list = c.Forwards()
	}
	for _, h := range list {
		if h.Name == name {
			return h.Waiting + h.Aside
		}
	}
	return 0
}

// leave says in a plan what happens to the events of webhooks that it removes.
func (s *Steward) leave(p *status.Plan) {
	for i, c := range p.Components {
		if n := s.left(c); n > 0 {
			p.Components[i].Why += "; " + s.leaves(c, n)
		}
	}
}

// left is how many events stay behind when a component is removed.
func (s *Steward) left(c status.Component) int {
	if kind := graph.Name(c.Kind); kind != graph.Webhook && kind != graph.Forward || c.Action != status.Remove || s.Queued == nil {
		return 0
	}
	return s.Queued(c.Address)
}

func (s *Steward) leaves(c status.Component, n int) string {
	keep, rb := outbox.DefaultKeep, s.Runner.Graph().Runbook
	if w, ok := rb.Webhook(runbook.Address(c.Address)); ok {
		keep = w.Keep
	} else if to, ok := rb.Core(runbook.Address(blockOf(c.Address))); ok {
		keep = to.Keep
	}
	return notSent(c.Address, n, keep)
}

// notSent says what happens to the events of a webhook that was removed.
func notSent(address string, n int, keep time.Duration) string {
	events, are := "events", "are"
	if n == 1 {
		events, are = "event", "is"
	}
	return fmt.Sprintf("%d %s for %s %s not sent any more, and deleted after waiting %s; to see what is left: orac spool events",
		n, events, blockOf(address), are, language.FormatDuration(keep))
}
