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
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// removedHooks looks after the events of webhooks that no longer run: a runbook has removed them, or nothing is reported to them.
// Nobody sends these events. It deletes each when it has waited for the webhook's keep; until then people can see and drop them.
// A webhook that comes back finds what is left, so an apply that is rolled back loses nothing.
type removedHooks struct {
	fs       rt.FS
	age      node.Age
	turn     *outbox.Turn
	graph    func() *graph.Graph
	runs     func(hook string) bool // it is in the graph, or an instance of it has not ended
	events   node.Events
	warn     func(text string)
	requests *rt.Mailbox[node.ManageHook]

	seen *graph.Graph    // the graph in force when it looked last
	told map[string]bool // the webhooks whose events were reported
	more bool            // there is something to delete later, or an instance to wait for
}

// removedEvery is how often to look for old events.
const removedEvery = time.Minute

func newRemovedHooks(r *Runner, p *graph.Parts, warn func(string)) *removedHooks {
	return &removedHooks{
		fs: p.FS, age: p.Age, turn: p.Turn, graph: r.Graph, events: p.Events, warn: warn, told: map[string]bool{},
		requests: rt.NewMailbox[node.ManageHook]("requests to removed webhooks", 1),
		runs: func(hook string) bool {
			address := graph.At(graph.Webhook, hook)
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

// each does something with the box of every webhook that no longer runs.
func (h *removedHooks) each(t *rt.Task, do func(hook string, b *outbox.HookBox) error) error {
	names, err := outbox.Names(t, h.fs, outbox.Hooks.Dir)
	for _, hook := range names {
		err = errors.Join(err, h.open(t, hook, do))
	}
	return err
}

func (h *removedHooks) open(t *rt.Task, hook string, do func(string, *outbox.HookBox) error) error {
	h.turn.Take(hook)
	defer h.turn.Give()
	if h.runs(hook) {
		delete(h.told, hook)
		h.more = h.more || h.graph().Node(graph.At(graph.Webhook, hook)) == nil // it is about to end
		return nil
	}
	b, err := outbox.OpenRemoved(t, h.fs, outbox.Hooks, hook)
	if err != nil {
		return err
	}
	return do(hook, b)
}

// look reports, once, events that are no longer sent, and deletes those that have waited long
// enough.
func (h *removedHooks) look(t *rt.Task) {
	h.more = false
	p, known := h.age(t)
	err := h.each(t, func(hook string, b *outbox.HookBox) error {
		if n := held(b); n > 0 && !h.told[hook] {
			h.told[hook] = true
			h.warn(notSent(graph.At(graph.Webhook, hook), n, b.Keep()))
		}
		if known {
			b.Expire(t, p)
		}
		for _, r := range b.Reports() {
			h.say(t, hook, event.WebhookDropped{Webhook: hook, Event: r.ID, Type: r.Kind, Cause: r.Cause})
		}
		h.more = h.more || held(b) > 0
		return b.DiskErr()
	})
	h.more = h.more || err != nil // it is tried again
}

// held is how many events a box has, waiting and set aside.
func held(b *outbox.HookBox) int {
	s := b.Stats()
	return s.Waiting + s.Aside
}

func (h *removedHooks) say(t *rt.Task, hook string, body event.Body) {
	h.events.Push(t, event.Event{At: t.Wall(), Node: graph.At(graph.Webhook, hook), Body: body})
}

// ask asks for the events of removed webhooks, or for something to be done with one.
func (h *removedHooks) ask(t *rt.Task, until rt.Instant, r status.SpoolRequest) (status.SpoolAnswer, error) {
	return asked(t, until, h.requests, func(to *rt.Mailbox[node.Managed]) node.ManageHook { return node.ManageHook{SpoolRequest: r, Reply: to} })
}

func (h *removedHooks) manage(t *rt.Task, r node.ManageHook) {
	var m node.Managed
	found := false
	err := h.each(t, func(hook string, b *outbox.HookBox) error {
		list, err := node.Queued(t, b, hook)
		for i := range list {
			list[i].Removed = true
			if list[i].ID == r.ID && !found {
				found = true
				m.Err = h.one(t, hook, b, r.SpoolRequest)
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

// one does something with an event of a removed webhook.
func (h *removedHooks) one(t *rt.Task, hook string, b *outbox.HookBox, r status.SpoolRequest) error {
	if r.Do != status.SpoolDrop {
		return &status.Refusal{
			Code: status.Invalid, Message: "the runbook does not declare " + graph.At(graph.Webhook, hook) + " any more, so nobody sends its events",
			Hint: "Put the webhook back into the runbook and apply it, or delete the event: orac spool drop " + r.ID,
		}
	}
	err := b.Drop(t, r.ID)
	for _, r := range b.Reports() {
		h.say(t, hook, event.WebhookDropped{Webhook: hook, Event: r.ID, Type: r.Kind, Cause: r.Cause})
	}
	return errors.Join(err, b.DiskErr())
}

// queued is how many events a webhook that runs has.
func (c *Core) queued(hook string) int {
	for _, h := range c.Hooks() {
		if h.Name == hook {
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
	hook, is := strings.CutPrefix(c.Address, string(graph.Webhook)+".")
	if !is || c.Action != status.Remove || s.Queued == nil {
		return 0
	}
	return s.Queued(hook)
}

func (s *Steward) leaves(c status.Component, n int) string {
	keep := outbox.DefaultKeep
	if w, ok := s.Runner.Graph().Runbook.Webhook(runbook.Address(c.Address)); ok {
		keep = w.Keep
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
		n, events, address, are, language.FormatDuration(keep))
}
