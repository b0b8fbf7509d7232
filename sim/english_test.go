//go:build !race

package sim

import (
	"strings"
	"testing"
)

// speaking is a house that is told what to do in English.
var speaking = embedded + `
topic "general" {
  backends = [backend.home]
  english  = true
}
backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.local:8123"
  token    = secret("ha_token")
}
`

// TestWhoSpeaksEnglish is understood, and each command is done once, also when the process is killed while the home is slow.
func TestWhoSpeaksEnglish(t *testing.T) {
	const asks = "caller \"phone\" {\n  topic = \"general\"\n  at = \"5s\"\n  every = \"4s\"\n}\n"
	m, r := rehearse(t, sceneIn(t, speaking, "5m", asks), 1)
	s := m.floor.callers[0]
	if len(r.Breaks) > 0 || s.asked < 60 || s.served != s.asked || m.floor.book.Acted != s.asked || m.floor.book.ActedTwice != 0 {
		t.Errorf("of %d commands %d were answered and %d done, %d twice: %+v", s.asked, s.served, m.floor.book.Acted, m.floor.book.ActedTwice, r.Breaks)
	}
	if on := m.homeOf("home").changed; on < 20 {
		t.Errorf("the lamps were switched %d times", on)
	}
	slow := "fault \"backend_slow\" \"busy\" {\n  at = \"10s\"\n  for = \"4m\"\n  delay = \"700ms\"\n}\nfault \"kill\" \"at_any_moment\" {\n  at = \"20s\"\n  every = \"15s\"\n  jitter = \"10s\"\n}\n"
	m, r = rehearse(t, sceneIn(t, speaking, "5m", asks+slow), 1)
	if s = m.floor.callers[0]; len(r.Breaks) > 0 || s.served != s.asked || m.floor.book.ActedTwice != 0 || m.floor.book.Acted < s.asked*3/4 {
		t.Errorf("of %d commands %d were answered and %d done, %d twice: %+v", s.asked, s.served, m.floor.book.Acted, m.floor.book.ActedTwice, r.Breaks)
	}
	for _, e := range r.Events {
		if strings.Contains(e.Text, canary) {
			t.Error("an event shows a secret")
		}
	}
}
