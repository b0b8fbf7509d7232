package home

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

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
	o := run(t.Context(), func(task *rt.Task) act.Outcome { return h.Do(task, call, thread.Thread{}) })
	if o.Verdict != act.Proven || o.Entities[0].Before.State != "off" || o.Entities[0].After.State != "on" {
		t.Errorf("%+v", o)
	}
	s.Down()
	o = run(t.Context(), func(task *rt.Task) act.Outcome { return h.Do(task, call, thread.Thread{}) })
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
		defer cancel()
		_ = s.AwaitAsked(ctx, 2) // the state before, and the call
	}()
	o := run(ctx, func(task *rt.Task) act.Outcome {
		return h.Do(task, act.Call{Service: "light.turn_on", Targets: []string{"light.bedroom"}}, thread.Thread{})
	})
	if o.Verdict != act.Unknown {
		t.Errorf("%+v", o)
	}
}

// TestARestartInTheMiddle of a call: it is not sent again, and proven once Home Assistant is back.
func TestARestartInTheMiddle(t *testing.T) {
	s := hometest.Start(t, hometest.Flat())
	h := client(t, s, Config{Timeout: 20 * time.Second})
	s.Set(hometest.Service, hometest.Behaviour{Do: hometest.Dies})
	restarted := make(chan error, 1)
	go func() {
		if err := s.Await(t.Context(), func(calls []hometest.Call, _ int) bool { return len(calls) == 1 }); err != nil {
			restarted <- err
			return
		}
		s.Down()
		restarted <- s.Up()
	}()
	o := run(t.Context(), func(task *rt.Task) act.Outcome {
		return h.Do(task, act.Call{Service: "light.turn_on", Targets: []string{"light.bedroom"}, Expect: []act.Expectation{{Entity: "light.bedroom", State: []string{"on"}}}}, thread.Thread{})
	})
	if err := <-restarted; err != nil || o.Verdict != act.Proven || len(s.Calls()) != 1 {
		t.Errorf("%v, %d calls, %+v", err, len(s.Calls()), o)
	}
}

// TestCallsOfIntentBlocks: what was said is a value of the data, and no service and no entity that the runbook did not write.
func TestCallsOfIntentBlocks(t *testing.T) {
	s := hometest.Start(t, hometest.Flat())
	h := watching(t, s, Config{})
	said := command("coffee", []string{"script.goodnight"}, word("x", `a "b"`), number("n", 2, ""))
	for _, c := range []struct {
		template act.Template
		want     string
	}{
		{act.Template{Service: "script.turn_on", Data: map[string]any{"variables": map[string]any{"what": "{x}", "cups": "{n}", "say": "{n} of {x}"}}}, `script.turn_on [script.goodnight] {"variables":{"cups":2,"say":"2 of a \"b\"","what":"a \"b\""}}`},
		{act.Template{Service: "scene.turn_on", Data: map[string]any{"entity_id": "scene.movie"}}, `scene.turn_on [scene.movie] {}`},
		{act.Template{Service: "scene.turn_on", Data: map[string]any{"entity_id": "{x}"}}, "entity_id is not the ID of an entity, or names one twice"},
		{act.Template{Service: "{x}.turn_on"}, "{x}: a service has only letters, digits and underscores"},
		{act.Template{Service: "turn_on"}, "a service is written as domain.name, like script.turn_on"},
		{act.Template{Service: "script.turn_on", Data: map[string]any{"a": "{nothing}"}}, "nothing was said for {nothing}"},
	} {
		call, err := h.Fill(said, c.template)
		data, _ := json.Marshal(call.Data)
		got := fmt.Sprintf("%s %v %s", call.Service, call.Targets, data)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	call, err := h.Fill(said, act.Template{Service: "scene.turn_on", Data: map[string]any{"entity_id": "scene.movie"}})
	if err != nil {
		t.Fatal(err)
	}
	if o := run(t.Context(), func(task *rt.Task) act.Outcome { return h.Do(task, call, thread.Thread{}) }); o.Verdict != act.Proven {
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
	s.SetState("light.all", "unavailable", map[string]any{"entity_id": nil}) // a group that cannot be reached tells no members
	h.await(func() bool { return h.states["light.all"].State == "unavailable" })
	s.Change(func(x *hometest.House) { x.Areas[0].Name = "Scullery" })
	h.await(func() bool { return h.homes == 2 })
	if e, _ := entity(h.told, "light.all"); len(e.Members) != 2 {
		t.Errorf("%+v", e)
	}
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
	s.Change(func(x *hometest.House) {
		x.Entities = slices.DeleteFunc(x.Entities, func(e hometest.Entity) bool { return e.ID == "light.new" })
	})
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	watch()
	h.await(func() bool { return h.homes == 5 && h.states["light.bedroom"].State == "off" })
	if _, ok := entity(h.told, "light.new"); ok || h.states["light.new"].State != "unavailable" {
		t.Errorf("what went meanwhile is %+v", h.states["light.new"])
	}
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
