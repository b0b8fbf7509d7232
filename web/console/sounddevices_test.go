package console

import (
	"strings"
	"testing"

	"orac/web/auth"
)

// TestMicrophonesAndSpeakersAreShown with what a runbook needs to name them.
func TestMicrophonesAndSpeakersAreShown(t *testing.T) {
	r := newRig(t, Options{})
	body := r.get(auth.Viewer, "/devices").Body.String()
	_, speakers, ok := strings.Cut(body, "<h2>Speakers</h2>")
	if !ok || !strings.Contains(speakers, "testspeaker") || !strings.Contains(speakers, `<span class="tag">default</span>`) || strings.Contains(speakers, "testmic") {
		t.Errorf("the speakers are %s", speakers)
	}
	if !strings.Contains(body, "testmic") || !strings.Contains(body, "what a loudspeaker plays") {
		t.Errorf("the microphones are %s", body)
	}
	if !strings.Contains(r.get(auth.Viewer, "/system").Body.String(), `href="/devices"`) {
		t.Error("no page leads there")
	}
}
