package fake

import (
	"context"
	"slices"
	"sync"
	"time"

	"orac/appliance/act"
	"orac/appliance/record"
	"orac/appliance/store"
)

// Acting implements api.Acting.
func (f *Appliance) Acting() act.Core {
	if f.Deeds == nil {
		return nil
	}
	return f.Deeds
}

// Acting implements api.Acting.
func (a Evil) Acting() act.Core {
	e, n, now := a.Word, 50.0, time.Now()
	command := act.Command{Intent: e, Backend: e, Targets: []string{e}, Words: e, Slots: []act.Slot{{Name: e, Value: act.Value{Number: &n, Unit: e}, Words: e}, {Name: e, Value: act.Value{Text: e}, Words: e}}}
	entity := act.EntityOutcome{Entity: e, Before: act.State{State: e}, After: act.State{State: e}, Verdict: act.Failed, Reason: e}
	outcome := act.Outcome{Call: act.Call{Backend: e, Intent: e, Service: e, Targets: []string{e}, Data: map[string]any{e: e, "list": []any{e}}}, Verdict: act.Verdict(e), Reason: e, Reply: e, Entities: []act.EntityOutcome{entity}, Sent: now, Answered: now}
	answer := act.Answer{
		ID: "u1", Topic: e, Text: e, Reason: e, Speech: e, Model: e, Understood: true, Came: now, Reading: act.Reading{Tier: act.Tier(e), Commands: []act.Command{command}, Why: e, Near: []string{e}},
		Outcomes: []act.Outcome{outcome}, Undone: []act.Outcome{outcome},
	}
	other := answer
	other.ID, other.Understood = e, false
	return &Deeds{
		Answer: answer,
		Is: act.CoreState{
			Topics:   []act.TopicState{{Name: e, Declared: true, Enabled: true, Backends: []string{e}, Model: e, Problems: []string{e}, WakeWord: e, Beat: now}},
			Backends: []act.BackendState{{Name: e, Protocol: e, Version: e, Error: e}},
			Models:   []act.ModelState{{Name: e, URL: e, Error: e}},
		},
		House:  &act.Home{Areas: []act.Area{{ID: e, Name: e}}, Entities: []act.Entity{{ID: e, Name: e, Domain: e, Class: e, Area: e, Aliases: []string{e}, Unit: e, Enabled: true}}},
		States: []act.State{{Entity: e, State: e}},
		Past:   []act.Answer{answer, other},
		Knows:  []act.LearntAnswer{{Topic: e, Text: e, Commands: []act.Command{command}}},
	}
}

// Deeds is an acting side that does nothing, and answers every text in the same way.
type Deeds struct {
	Answer act.Answer
	Err    error // of every text
	Is     act.CoreState
	House  *act.Home // of every backend
	States []act.State
	Past   []act.Answer
	Knows  []act.LearntAnswer

	mu    sync.Mutex // guards everything that follows
	asked []act.Request
	said  []string
}

