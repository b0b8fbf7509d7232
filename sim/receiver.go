package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/scenario"
)

// receiver is a model of a program that a webhook calls. It models what the real client sees of one that is away, slow or
// refuses, and keeps what it has accepted.
type receiver struct {
	ailments
	m      *machine
	name   string
	closed bool   // the client has closed its connection
	poison string // the event that webhook_poison is about; "" until there is one
	taken  map[string]time.Duration
	told   map[string]bool // what its events were about: see subjects
	bodies [][]byte        // the first bodies that it accepted
	last   uint64          // highest sequence number
	lastAt time.Duration
}

// mostBodies bounds the request bodies that a receiver keeps.
const mostBodies = 500

// caller is a client of a receiver under the settings of one runbook.
type caller struct {
	*receiver
	address string // as the real client names it
	timeout time.Duration
	proof   *credential // what it demands; nil: nothing
}

func (c caller) fault(k wire.Kind, status int, cause string) error {
	return &wire.Error{Op: "webhook", Address: c.address, Kind: k, Status: status, Cause: errors.New(cause)}
}

// Send implements notify.Hook.
func (c caller) Send(t *rt.Task, msg notify.Message) error {
	way := ""
	if x := c.of(scenario.WebhookPoison); x != nil {
		if c.poison == "" {
			c.poison = msg.ID
		}
		if c.poison == msg.ID {
			way = x.Way
		}
	}
	if c.closed {
		if err := t.Sleep(connectTime); err != nil {
			return err
		}
	}
	c.closed = c.has(scenario.WebhookFlood)
	takes := peerTime + c.delay()
	if way == "hang" {
		takes = c.timeout + time.Second
	}
	if err := t.Sleep(min(takes, c.timeout)); err != nil {
		return err
	}
	if err := c.m.unreached("webhook", c.address); err != nil {
		return err
	}
	late := takes > c.timeout
	err := c.refusal("webhook", c.address)
	switch {
	case err != nil && (err.Status == 0 || !late):
		return err
	case late:
		return c.fault(wire.Late, 0, fmt.Sprintf("no answer in %v", c.timeout))
	}
	if err := c.proof.show(t, "webhook", c.address); err != nil {
		return err
	}
	switch {
	case way == "reset":
		return c.fault(wire.Unreachable, 0, "connection reset by peer")
	case way == "refuse":
		return wire.Answered("webhook", c.address, 400)
	case way == "error":
		return wire.Answered("webhook", c.address, 500)
	}
	c.take(msg)
	return nil
}

// take accepts an event, and checks what is always promised about events.
func (r *receiver) take(msg notify.Message) {
	at := r.m.now()
	var e aboutEvent
	_ = json.Unmarshal(msg.Body, &e) // a template may produce anything
	if first, twice := r.taken[msg.ID]; twice {
		// A killed process forgets what was not on disk.
		if !r.m.account.Forgotten(first) {
			r.m.judge.Break(at, "told", fmt.Sprintf("the webhook %s was sent %s a second time, %v after the first", r.name, msg.ID, (at-first).Round(time.Millisecond)))
		}
	}
	if e.ID != "" && e.ID != msg.ID {
		r.m.judge.Break(at, "told", fmt.Sprintf("the webhook %s was sent %s under the identity %s", r.name, e.ID, msg.ID))
	}
	if e.Sequence > 0 {
		if r.lastAt < r.m.booted { // after a loss of power, numbers that never reached the disk are used again
			r.last = 0
		}
		if _, twice := r.taken[msg.ID]; !twice && e.Sequence <= r.last {
			r.m.judge.Break(at, "told", fmt.Sprintf("the webhook %s was sent number %d after number %d", r.name, e.Sequence, r.last))
		}
		r.last, r.lastAt = max(r.last, e.Sequence), at
	}
	r.taken[msg.ID] = at
	if len(r.bodies) < mostBodies {
		r.bodies = append(r.bodies, msg.Body)
	}
	for _, s := range e.subjects() {
		r.told[s] = true
	}
}

// aboutEvent holds the fields that say what an event, of any kind, is about.
type aboutEvent struct {
	ID, Type, Wake, Utterance, State, Service string
	Sequence                                  uint64
}

// subjects names what an event is about, in the words of account.expect.
func (e aboutEvent) subjects() []string {
	switch e.Type {
	case "wake":
		return []string{"wake " + e.Wake}
	case "recording", "delivery":
		return []string{e.Type + " " + e.State + " " + e.Utterance + " " + e.Service}
	case "transcript":
		return []string{"transcript " + e.Utterance + " " + e.Service}
	}
	return nil
}

func (m *machine) hook(w runbook.Webhook, tokens wire.Tokens) (notify.Hook, error) {
	return caller{m.receiver(w.Name), wire.Origin(w.URL.Text()), w.Timeout, m.credential(tokens, w.Login.Name(), w.Audience)}, nil
}

func (m *machine) receiver(name string) *receiver {
	r, ok := m.receivers[name]
	if !ok {
		r = &receiver{m: m, name: name, taken: map[string]time.Duration{}, told: map[string]bool{}}
		m.receivers[name] = r
	}
	return r
}
