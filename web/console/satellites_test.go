package console

import (
	"strings"
	"testing"

	"orac/web/api"
	"orac/web/auth"
)

// TestThePageOfSatellites: whether Home Assistant is there, what is encrypted, and what was said last; the menu leads to it while there is one.
func TestThePageOfSatellites(t *testing.T) {
	r := newRig(t, Options{})
	body := r.get(auth.Viewer, "/satellites").Body.String()
	for _, want := range []string{
		":6053, announced on the network", "javascript:x&#34;", "nobody can connect", "it is not heard", `<a href="/satellites" aria-current="page">Home Assistant</a>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %q:\n%s", want, body)
		}
	}
	rb := *r.app.Book
	rb.ESPHomes = nil
	r.app.Book = &rb
	body = r.get(auth.Viewer, "/satellites").Body.String()
	if strings.Contains(body, `href="/satellites"`) || !strings.Contains(body, "no satellite of Home Assistant") {
		t.Errorf("without a satellite:\n%s", body)
	}
}

// TestSatellitesInWords: what people read of each state.
func TestSatellitesInWords(t *testing.T) {
	for want, s := range map[string]api.SatelliteOut{
		"unhealthy: it does not run now":            {},
		"unhealthy: nobody can connect":             {Running: true, Error: "address already in use", Home: true},
		"degraded: Home Assistant is not connected": {Running: true, Phase: "away"},
		"healthy: waits for a wake word":            {Running: true, Home: true, Phase: "ready"},
		"healthy: muted at Home Assistant":          {Running: true, Paused: true, Phase: "away"},
		"healthy: answers":                          {Running: true, Home: true, Phase: "speaking"},
	} {
		if row := (satelliteRow{s}); row.State()+": "+row.Words() != want {
			t.Errorf("%s: %s, want %s", row.State(), row.Words(), want)
		}
	}
}
