//go:build !race

package sim

import (
	"testing"

	"orac/runbook/scenario"
)

// TestAWyomingServiceThatFails: whatever it does, nothing is lost and nothing is said to be in doubt, since nobody but the appliance acts on
// what it understands. What an ORAC STT alone can do, it does not.
func TestAWyomingServiceThatFails(t *testing.T) {
	for kind, cause := range map[scenario.Kind]string{
		scenario.STTDown: "connection refused", scenario.STTSilent: "no connection", scenario.STTReset: "reset by peer", scenario.STTHolds: "no transcript",
		scenario.STTLate: "no transcript", scenario.STTTrash: "no JSON", scenario.STTCut: "unexpected EOF", scenario.STTStopped: "no ",
		scenario.STTUnauthorized: "an error event", scenario.STTEngine: "Transcription Failed", scenario.STTEnds: "reset by peer", scenario.STTNoStream: "",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			sc := sceneIn(t, dictating, "3m", "sound \"command\" {\n  at = \"5s\"\n  every = \"6s\"\n}\nfault \""+string(kind)+"\" \"it\" {\n  at = \"30s\"\n  for = \"30s\"\n}\n")
			m, r := rehearse(t, sc, 1)
			a := m.account
			if len(r.Breaks) > 0 || a.Delivered != a.Recorded || a.Recorded < 15 || a.Refused > 0 || a.Acted > 0 {
				t.Errorf("%d of %d delivered, %d refused, %d acted on; %+v", a.Delivered, a.Recorded, a.Refused, a.Acted, r.Breaks)
			}
			if n := said(r, "delivery_failed", cause, 30, 95); (n > 0) != (cause != "") {
				for _, e := range r.Events {
					t.Logf("%8.2f %s %s %s", e.At, e.Lane, e.Kind, e.Text)
				}
				t.Errorf("%d deliveries failed with %q", n, cause)
			}
			if n := said(r, "delivery_repeated", "", 0, 180); n > 0 {
				t.Errorf("%d are said to be in doubt", n)
			}
		})
	}
}
