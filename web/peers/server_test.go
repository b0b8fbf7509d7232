package peers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/peers"
	"orac/web/peers/peertest"
	"orac/web/schema"
)

// TestEveryRouteAsEveryone: who has the right gets in, and nobody else does; what was refused is on record.
func TestEveryRouteAsEveryone(t *testing.T) {
	r := newRig(t)
	callers := map[string]struct {
		peertest.As
		may string // the routes that answer
	}{
		"nobody":          {peertest.As{}, "/live"},
		"a stranger":      {peertest.As{From: "192.0.2.78"}, "/live"},
		"the legacy peer": {peertest.LegacyPeer, "/live /ready /v1/work /load"},
		"worker":          {peertest.As{Token: r.Token("worker")}, "/live /ready /things/x /v1/work /load"},
		"worker, less":    {peertest.As{Token: r.Token("worker", see)}, "/live /ready /things/x"},
		"watcher, more":   {peertest.As{Token: r.Token("watcher", work, see)}, "/live /ready /things/x"},
		"nothing":         {peertest.As{Token: r.Token("nothing", work, see)}, "/live /ready"},
		"a viewer":        {peertest.As{Token: r.User(auth.Viewer)}, "/live /ready /things/x /metrics"},
		"an operator":     {peertest.As{Token: r.User(auth.Operator)}, "/live /ready /things/x /metrics /v1/work /load"},
		"an admin":        {peertest.As{Token: r.User(auth.Admin)}, "/live /ready /things/x /metrics /v1/work /load DELETE/things/x"},
		"a bad token":     {peertest.As{Token: "canary"}, "/live"},
		"its bad token":   {peertest.As{Token: "canary", From: peertest.LegacyPeer.From}, "/live"},
	}
	for name, c := range callers {
		for _, route := range r.routes() {
			path := strings.NewReplacer("{id}", "x").Replace(route.Path)
			named := path
			if route.Method == "DELETE" {
				named = "DELETE" + path
			}
			want := http.StatusForbidden
			switch {
			case strings.Contains(" "+c.may+" ", " "+named+" "):
				want = http.StatusOK
			case c.Token == "" && c.From != peertest.LegacyPeer.From, c.Token == "canary":
				want = http.StatusUnauthorized
			}
			if w := r.Call(c.As, route.Method, path, `{}`); w.Code != want {
				t.Errorf("%s as %s: %d, want %d", route.Pattern(), name, w.Code, want)
			}
		}
	}
	for action, least := range map[string]int{"test.request": 1, "test.load": 4, "test.drop": 2} { // an attempt and an outcome each, and refusals
		if list := r.Records(action); len(list) < least {
			t.Errorf("%s: %d records", action, len(list))
		}
	}
	for _, l := range r.Records("test.load") {
		if l.Outcome != audit.Denied && l.Role == "" {
			t.Errorf("what a peer does all the time is on record: %+v", l)
		}
	}
	for _, l := range r.Records("test.drop") {
		if l.Target != "x" {
			t.Errorf("what was it about? %+v", l)
		}
	}
	if strings.Contains(r.Logs(), "canary") {
		t.Error("a credential is in the log")
	}
}

// TestATokenForAnotherAudience is refused, although the account is known here and its signature is good.
func TestATokenForAnotherAudience(t *testing.T) {
	r := newRig(t)
	r.ForItsAudience("worker", "elsewhere", runbook.STTAudience,
		func(who peertest.As) *httptest.ResponseRecorder { return r.Call(who, "POST", "/v1/work", `{}`) },
		func() int { return int(r.did.Load()) })
}

