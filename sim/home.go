package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	real "orac/appliance/act/home"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/thread"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// home is a model of a Home Assistant, or of whatever else carries out what people say. It has lamps, and does what intents of the runbook
// call, and what English says of the lamps: it notes which command each call was for, and so knows what was done twice, or was never done.
type home struct {
	ailments
	m       *machine
	name    string
	timeout time.Duration     // of its client
	english *real.Home        // translates English into calls, as for a Home Assistant
	lamps   map[string]string // whether each is on or off, by its ID
	changed int               // how often a lamp was switched
}

const (
	homeTime  = 30 * time.Millisecond // from a call to its proof
	proofTime = 3 * time.Second       // for which a client waits for a state that follows
	homeWatch = 500 * time.Millisecond
)

// homeOf returns the home of a backend block by its name.
func (m *machine) homeOf(name string) *home {
	h, ok := m.homes[name]
	if !ok {
		h = &home{m: m, name: name, lamps: map[string]string{}}
		for _, e := range h.vocabulary().Entities {
			h.lamps[e.ID] = "off"
		}
		m.homes[name] = h
	}
	return h
}

// home makes the adapter of a backend block.
func (m *machine) home(s graph.BackendService, _ func(string) string) (act.Backend, error) {
	h := m.homeOf(s.Backend.Name)
	h.timeout = s.Backend.Timeout
	var err error
	h.english, err = real.New(real.Config{Name: h.name, URL: "http://" + h.name, Token: language.NewSecret(canary)})
	return h, err
}

// vocabulary is what there is.
func (h *home) vocabulary() *act.Home {
	v := &act.Home{Backend: h.name, Version: "1", Areas: []act.Area{{ID: "hall", Name: "Hall"}}}
	for i := range 3 {
		v.Entities = append(v.Entities, act.Entity{ID: fmt.Sprintf("light.lamp%d", i+1), Domain: "light", Name: fmt.Sprintf("Lamp %d", i+1), Area: "hall", Enabled: true})
	}
	return v
}

// Calls implements act.Backend.
func (h *home) Calls(c act.Command, home *act.Home, states map[string]act.State) ([]act.Call, error) {
	return h.english.Calls(c, home, states)
}

// states are those of the lamps.
func (h *home) states() (list []act.State) {
	for _, id := range slices.Sorted(maps.Keys(h.lamps)) {
		list = append(list, act.State{Entity: id, State: h.lamps[id]})
	}
	return list
}

// switches does what a call asks of the lamps.
func (h *home) switches(c act.Call) {
	for _, id := range c.Targets {
		if now, ok := strings.CutPrefix(c.Service, "light.turn_"); ok && h.lamps[id] != now {
			h.lamps[id] = now
			h.changed++
		}
	}
}

// Fill implements act.Filler.
func (h *home) Fill(c act.Command, t act.Template) (act.Call, error) {
	data := map[string]any{}
	for _, s := range c.Slots {
		if s.Value.Number != nil {
			data[s.Name] = *s.Value.Number
		}
	}
	return act.Call{Service: t.Service, Data: data}, nil
}

// Do implements act.Backend.
func (h *home) Do(t *rt.Task, c act.Call, asked thread.Thread) act.Outcome {
	o := act.Outcome{Call: c, Sent: t.Wall(), Verdict: act.Failed}
	if err := h.away("call"); err != nil {
		o.Reason = err.Error()
		return o
	}
	if t.Sleep(homeTime) != nil {
		return act.Outcome{Call: c, Sent: o.Sent, Verdict: act.Unknown, Reason: "ORAC stopped before the answer"}
	}
	if h.has(scenario.BackendStuck) { // it says yes, and does nothing
		o.Answered, o.Verdict, o.Reason = t.Wall(), act.Unproven, "it accepted the call, and its state does not follow"
		t.Trace("no state follows")
		_ = t.Sleep(proofTime) // the outcome is the same if it is stopped
		return o
	}
	h.m.floor.book.Does(h.m.now(), h.name, c.Data, asked.ID)
	h.switches(c)
	switch wait := h.delay(); {
	case h.has(scenario.BackendEnds):
		o.Verdict, o.Reason = act.Unknown, "the connection ended before the answer"
		return o
	case wait >= h.timeout:
		_ = t.Sleep(h.timeout) // the outcome is the same if it is stopped
		o.Verdict, o.Reason = act.Unknown, fmt.Sprintf("no answer within %v", h.timeout)
		return o
	case wait > 0 && t.Sleep(wait) != nil:
		o.Verdict, o.Reason = act.Unknown, "ORAC stopped before the answer"
		return o
	}
	if err := h.m.unreached("call", h.name); err != nil { // the answer is lost on its way
		o.Verdict, o.Reason = act.Unknown, "the network went away before the answer"
		return o
	}
	o.Answered, o.Proof, o.Verdict = t.Wall(), t.Wall(), act.Proven
	return o
}

// away tells why nothing reaches the home now.
func (h *home) away(op string) error {
	if err := h.m.unreached(op, h.name); err != nil {
		return err
	}
	x := h.first(func(x *ailment) bool { return x.Kind.Info().Refuses || x.Kind.Info().Status > 0 })
	switch {
	case x == nil:
		return nil
	case x.Kind.Info().Refuses:
		return errors.New("connection refused")
	}
	return fmt.Errorf("it answers %d: the token is not valid", x.Kind.Info().Status)
}

// Watch implements act.Backend.
func (h *home) Watch(t *rt.Task, s act.Sight) error {
	seen := -1
	for up := false; ; up = true {
		if err := h.away("watch"); err != nil {
			return err
		}
		if !up {
			if err := t.Sleep(connectTime); err != nil {
				return err
			}
			s.Up("2026.11")
			s.Home(h.vocabulary())
		}
		if seen != h.changed {
			seen = h.changed
			s.States(h.states())
		}
		if err := t.Sleep(homeWatch); err != nil {
			return err
		}
	}
}

// Refresh implements act.Backend.
func (h *home) Refresh() {}
