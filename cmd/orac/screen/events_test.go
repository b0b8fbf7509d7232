package screen

import (
	"testing"

	"orac/appliance/event"
	"orac/appliance/event/eventtest"
)

// TestEvents draws every kind of the table that people are shown, once with everything true and once with everything false.
func TestEvents(t *testing.T) {
	golden(t, "events", []int{0}, func(s *Screen) {
		v := NewEvents(s)
		for _, flags := range []bool{true, false} {
			for _, e := range eventtest.All(flags) {
				if event.Of(e.Body).Flow != event.Meter { // those are a line that moves
					v.Show(e)
				}
			}
		}
		for _, outcome := range []string{"delivered", "empty"} {
			v.Show(event.Event{At: noon, Body: event.Delivered{STT: "whisper", Way: "ws", Outcome: outcome, Text: "lights\n\x1b[2J on", Seconds: 0.4}})
		}
		for _, where := range []string{"disk", "memory", "nowhere"} {
			v.Show(event.Event{At: noon, Body: event.Spooled{Utterance: "u1", Where: where, Cause: "no space"}})
		}
		v.Show(event.Event{At: noon, Body: event.RecordingEnded{Seconds: 2.4, Why: "silence", Listener: "kitchen"}})
	})
}
