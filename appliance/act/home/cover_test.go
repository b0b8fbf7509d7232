package home

import (
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
)

// TestACoverIsProvenWhenItHasArrived: on its way it is told as still closing, and only the state at the end proves the call.
func TestACoverIsProvenWhenItHasArrived(t *testing.T) {
	const blind = "cover.bedroom_blind"
	for name, c := range map[string]struct {
		states  []string // that follow the call
		timeout time.Duration
		verdict act.Verdict
		reason  string
	}{
		"it arrives":               {[]string{"closing", "closed"}, 30 * time.Second, act.Proven, ""},
		"it is still on its way":   {[]string{"closing"}, patience, act.Unproven, "Bedroom blind is still closing"},
		"something is in its way":  {[]string{"closing", "open"}, patience, act.Unproven, "Bedroom blind is still open"},
		"somebody turns it around": {[]string{"closing", "opening"}, patience, act.Unproven, "Bedroom blind is still opening"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hometest.Start(t, hometest.Flat())
			h := watching(t, s, Config{Timeout: c.timeout})
			s.Set(hometest.Service, hometest.Behaviour{Do: hometest.Ignores})
			go func() { // as the cover does
				if s.Await(t.Context(), func(calls []hometest.Call, _ int) bool { return len(calls) == 1 }) != nil {
					return
				}
				for _, state := range c.states {
					s.SetState(blind, state, nil)
				}
			}()
			o := h.do(command("close", []string{blind}))[0]
			if o.Verdict != c.verdict || !strings.Contains(o.Reason, c.reason) || o.Proof.IsZero() == o.Verdict.Good() {
				t.Errorf("%s, %q (proof %v)", o.Verdict, o.Reason, o.Proof)
			}
			if last := o.Entities[0].After.State; o.Verdict == act.Proven && last != "closed" {
				t.Errorf("it is proven by %q", last)
			}
		})
	}
}