// TestOriginsAndHosts: a browser is no legacy peer; pages of the declared origins may ask with a token, and no others.
func TestOriginsAndHosts(t *testing.T) {
	r := newRig(t, func(rb *runbook.Runbook) { rb.Web.Origins = []string{"https://panel.example"} })
	say := func(who peertest.As, header ...string) *httptest.ResponseRecorder {
		req := r.Request(who, "POST", "/v1/work", strings.NewReader(`{}`))
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		return r.Do(req)
	}
	token := peertest.As{Token: r.Token("worker")}
	for _, header := range [][2]string{{"Origin", "http://evil.test"}, {"Origin", "http://example.com"}, {"Sec-Fetch-Site", "same-origin"}} {
		if w := say(peertest.LegacyPeer, header[0], header[1]); w.Code != 401 && w.Code != 403 {
			t.Errorf("%v: %d %s", header, w.Code, w.Body)
		}
	}
	for origin, allowed := range map[string]bool{"https://panel.example": true, "https://evil.test": false, "null": false, "https://panel.example.evil.test": false} {
		w := say(token, "Origin", origin, "Sec-Fetch-Site", "cross-site")
		if got := w.Header().Get("Access-Control-Allow-Origin"); allowed != (w.Code == 200) || allowed != (got == origin) || got == "*" {
			t.Errorf("%s: %d, %q", origin, w.Code, got)
		}
		req := r.Request(peertest.As{}, "OPTIONS", "/v1/work", nil)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		if w := r.Do(req); w.Code != 204 || allowed != (w.Header().Get("Access-Control-Allow-Headers") != "") {
			t.Errorf("a preflight of %s: %d %v", origin, w.Code, w.Header())
		}
	}
	req := r.Request(token, "GET", "/ready", nil)
	req.Host = "evil.test"
	r.Problem("another host", r.Do(req), schema.WrongHost)
	w := r.Call(token, "GET", "/ready", "")
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestALegacyPeerBehindAProxy: what comes from a trusted proxy is judged by the address that the proxy names. If it names none, it is
// nobody: the address of the proxy itself makes nobody a legacy peer.
func TestALegacyPeerBehindAProxy(t *testing.T) {
	r := newRig(t, func(rb *runbook.Runbook) {
		rb.Web.TrustedProxies = []string{"192.0.2.0/29"}
		rb.Peers[0].From = "192.0.2.0/24"
	})
	for _, c := range []struct {
		from, forwarded string
		code            int
	}{
		{"192.0.2.77", "", 200},                        // the peer itself
		{"192.0.2.1", "192.0.2.77", 200},               // the proxy for the peer
		{"192.0.2.1", "198.51.100.9", 401},             // for another
		{"192.0.2.1", "", 401},                         // for nobody
		{"192.0.2.1", "192.0.2.3", 401},                // for a proxy
		{"192.0.2.1", "garbage", 401},                  //
		{"192.0.2.1", "192.0.2.77, 198.51.100.9", 401}, // with a chain that ends at another
		{"198.51.100.9", "192.0.2.77", 401},            // another who says so
	} {
		req := r.Request(peertest.As{From: c.from}, "GET", "/ready", nil)
		if c.forwarded != "" {
			req.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if w := r.Do(req); w.Code != c.code {
			t.Errorf("%s for %q: %d, want %d", c.from, c.forwarded, w.Code, c.code)
		}
	}
}

// TestChangesAreLimited: what is on record is done 120 times a minute by one, whatever the limit of requests.
func TestChangesAreLimited(t *testing.T) {
	r := newRig(t)
	admin, codes := peertest.As{Token: r.User(auth.Admin)}, map[int]int{}
	for range 125 {
		codes[r.Call(admin, "DELETE", "/things/x", "").Code]++
	}
	if codes[200] != 120 || codes[429] != 5 {
		t.Errorf("%v", codes)
	}
	if w := r.Call(admin, "GET", "/things/x", ""); w.Code != 200 {
		t.Errorf("what is not on record: %d", w.Code)
	}
}

// TestAnswersOfOldAndNew: a legacy peer gets errors in the form of the existing services, and everybody else a problem document.
func TestAnswersOfOldAndNew(t *testing.T) {
	r := newRig(t)
	big := strings.Repeat("x", 65<<10)
	r.Problem("too large", r.Call(peertest.As{Token: r.Token("worker")}, "POST", "/v1/work", big), schema.TooLarge)
	w := r.Call(peertest.LegacyPeer, "POST", "/v1/work", big)
	if w.Code != 413 || !strings.HasPrefix(w.Body.String(), `{"detail":`) || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := r.Call(peertest.LegacyPeer, "GET", "/things/x", ""); w.Code != 403 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if n := r.room.Taken(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// TestMetrics count by route, never by what somebody has sent.
func TestMetrics(t *testing.T) {
	r := newRig(t)
	worker := peertest.As{Token: r.Token("worker")}
	r.Call(worker, "POST", "/v1/work", `{}`)
	r.Call(worker, "GET", "/things/canary", "")
	r.Call(worker, "GET", "/canary", "")
	r.Call(peertest.As{Token: "canary"}, "GET", "/ready", "")
	w := r.Call(peertest.As{Token: r.User(auth.Viewer)}, "GET", "/metrics", "")
	for _, want := range []string{
		`orac_test_requests_total{route="POST /v1/work",status="200"} 1`, `orac_test_requests_total{route="GET /things/{id}",status="200"} 1`,
		`orac_test_requests_total{route="none",status="404"} 1`, `orac_test_denied_total 1`, `orac_test_heartbeats_total{outcome="ok"} 1`,
		`orac_test_request_duration_seconds_count{route="POST /v1/work"} 1`,
	} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(want) + `$`).MatchString(w.Body.String()) {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
	if strings.Contains(w.Body.String(), "canary") {
		t.Error("a label holds what somebody has sent")
	}
}

// TestReadiness is 503 for the bad words, and 200 for a legacy peer, who is told the truth in the answer.
func TestReadiness(t *testing.T) {
	for _, c := range []struct {
		kind auth.Kind
		word string
		want string
	}{
		{auth.Service, peers.Healthy, "200 ready"}, {auth.Service, peers.Degraded, "200 ready"}, {auth.Service, peers.Unhealthy, "503 not ready"},
		{auth.Peer, peers.Unhealthy, "200 not ready"},
	} {
		w := httptest.NewRecorder()
		call := &peers.Call{}
		call.W, call.Who.Kind = w, c.kind
		if err := call.Ready(c.word, peers.Unhealthy); err != nil {
			t.Fatal(err)
		}
		got := peertest.Get[peers.WordOut](t, w, w.Code)
		if s := fmt.Sprint(w.Code, " ", got.Status); s != c.want {
			t.Errorf("%+v: %s", c, s)
		}
	}
}
