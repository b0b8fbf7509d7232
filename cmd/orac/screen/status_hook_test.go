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

// TestStatusShowsSatellites: how each stands with Home Assistant, and aloud what is wrong; and what can be heard.
func TestStatusShowsSatellites(t *testing.T) {
	s := status.Satellite{Name: "home", Device: "orac-kitchen", Listen: ":6053", Phase: "ready", Home: true, Keyed: true, Connections: 1, Speaker: "room"}
	away, open, shut := s, s, s
	away.Home, away.Connections, away.Keyed = false, 0, false
	open.Keyed, open.Plain, open.Speaker = false, true, ""
	shut.Error = "address already in use"
	for want, x := range map[string]status.Satellite{
		"home: orac-kitchen at :6053, ready, 1 client, encrypted":                                    s,
		"home: orac-kitchen at :6053, Home Assistant is not connected, 0 clients, no key is set yet": away,
		"home: orac-kitchen at :6053, ready, 1 client, without a key, no speaker":                    open,
		"home: orac-kitchen at :6053, address already in use, 1 client, encrypted":                   shut,
	} {
		lines := NewStatus(New(io.Discard)).Lines(status.Status{Satellites: []status.Satellite{x}}, time.Unix(0, 0))
		if text := strings.Join(strings.Fields(strings.Join(lines, " ")), " "); !strings.Contains(text, "satellite "+want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	for want, x := range map[string]status.Speaker{
		"room: usb, volume 50 %, plays the wake chime":                    {Name: "room", Device: "usb", Volume: 0.5, Playing: []string{"the wake chime"}},
		"room: no such speaker, volume 100 %, muted, 2 sounds not played": {Name: "room", Error: "no such speaker", Volume: 1, Muted: true, Failed: 2},
	} {
		lines := NewStatus(New(io.Discard)).Lines(status.Status{Speakers: []status.Speaker{x}}, time.Unix(0, 0))
		if text := strings.Join(strings.Fields(strings.Join(lines, " ")), " "); !strings.Contains(text, "speaker "+want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}