// NewDeeds makes a house that has done a little.
func NewDeeds() *Deeds {
	half, now := 50.0, time.Now()
	light := func(id, name, area string) act.Entity {
		return act.Entity{ID: id, Domain: "light", Name: name, Area: area, Enabled: true}
	}
	dim := act.Command{Intent: "set_brightness", Backend: "home", Targets: []string{"light.kitchen_ceiling"}, Words: "turn the kitchen lights to half", Slots: []act.Slot{
		{Name: "area", Value: act.Value{Text: "Kitchen"}, Words: "kitchen"}, {Name: "brightness", Value: act.Value{Number: &half, Unit: "%"}, Words: "half"}}}
	call := act.Call{Backend: "home", Intent: "set_brightness", Service: "light.turn_on", Targets: dim.Targets, Data: map[string]any{"brightness_pct": 50.0}}
	done := act.Answer{
		ID: "u1", Topic: "general", Text: "turn the kitchen lights to half", Understood: true, Executed: true, Verified: true, Speech: "The kitchen lights are at 50 percent.",
		Reading: act.Reading{Tier: act.Sentence, Score: 1, Commands: []act.Command{dim}},
		Outcomes: []act.Outcome{{Call: call, Verdict: act.Proven, Sent: now, Answered: now.Add(40 * time.Millisecond), Proof: now.Add(180 * time.Millisecond), Entities: []act.EntityOutcome{
			{Entity: "light.kitchen_ceiling", Before: act.State{State: "off"}, After: act.State{State: "on"}, Verdict: act.Proven}}}},
		Said: now.Add(-900 * time.Millisecond), Came: now.Add(-100 * time.Millisecond), ReadAt: now.Add(-99 * time.Millisecond), ExecutedAt: now.Add(40 * time.Millisecond), VerifiedAt: now.Add(180 * time.Millisecond),
	}
	failed := done
	failed.ID, failed.Text, failed.Executed, failed.Verified, failed.Reason, failed.Speech = "u2", "open the garage door", false, false, "the garage door is unavailable", "The garage door did not open: it is unavailable."
	failed.Reading.Commands = []act.Command{{Intent: "open", Backend: "home", Targets: []string{"cover.garage"}, Words: failed.Text}}
	failed.Outcomes = []act.Outcome{{Call: act.Call{Backend: "home", Intent: "open", Service: "cover.open_cover", Targets: []string{"cover.garage"}}, Verdict: act.Failed, Reason: failed.Reason, Sent: now,
		Entities: []act.EntityOutcome{{Entity: "cover.garage", Before: act.State{State: "unavailable"}, After: act.State{State: "unavailable"}, Verdict: act.Failed, Reason: failed.Reason}}}}
	lost := act.Answer{ID: "u3", Topic: "general", Text: "make me a sandwich", Came: now.Add(-time.Minute), Reason: "no sentence fits", Speech: "I did not understand that.", Reading: act.Reading{Near: []string{"make me a coffee"}}}
	return &Deeds{
		Answer: done,
		Is: act.CoreState{
			Topics: []act.TopicState{
				{Name: "general", Declared: true, Enabled: true, Backends: []string{"home"}, Model: "qwen", Intents: 214, WakeWord: "hey jarvis", Triggers: 12, Beat: now, Count: 31, Used: now},
				{Name: "music", WakeWord: "alexa", Beat: now.Add(-time.Hour)}},
			Backends: []act.BackendState{{Name: "home", Protocol: "home_assistant", Connected: true, Version: "2026.4.2", Entities: 4, Enabled: 3, Areas: 2, Synced: now, Calls: act.Counts{Executed: 28, Verified: 27, Failed: 1}}},
			Models:   []act.ModelState{{Name: "qwen", URL: "http://127.0.0.1:8080", Asked: 3, Rejected: 1}},
			Counts:   act.Counts{Asked: 31, Understood: 30, NotUnderstood: 1, Executed: 28, Verified: 27, Failed: 1},
		},
		House: &act.Home{Backend: "home", Floors: []act.Floor{{ID: "ground", Name: "Ground floor"}}, Areas: []act.Area{{ID: "kitchen", Name: "Kitchen", Floor: "ground"}, {ID: "garage", Name: "Garage"}},
			Entities: []act.Entity{light("light.kitchen_ceiling", "Ceiling", "kitchen"), light("light.kitchen_counter", "Counter", "kitchen"),
				{ID: "cover.garage", Domain: "cover", Class: "garage", Name: "Garage door", Area: "garage", Aliases: []string{"big door"}, Enabled: true}, {ID: "sensor.power", Domain: "sensor", Name: "Power", Unit: "W"}}},
		States: []act.State{{Entity: "light.kitchen_ceiling", State: "on", Numbers: map[string]float64{"brightness": 128}}, {Entity: "light.kitchen_counter", State: "off"}, {Entity: "cover.garage", State: "unavailable"}, {Entity: "sensor.power", State: "231"}},
		Past:   []act.Answer{failed, done, lost},
		Knows:  []act.LearntAnswer{{Topic: "general", Text: "it is too dark to cook", Commands: []act.Command{dim}, Hits: 4, Made: now.Add(-48 * time.Hour), Used: now, Expires: now.Add(28 * 24 * time.Hour)}},
	}
}

// Keep writes the past into a history, each command with the recording of its ID.
func (d *Deeds) Keep(s *store.Store) error {
	for _, a := range slices.Backward(d.Past) {
		r := record.Command{ID: a.ID, Topic: a.Topic, At: a.Came, Utterance: a.ID, From: "listener.kitchen", Tier: string(a.Reading.Tier), Result: string(a.Result()), Answer: a.JSON(record.MaxAnswer)}
		if err := s.SaveCommand(r); err != nil {
			return err
		}
	}
	return nil
}

// Asked are the texts that came.
func (d *Deeds) Asked() []act.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// Done are the changes that came: "forget TOPIC/TEXT", "refresh BACKEND".
func (d *Deeds) Done() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.said)
}

// Ask implements act.Core.
func (d *Deeds) Ask(_ context.Context, r act.Request) (act.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, r)
	a := d.Answer
	if r.DryRun {
		a.Executed, a.Verified, a.Speech = false, false, ""
		a.Outcomes = slices.Clone(a.Outcomes)
		for i := range a.Outcomes {
			a.Outcomes[i] = act.Outcome{Call: a.Outcomes[i].Call, Verdict: act.NotTried}
		}
	}
	return a, d.Err
}

// Beat implements act.Core.
func (d *Deeds) Beat(_ context.Context, b act.Beat) (act.BeatAnswer, error) {
	return act.BeatAnswer{Processed: len(b.Topics)}, nil
}

// State implements act.Core.
func (d *Deeds) State(context.Context) (act.CoreState, error) { return d.Is, nil }

// Home implements act.Core.
func (d *Deeds) Home(_ context.Context, backend string) (*act.Home, []act.State, error) {
	if !slices.ContainsFunc(d.Is.Backends, func(b act.BackendState) bool { return b.Name == backend }) {
		return nil, nil, act.ErrNoBackend
	}
	return d.House, d.States, nil
}

// Commands implements act.Core.
func (d *Deeds) Commands(_ context.Context, topic string, limit int) (list []act.Answer, err error) {
	for _, a := range d.Past {
		if (topic == "" || a.Topic == topic) && len(list) < limit {
			list = append(list, a)
		}
	}
	return list, nil
}

// Forget implements act.Core.
func (d *Deeds) Forget(_ context.Context, topic, text string) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, "forget "+topic+"/"+text)
	for _, l := range d.Knows {
		if text == "" || l.Topic == topic && l.Text == text {
			n++
		}
	}
	return n, nil
}

// Learnt implements act.Core.
func (d *Deeds) Learnt(context.Context) ([]act.LearntAnswer, error) { return d.Knows, nil }

// Refresh implements act.Core.
func (d *Deeds) Refresh(ctx context.Context, backend string) error {
	_, _, err := d.Home(ctx, backend)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, "refresh "+backend)
	return err
}
