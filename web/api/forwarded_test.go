package api

import (
	"fmt"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/schema"
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
	other := *rig.app.Book
	other.Web.TrustedProxies = []string{"192.0.2.99"}
	rig.server.Use(&other) // in place
	if a, b := ask("192.0.2.99", "203.0.113.50"), ask("192.0.2.7", "203.0.113.51"); a != 200 || b != 200 {
		t.Errorf("another proxy: %d, %d", a, b)
	}
	if r := rig.logged.String(); !strings.Contains(r, `"from":"203.0.113.50"`) || strings.Contains(r, `"from":"203.0.113.51"`) {
		t.Error("whose word counts has not changed with the runbook")
	}
}

// TestAProxySaysThatARequestIsEncrypted: the cookie, the record and the session go by it.
func TestAProxySaysThatARequestIsEncrypted(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.TrustedProxies = []string{"192.0.2.7"} })
	for from, secure := range map[string]bool{"192.0.2.7:1": true, "192.0.2.8:1": false} {
		req := rig.request(auth.Nobody, "POST", "/api/auth/login", LoginInput{"viewer", password, true})
		req.RemoteAddr = from
		req.Header.Set("X-Forwarded-Proto", "https")
		req.Header.Set("X-Forwarded-For", "198.51.100.77")
		req.Header.Set("X-Forwarded-Host", "evil.test")
		w := rig.do(req)
		list := w.Result().Cookies()
		if w.Code != 200 || len(list) != 1 || list[0].Secure != secure || strings.HasPrefix(list[0].Name, "__Host-") != secure || (w.Header().Get("Strict-Transport-Security") != "") != secure {
			t.Fatalf("from %s: %d %v", from, w.Code, list)
		}
		want := map[bool]string{true: "198.51.100.77", false: "192.0.2.8"}[secure]
		if r := rig.records("login"); r[0].From != want {
			t.Errorf("the audit log says %s, want %s", r[0].From, want)
		}
		again := rig.request(auth.Nobody, "GET", "/api/auth/me", nil)
		again.RemoteAddr = from
		again.Header.Set("X-Forwarded-Proto", "https")
		again.AddCookie(list[0])
		if w := rig.do(again); w.Code != 200 {
			t.Errorf("the session from %s is not found: %d", from, w.Code)
		}
	}
	req := rig.request(auth.Nobody, "GET", "/api/health", nil)
	req.RemoteAddr, req.Host = "192.0.2.7:1", "evil.test"
	req.Header.Set("X-Forwarded-Host", "localhost")
	rig.problem("another host", rig.do(req), schema.WrongHost)
}
