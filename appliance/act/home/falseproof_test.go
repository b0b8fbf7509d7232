package home

import (
	"testing"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
)

// TestStatesThatProveNothing: Home Assistant says that it is done, and does nothing. What it tells meanwhile, and what it told before, is
// no proof of this call.
func TestStatesThatProveNothing(t *testing.T) {
	lamp := "light.kitchen_ceiling"
	for name, c := range map[string]struct {
		before, during func(s *hometest.Server)
	}{
		"nothing":                         {},
		"it was so, before the call":      {before: func(s *hometest.Server) { s.SetState(lamp, "on", nil); s.SetState(lamp, "off", nil) }},
		"another becomes so":              {during: func(s *hometest.Server) { s.SetState("light.bedroom", "on", nil) }},
		"its attributes change":           {during: func(s *hometest.Server) { s.SetState(lamp, "off", map[string]any{"brightness": 7}) }},
		"its name changes":                {during: func(s *hometest.Server) { s.SetState(lamp, "off", map[string]any{"friendly_name": "on"}) }},
		"it becomes something else":       {during: func(s *hometest.Server) { s.SetState(lamp, "unknown", nil) }},
		"a state that only looks like it": {during: func(s *hometest.Server) { s.SetState(lamp, " on", nil); s.SetState(lamp, "ON ", nil) }},
		"it cannot be reached":            {during: func(s *hometest.Server) { s.SetState(lamp, "unavailable", map[string]any{"state": "on"}) }},
		"a group of it becomes so":        {during: func(s *hometest.Server) { s.SetState("light.all", "on", nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hometest.Start(t, hometest.Flat())
			h := watching(t, s, Config{Timeout: patience})
			s.Set(hometest.Service, hometest.Behaviour{Do: hometest.Ignores})
			if c.before != nil {
				c.before(s)
			}
			told := make(chan error, 1)
			go func() {
				err := s.Await(t.Context(), func(calls []hometest.Call, _ int) bool { return len(calls) == 1 })
				if err == nil && c.during != nil {
					c.during(s)
				}
				told <- err
			}()
			out := h.do(command("turn_on", []string{lamp}))
			if err := <-told; err != nil {
				t.Fatal(err)
			}
			if len(out) != 1 || out[0].Verdict.Good() || !out[0].Proof.IsZero() || out[0].Reason == "" {
				t.Errorf("%+v", out)
			}
			if v := out[0].Verdict; v != act.Unproven && v != act.Failed {
				t.Errorf("%s", v)
			}
		})
	}
}
