package coreserver

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/runbook"
	"orac/web/peers/peertest"
)

// house is the block under test.
const house = runbook.Address("core_server.house")

// deeds is an acting side that does what a test tells it.
type deeds struct {
	mu       sync.Mutex // guards everything that follows
	do       func(context.Context, act.Request) (act.Answer, error)
	asked    []act.Request
	left     int // calls whose context ended
	beats    []act.Beat
	state    act.CoreState
	learnt   []act.LearntAnswer
	home     *act.Home
	forgot   []string
	refreshs []string
	err      error // of everything but asking
	gone     bool
}

func (d *deeds) CoreServer(block runbook.Address) (act.Core, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d, !d.gone && block == house
}

func (d *deeds) Ask(ctx context.Context, r act.Request) (act.Answer, error) {
	d.mu.Lock()
	d.asked = append(d.asked, r)
	f := d.do
	d.mu.Unlock()
	a, err := f(ctx, r)
	if ctx.Err() != nil {
		d.set(func() { d.left++ })
	}
	return a, err
}

func (d *deeds) Beat(_ context.Context, b act.Beat) (act.BeatAnswer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.beats = append(d.beats, b)
	return act.BeatAnswer{Processed: len(b.Topics), Created: 1}, d.err
}

func (d *deeds) State(context.Context) (act.CoreState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state, d.err
}

func (d *deeds) Home(_ context.Context, backend string) (*act.Home, []act.State, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if backend != "home" {
		return nil, nil, act.ErrNoBackend
	}
	return d.home, []act.State{{Entity: "light.kitchen", State: "on", Numbers: map[string]float64{"brightness": 128}}}, d.err
}

func (d *deeds) Commands(context.Context, string, int) ([]act.Answer, error) { return nil, d.err }

func (d *deeds) Forget(_ context.Context, topic, text string) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgot = append(d.forgot, topic+"/"+text)
	if text != "" && !slices.ContainsFunc(d.learnt, func(l act.LearntAnswer) bool { return l.Topic == topic && l.Text == text }) {
		return 0, d.err
	}
	return max(1, len(d.learnt)), d.err
}

func (d *deeds) Learnt(context.Context) ([]act.LearntAnswer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.learnt, d.err
}

func (d *deeds) Refresh(_ context.Context, backend string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refreshs = append(d.refreshs, backend)
	return d.err
}

func (d *deeds) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// last is the last request, and how many there were.
func (d *deeds) last() (r act.Request, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n = len(d.asked); n > 0 {
		r = d.asked[n-1]
	}
	return r, n
}

func number(f float64) *float64 { return &f }

// dimmed is the answer to "turn the kitchen lights to half".
func dimmed(r act.Request) act.Answer {
	now := time.Now()
	c := act.Command{Intent: "set_brightness", Backend: "home", Targets: []string{"light.kitchen"}, Words: r.Text, Slots: []act.Slot{
		{Name: "area", Value: act.Value{Text: "Kitchen"}, Words: "kitchen"}, {Name: "brightness", Value: act.Value{Number: number(50), Unit: "%"}, Words: "half"}}}
	call := act.Call{Backend: "home", Intent: "set_brightness", Service: "light.turn_on", Targets: c.Targets, Data: map[string]any{"brightness_pct": 50.0}}
	return act.Answer{
		ID: r.ID, Topic: r.Topic, Text: r.Text, Understood: true, Executed: true, Verified: true, Speech: "The kitchen lights are at 50 percent.",
		Reading:  act.Reading{Tier: act.Sentence, Score: 1, Commands: []act.Command{c}},
		Outcomes: []act.Outcome{{Call: call, Verdict: act.Proven, Entities: []act.EntityOutcome{{Entity: "light.kitchen", Before: act.State{State: "off"}, After: act.State{State: "on"}, Verdict: act.Proven}}, Sent: now, Answered: now, Proof: now}},
		Came:     now, ReadAt: now, ExecutedAt: now, VerifiedAt: now,
	}
}

// tested is this type of server.
var tested = peertest.Kind{Audience: Audience, Permissions: []string{Results, Status, Read}, Type: "application/json", Host: "core"}

// rig is a server with an acting side that dims the lights of the kitchen, whatever is said.
type rig struct {
	*peertest.Rig
	deeds  *deeds
	server *Server // without a listener
	o      Options
}

// declared is a runbook with a Core server, people, and accounts.
func declared(t testing.TB) *runbook.Runbook {
	rb := tested.Declared(t)
	for name, permissions := range map[string][]string{"orac_stt": {Results, Status}, "beats": {Status}, "reads": {Read}, "nothing": nil} {
		peertest.Account(rb, name, Audience, permissions...)
	}
	peertest.Account(rb, "hey_orac", "orac-stt", Results, Status, Read)
	rb.CoreServers = []runbook.CoreServer{{Address: house, Name: "house", Listen: "127.0.0.1:0", MaxConnections: 100, PerPeer: 10_000, Legacy: []runbook.Address{"peer.old"}}}
	rb.Web.Origins = []string{"https://panel.example"}
	return rb
}

func newRig(t testing.TB) *rig { return newRigWith(t, func(*runbook.Runbook) {}) }

func newRigWith(t testing.TB, change func(*runbook.Runbook)) *rig {
	t.Helper()
	rb := declared(t)
	change(rb)
	r := &rig{Rig: peertest.New(t, tested, rb)}
	r.deeds = &deeds{
		do: func(_ context.Context, q act.Request) (act.Answer, error) { return dimmed(q), nil },
		state: act.CoreState{
			Topics:   []act.TopicState{{Name: "general", Declared: true, Enabled: true, Backends: []string{"home"}, Intents: 120, Beat: time.Now(), WakeWord: "computer", Triggers: 3}, {Name: "music", Enabled: true}},
			Backends: []act.BackendState{{Name: "home", Protocol: "home_assistant", Connected: true, Version: "2026.4", Entities: 2, Enabled: 1, Areas: 1}},
		},
		home: &act.Home{Backend: "home", Areas: []act.Area{{ID: "kitchen", Name: "Kitchen"}}, Entities: []act.Entity{
			{ID: "light.kitchen", Domain: "light", Name: "Ceiling", Area: "kitchen", Enabled: true}, {ID: "sensor.door", Domain: "sensor", Name: "Door"}}},
		learnt: []act.LearntAnswer{{Topic: "general", Text: "make it cosy", Hits: 3, Commands: []act.Command{{Intent: "turn_on", Backend: "home", Targets: []string{"light.kitchen"}}}}},
	}
	r.o = Options{r.deeds, r.Options()}
	r.server = New(r.Context, r.o, house)
	r.server.Use(rb)
	r.Handler = r.server
	return r
}

// listening serves the rig's runbook over the network, and returns its address.
func (r *rig) listening() (url string) {
	r.T.Helper()
	return r.Listening(NewHosts(r.Dir, r.Log, nil), r.o.Site)
}

// say sends a text.
func (r *rig) say(who peertest.As, prompt string, header ...string) *httptest.ResponseRecorder {
	body, err := json.Marshal(map[string]any{"prompt": prompt, "stream": false, "metadata": map[string]any{"source": "orac_stt", "confidence": 0.9}})
	r.Must(err)
	req := r.Request(who, "POST", "/v1/generate/general", bytes.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return r.Do(req)
}
