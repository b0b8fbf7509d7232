package screen

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/status"
)

// TestStatusShowsWebhooks: what waits, what was set aside, and that a receiver is gone.
func TestStatusShowsWebhooks(t *testing.T) {
	for _, c := range []struct {
		hook status.Hook
		want string
	}{
		{status.Hook{Name: "house"}, "house: nothing waits"},
		{status.Hook{Name: "house", Waiting: 2, Aside: 1, Dropped: 3, Error: "no space left"},
			"house: 2 events waiting, 1 set aside (orac spool events), 3 lost: no space left"},
		{status.Hook{Name: "house", Waiting: 1, Gone: true}, "house: 1 event waiting, its receiver says that it is gone"},
	} {
		lines := NewStatus(New(io.Discard)).Lines(status.Status{Hooks: []status.Hook{c.hook}}, time.Unix(0, 0))
		if text := strings.Join(lines, "\n"); !strings.Contains(text, c.want) || !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "webhook") }) {
			t.Errorf("want %q in\n%s", c.want, text)
		}
	}
}

// TestStatusShowsVoiceServices: where each listens and who uses it; aloud what is wrong, and that everybody may.
func TestStatusShowsVoiceServices(t *testing.T) {
	for want, voice := range map[string]status.Voice{
		"speech: speech to text at 127.0.0.1:10300, 0 clients":                                                      {Name: "speech", Serves: "stt", Listen: "127.0.0.1:10300", Open: true},
		"ears: wake words at :10400, 2 clients, 1 of them speaking, 7 answered, 1 failed, open to everybody on the": {Name: "ears", Serves: "wake", Listen: ":10400", Open: true, Exposed: true, Connections: 2, Streams: 1, Answered: 7, Failed: 1},
		"ears: wake words at :10400, cannot be served: address already in use":                                      {Name: "ears", Serves: "wake", Listen: ":10400", Error: "address already in use"},
		"ears: wake words at :10400, not yet open":                                                                  {Name: "ears", Serves: "wake", Listen: ":10400"},
	} {
		lines := NewStatus(New(io.Discard)).Lines(status.Status{Voices: []status.Voice{voice}}, time.Unix(0, 0))
		text := strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
		if !strings.Contains(text, "wyoming "+want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}
