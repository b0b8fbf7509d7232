package home

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
)

// patience is a timeout where the test is about the timeout itself: nothing else can be awaited there.
const patience = 150 * time.Millisecond

// secret is a token that may not be seen anywhere.
type secret string

func (s secret) Reveal() string { return string(s) }
func (secret) String() string   { return "(secret)" }

// house is a Home that watches a stand-in.
type house struct {
	*Home
	t      *testing.T
	server *hometest.Server

	mu     sync.Mutex // guards everything that follows
	told   *act.Home
	homes  int
	states map[string]act.State
	ups    []string
	change chan struct{}
}

func client(t *testing.T, s *hometest.Server, c Config) *house {
	t.Helper()
	c.URL, c.Name = s.URL(), "home"
	if c.Token == nil {
		c.Token = secret(hometest.Token)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &house{Home: h, t: t, server: s, states: map[string]act.State{}, change: make(chan struct{})}
}

// run runs f as a task of the live driver.
func run[T any](ctx context.Context, f func(*rt.Task) T) (out T) {
	_ = live.New(nil).Run(ctx, "test", func(t *rt.Task) error {
		out = f(t)
		return nil
	})
	return out
}

func (h *house) sight() act.Sight {
	tell := func(f func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		f()
		close(h.change)
		h.change = make(chan struct{})
	}
	return act.Sight{
		Up:   func(v string) { tell(func() { h.ups = append(h.ups, v) }) },
		Home: func(x *act.Home) { tell(func() { h.told = x; h.homes++ }) },
		States: func(list []act.State) {
			tell(func() {
				for _, s := range list {
					h.states[s.Entity] = s
				}
			})
		},
	}
}

// watching watches until the test ends, and returns when the vocabulary is there.
func watching(t *testing.T, s *hometest.Server, c Config) *house {
	t.Helper()
	h := client(t, s, c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, func(task *rt.Task) error { return h.Watch(task, h.sight()) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, rt.ErrStopped) {
			t.Logf("watch: %v", err)
		}
	})
	h.await(func() bool { return h.told != nil })
	return h
}

// await waits until done says so; it is called under the lock.
func (h *house) await(done func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	for {
		h.mu.Lock()
		ok, change := done(), h.change
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-change:
		case <-ctx.Done():
			h.t.Fatal("it never happened")
		}
	}
}

// do translates a command and carries it out.
func (h *house) do(c act.Command) []act.Outcome {
	h.t.Helper()
	h.mu.Lock()
	calls, err := h.Calls(c, h.told, h.states)
	h.mu.Unlock()
	if err != nil {
		h.t.Fatalf("%v: %v", c, err)
	}
	var out []act.Outcome
	for _, call := range calls {
		out = append(out, run(h.t.Context(), func(t *rt.Task) act.Outcome { return h.Do(t, call, "req-1") }))
	}
	return out
}

func command(intent string, targets []string, slots ...act.Slot) act.Command {
	return act.Command{Intent: intent, Backend: "home", Targets: targets, Slots: slots}
}

func number(name string, n float64, unit string) act.Slot {
	return act.Slot{Name: name, Value: act.Value{Number: &n, Unit: unit}}
}

func word(name, text string) act.Slot { return act.Slot{Name: name, Value: act.Value{Text: text}} }

