package sim_test

import (
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
)

// TestAServiceDeclaresItsMarkers: what strip of the runbook names is taken out of the answers of that service, and no more.
func TestAServiceDeclaresItsMarkers(t *testing.T) {
	const answer = "[00:00.000 --> 00:02.120] [Music] turn on the lights"
	for _, c := range []struct{ strip, text string }{
		{"", "turn on the lights"},
		{"strip = [\"timestamps\"]", "[Music] turn on the lights"},
		{"strip = []", answer},
	} {
		book := strings.Replace(room, "streaming = false", "streaming = false\n  "+c.strip, 1)
		r := (&rig{book: book, source: plays(speech(command(1)...)), service: &service{text: answer}}).run(t, 1, 30*time.Second)
		got := bodies[event.Delivered](r)
		if len(got) != 1 || got[0].Text != c.text || got[0].Outcome != "delivered" || (got[0].Original == answer) != (c.text != answer) {
			t.Errorf("%s: %+v", c.strip, got)
		}
	}
}
