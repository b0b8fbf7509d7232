package screen

import (
	"testing"
	"time"

	"orac/appliance/act"
)

// TestAsked draws what orac ask shows: a text that was carried out, one of which nobody knows, and one that was not understood.
func TestAsked(t *testing.T) {
	half := 50.0
	read := act.Reading{Tier: act.Near, Changes: 1, Commands: []act.Command{{
		Intent: "set_brightness", Backend: "home", Targets: []string{"light.kitchen"},
		Slots: []act.Slot{{Name: "brightness", Value: act.Value{Number: &half, Unit: "%"}, Words: "half"}},
	}}}
	call := act.Call{Backend: "home", Intent: "set_brightness", Service: "light.turn_on", Targets: []string{"light.kitchen"}}
	golden(t, "asked", []int{0}, func(s *Screen) {
		s.Asked(act.Answer{
			Understood: true, Executed: true, Verified: true, Reading: read, Speech: "The kitchen light is at 50 %.",
			Outcomes: []act.Outcome{{Call: call, Verdict: act.Proven}},
			Came:     noon, ReadAt: noon, ExecutedAt: noon.Add(80 * time.Millisecond), VerifiedAt: noon.Add(120 * time.Millisecond),
		})
		s.Asked(act.Answer{
			Understood: true, Reading: read, Speech: "I do not know whether that was done.", Reason: "its answer did not come",
			Outcomes: []act.Outcome{{Call: call, Verdict: act.Unknown, Reason: "home\x1b[2J answered nothing"}}, Came: noon, ReadAt: noon,
		})
		s.Asked(act.Answer{Reason: "no sentence is like this", Speech: "Sorry, I did not understand that.", Came: noon, ReadAt: noon})
	})
}