// TestTheTruthOfACall is what becomes of a call, well or badly.
func TestTheTruthOfACall(t *testing.T) {
	lamp := []string{"light.kitchen_ceiling"}
	for name, c := range map[string]struct {
		behaviour hometest.Behaviour
		command   act.Command
		timeout   time.Duration
		verdict   act.Verdict
		reason    string
		sent      bool
	}{
		"done":                              {command: command("turn_on", lamp), verdict: act.Proven, sent: true},
		"so already":                        {command: command("turn_off", lamp), verdict: act.Already, sent: true},
		"a late state":                      {behaviour: hometest.Behaviour{Do: hometest.Lags, Wait: 20 * time.Millisecond}, command: command("turn_on", lamp), verdict: act.Proven, sent: true},
		"no state follows":                  {behaviour: hometest.Behaviour{Do: hometest.Ignores}, command: command("turn_on", lamp), timeout: patience, verdict: act.Unproven, reason: "Kitchen ceiling is still off", sent: true},
		"an unknown service":                {behaviour: hometest.Behaviour{Do: hometest.Status, Code: 400}, command: command("turn_on", lamp), verdict: act.Failed, reason: "refused the call", sent: true},
		"a refused token":                   {behaviour: hometest.Behaviour{Do: hometest.Status, Code: 401}, command: command("turn_on", lamp), verdict: act.Failed, reason: "token", sent: true},
		"another host":                      {behaviour: hometest.Behaviour{Do: hometest.Redirect, To: "http://127.0.0.1:1/api"}, command: command("turn_on", lamp), verdict: act.Failed, sent: true},
		"an answer that never comes":        {behaviour: hometest.Behaviour{Do: hometest.Never}, command: command("turn_on", lamp), timeout: patience, verdict: act.Unknown, reason: "it may have been done", sent: true},
		"a death after the deed":            {behaviour: hometest.Behaviour{Do: hometest.Dies}, command: command("turn_on", lamp), verdict: act.Proven, sent: true},
		"a death before the deed":           {behaviour: hometest.Behaviour{Do: hometest.Reset}, command: command("turn_on", lamp), timeout: patience, verdict: act.Unknown, reason: "it may have been done", sent: true},
		"half an answer after the deed":     {behaviour: hometest.Behaviour{Do: hometest.Cut}, command: command("turn_on", lamp), verdict: act.Proven, sent: true},
		"an answer that is no JSON":         {behaviour: hometest.Behaviour{Do: hometest.Garbage}, command: command("turn_on", lamp), timeout: patience, verdict: act.Unproven, reason: "makes no sense", sent: true},
		"an answer of another shape":        {behaviour: hometest.Behaviour{Do: hometest.Shape}, command: command("turn_on", lamp), timeout: patience, verdict: act.Unproven, sent: true},
		"a proxy that has lost the answer":  {behaviour: hometest.Behaviour{Do: hometest.Status, Code: 504}, command: command("turn_on", lamp), timeout: patience, verdict: act.Unknown, sent: true},
		"a device that fails":               {behaviour: hometest.Behaviour{Do: hometest.Fails}, command: command("turn_on", []string{"light.kitchen_ceiling", "light.twin_a"}), timeout: patience, verdict: act.Failed, reason: "the device failed", sent: true},
		"a device that cannot be reached":   {command: command("turn_on", []string{"light.gone"}), verdict: act.Failed, reason: "Attic light cannot be reached", sent: true},
		"one of several":                    {command: command("turn_on", []string{"light.gone", "light.kitchen_ceiling"}), verdict: act.Failed, reason: "Attic light cannot be reached", sent: true},
		"a state that is assumed":           {command: command("turn_on", []string{"switch.guess"}), verdict: act.Unproven, reason: "only assumes", sent: true},
		"a brightness":                      {command: command("set_brightness", lamp, number("brightness", 50, "%")), verdict: act.Proven, sent: true},
		"a fan with three speeds":           {command: command("set_fan_speed", []string{"fan.bedroom"}, number("speed", 50, "%")), verdict: act.Proven, sent: true},
		"a scene":                           {command: command("activate", []string{"scene.movie"}), verdict: act.Proven, sent: true},
		"a colour":                          {command: command("set_colour", []string{"light.bedroom"}, word("colour", "blue")), verdict: act.Proven, sent: true},
		"a preset":                          {command: command("set_climate_mode", []string{"climate.living_room"}, word("mode", "eco")), verdict: act.Proven, sent: true},
		"a temperature in another unit":     {command: command("set_temperature", []string{"climate.living_room"}, number("temperature", 70, "°F")), verdict: act.Proven, sent: true},
		"the next song":                     {command: command("next", []string{"media_player.lounge"}), verdict: act.Proven, sent: true},
		"a toggle, proven":                  {command: command("toggle", lamp), verdict: act.Proven, sent: true},
		"a room, all at once":               {command: command("turn_off", []string{"light.kitchen_ceiling", "light.kitchen_counter", "light.kitchen_hood"}), verdict: act.Proven, sent: true},
		"quieter":                           {command: command("change_volume", []string{"media_player.lounge"}, number("by", -10, "%")), verdict: act.Proven, sent: true},
		"an answer of 1 GB":                 {behaviour: hometest.Behaviour{Do: hometest.Huge}, command: command("turn_on", lamp), timeout: 5 * time.Second, verdict: act.Unproven, reason: "makes no sense", sent: true},
		"an engine that reports it is busy": {behaviour: hometest.Behaviour{Do: hometest.Status, Code: 503}, command: command("turn_on", lamp), verdict: act.Failed, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hometest.Start(t, hometest.Flat())
			h := watching(t, s, Config{Timeout: c.timeout})
			s.Set(hometest.Service, c.behaviour)
			out := h.do(c.command)
			if len(out) != 1 {
				t.Fatalf("%d calls: %v", len(out), out)
			}
			o := out[0]
			if o.Verdict != c.verdict || !strings.Contains(o.Reason, c.reason) || o.Sent.IsZero() == c.sent || o.Proof.IsZero() == o.Verdict.Good() {
				t.Errorf("%s, %q (sent %v, proof %v): %+v", o.Verdict, o.Reason, o.Sent, o.Proof, o.Entities)
			}
			if len(s.Calls()) > 1 {
				t.Errorf("%d calls were made", len(s.Calls()))
			}
			for _, call := range s.Calls() {
				if call.Trace != "req-1" || !slices.Equal(call.Targets, c.command.Targets) {
					t.Errorf("on the wire: %+v", call)
				}
			}
			if strings.Contains(o.Reason, "hush") {
				t.Errorf("the token shows: %s", o.Reason)
			}
		})
	}
}

