package api

import (
	"fmt"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/auth"
)

// TestLimitsGoByTheClientBehindAProxy: strangers behind a trusted proxy hold up themselves, and a proxy that is not trusted is one
// address whatever it says.
func TestLimitsGoByTheClientBehindAProxy(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) {
		rb.Web.TrustedProxies = []string{"192.0.2.7"}
		rb.Web.Limits.Anonymous = 5
	})
	ask := func(peer, client string) int {
		req := rig.request(auth.Nobody, "GET", "/api/health", nil)
		req.RemoteAddr = peer + ":1"
		req.Header.Set("X-Forwarded-For", client)
		return rig.do(req).Code
	}
	for range 20 {
		ask("192.0.2.7", "203.0.113.1")
	}
	if code := ask("192.0.2.7", "203.0.113.1"); code != 429 {
		t.Errorf("a client behind the proxy is not held: %d", code)
	}
	if code := ask("192.0.2.7", "203.0.113.2"); code != 200 {
		t.Errorf("another client is held: %d", code)
	}
	passed := 0
	for n := range 20 {
		if ask("192.0.2.99", fmt.Sprint("203.0.113.", n)) == 200 {
			passed++
		}
	}
	if passed != 5 {
		t.Errorf("a stranger who writes headers had %d answers", passed)
	}
	other := *rig.app.rb
	other.Web.TrustedProxies = []string{"192.0.2.99"}
	rig.server.Use(&other) // in place
	if a, b := ask("192.0.2.99", "203.0.113.50"), ask("192.0.2.7", "203.0.113.51"); a != 200 || b != 200 {
		t.Errorf("another proxy: %d, %d", a, b)
	}
	if r := rig.logged.String(); !strings.Contains(r, `"from":"203.0.113.50"`) || strings.Contains(r, `"from":"203.0.113.51"`) {
		t.Error("whose word counts has not changed with the runbook")
	}
}