// TestWithoutEvents: while no WebSocket is there, states are asked for.
func TestWithoutEvents(t *testing.T) {
	s := hometest.Start(t, hometest.Flat())
	h := client(t, s, Config{})
	call := act.Call{Service: "light.turn_on", Targets: []string{"light.bedroom"}, Expect: []act.Expectation{{Entity: "light.bedroom", State: []string{"on"}}}}
	s.Set(hometest.Service, hometest.Behaviour{Do: hometest.Lags, Wait: 10 * time.Millisecond})
	o := run(t.Context(), func(task *rt.Task) act.Outcome { return h.Do(task, call, "") })
	if o.Verdict != act.Proven || o.Entities[0].Before.State != "off" || o.Entities[0].After.State != "on" {
		t.Errorf("%+v", o)
	}
	s.Down()
	o = run(t.Context(), func(task *rt.Task) act.Outcome { return h.Do(task, call, "") })
	if o.Verdict != act.Failed || o.Reason != "Home Assistant cannot be reached" || !o.Sent.IsZero() {
		t.Errorf("%+v", o)
	}
}

// TestAStopDuringACall leaves a call in doubt, at once.
func TestAStopDuringACall(t *testing.T) {
	s := hometest.Start(t, hometest.Flat())
	h := client(t, s, Config{})
	s.Set(hometest.Service, hometest.Behaviour{Do: hometest.Never})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for s.Asked() < 2 { // the state before, and the call
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	o := run(ctx, func(task *rt.Task) act.Outcome {
		return h.Do(task, act.Call{Service: "light.turn_on", Targets: []string{"light.bedroom"}}, "")
	})
	if o.Verdict != act.Unknown {
		t.Errorf("%+v", o)
	}
}

// TestWatch follows states and registries over a restart.
func TestWatch(t *testing.T) {
	s := hometest.Start(t, hometest.Flat())
	h := client(t, s, Config{})
	ended := make(chan error, 1)
	watch := func() {
		go func() { ended <- run(t.Context(), func(task *rt.Task) error { return h.Watch(task, h.sight()) }) }()
	}
	watch()
	h.await(func() bool { return h.homes == 1 })
	if h.ups[0] != hometest.Version {
		t.Errorf("version %q", h.ups)
	}
	s.SetState("light.bedroom", "on", map[string]any{"brightness": 200.0})
	h.await(func() bool { s := h.states["light.bedroom"]; return s.State == "on" && s.Numbers["brightness"] == 200 })
	first := h.told.Version
	s.Change(func(x *hometest.House) { x.Areas[0].Name = "Scullery" })
	h.await(func() bool { return h.homes == 2 })
	if h.told.Version == first {
		t.Error("a room has another name, and the vocabulary the same version")
	}
	s.Change(func(x *hometest.House) {
		x.Entities = append(x.Entities, hometest.Entity{ID: "light.new", Name: "New lamp", State: "off"})
	})
	h.await(func() bool { return h.homes == 3 })
	if e, ok := entity(h.told, "light.new"); !ok || !e.Enabled {
		t.Errorf("%+v", e)
	}
	h.Refresh()
	h.await(func() bool { return h.homes == 4 })
	s.Down()
	if err := <-ended; err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("it ended with %v", err)
	}
	s.SetState("light.bedroom", "off", nil)
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	watch()
	h.await(func() bool { return h.homes == 5 && h.states["light.bedroom"].State == "off" })
	s.Down()
	<-ended
}

// TestHomesThatDoNotSpeak end the watch with an error that says what is wrong, and no secret.
func TestHomesThatDoNotSpeak(t *testing.T) {
	for name, c := range map[string]struct {
		at        hometest.Endpoint
		behaviour hometest.Behaviour
		token     string
		kind      wire.Kind
		words     string
	}{
		"a wrong token":   {token: "wrong.hush", kind: wire.Unauthorised, words: "refuses the token"},
		"no WebSocket":    {at: hometest.Socket, behaviour: hometest.Behaviour{Do: hometest.Status, Code: 404}, kind: wire.Unreachable},
		"another host":    {at: hometest.Socket, behaviour: hometest.Behaviour{Do: hometest.Redirect, To: "http://127.0.0.1:1/"}, kind: wire.Unreachable, words: "redirects are not followed"},
		"a reset":         {at: hometest.Socket, behaviour: hometest.Behaviour{Do: hometest.Reset}, kind: wire.Unreachable},
		"no answer":       {at: hometest.Socket, behaviour: hometest.Behaviour{Do: hometest.Never}, kind: wire.Timeout},
		"no JSON":         {at: hometest.Message, behaviour: hometest.Behaviour{Do: hometest.Garbage}, kind: wire.Protocol},
		"another shape":   {at: hometest.Message, behaviour: hometest.Behaviour{Do: hometest.Shape}, kind: wire.Protocol},
		"1 GB":            {at: hometest.Message, behaviour: hometest.Behaviour{Do: hometest.Huge}, kind: wire.Protocol},
		"commands fail":   {at: hometest.Message, behaviour: hometest.Behaviour{Do: hometest.Status}, kind: wire.Engine, words: "Unknown error"},
		"a sudden end":    {at: hometest.Message, behaviour: hometest.Behaviour{Do: hometest.Reset}, kind: wire.Unreachable},
		"HTML in the way": {at: hometest.Socket, behaviour: hometest.Behaviour{Do: hometest.Garbage}, kind: wire.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hometest.Start(t, hometest.Flat())
			s.Set(c.at, c.behaviour)
			config := Config{Timeout: 5 * time.Second}
			if c.behaviour.Do == hometest.Never {
				config.Timeout = patience
			}
			if c.token != "" {
				config.Token = secret(c.token)
			}
			h := client(t, s, config)
			err := run(t.Context(), func(task *rt.Task) error { return h.Watch(task, h.sight()) })
			e, ok := errors.AsType[*wire.Error](err)
			if !ok || e.Kind != c.kind || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v (%T)", err, err)
			}
			if h.told != nil {
				t.Error("it told a vocabulary")
			}
		})
	}
}
