package coreserver

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/peers"
	"orac/web/peers/peertest"
)

// ask makes a good request to a route.
func (r *rig) ask(who peertest.As, route Route) int {
	path := strings.NewReplacer("/topics/{id}", "/topics/general", "{topic}", "general", "{id}", "home", "{entity}", "light.kitchen").Replace(route.Path)
	body := ""
	switch {
	case strings.HasPrefix(route.Path, "/v1/generate"):
		body = `{"prompt":"turn on the lights"}`
	case route.Path == "/v1/topics/heartbeat":
		body = `{"instance_id":"a","source":"orac_stt","topics":[]}`
	case route.Path == "/v1/cache/stt/entry":
		path += "?stt_text=make+it+cosy&topic_id=general"
	}
	return r.Call(who, route.Method, path, body).Code
}

// TestEveryRouteAsEveryone: who has the right gets in, and nobody else does; what was refused is on record.
func TestEveryRouteAsEveryone(t *testing.T) {
	r := newRig(t)
	permitted := func(list ...string) func(peers.Right) bool {
		return func(x peers.Right) bool { return x.Anybody || slices.Contains(list, x.Permission) }
	}
	callers := map[string]struct {
		peertest.As
		may func(peers.Right) bool
	}{
		"nobody":          {peertest.As{}, func(peers.Right) bool { return false }},
		"the legacy peer": {peertest.LegacyPeer, func(x peers.Right) bool { return x.Legacy }},
		"its neighbour":   {peertest.As{From: "192.0.2.78"}, func(peers.Right) bool { return false }},
		"orac_stt":        {peertest.As{Token: r.Token("orac_stt")}, permitted(Results, Status)},
		"beats":           {peertest.As{Token: r.Token("beats")}, permitted(Status)},
		"reads":           {peertest.As{Token: r.Token("reads")}, permitted(Read)},
		"nothing":         {peertest.As{Token: r.Token("nothing")}, permitted()},
		"a viewer":        {peertest.As{Token: r.User(auth.Viewer)}, func(x peers.Right) bool { return x.Anybody || x.Role == auth.Viewer }},
		"an operator":     {peertest.As{Token: r.User(auth.Operator)}, func(x peers.Right) bool { return x.Role != auth.Admin }},
		"an admin":        {peertest.As{Token: r.User(auth.Admin)}, func(x peers.Right) bool { return true }},
	}
	for _, route := range Routes() {
		for name, c := range callers {
			code := r.ask(c.As, route)
			known := c.Token != "" || name == "the legacy peer"
			switch {
			case route.Right.Open || c.may(route.Right):
				want := 200
				if strings.HasPrefix(route.Doc, "Changes nothing") {
					want = http.StatusConflict
				}
				if code != want {
					t.Errorf("%s as %s: %d", route.Pattern(), name, code)
				}
			case known && code != http.StatusForbidden, !known && code != http.StatusUnauthorized:
				t.Errorf("%s as %s: %d", route.Pattern(), name, code)
			}
		}
	}
	if list := r.Records("core.request"); len(list) == 0 || list[0].Outcome != audit.Denied {
		t.Errorf("refusals are not on record: %+v", list)
	}
	for _, action := range []string{"learnt.clear", "learnt.forget", "backend.refresh", "backend.change"} {
		if list := r.Records(action); len(list) == 0 {
			t.Errorf("no record of %s", action)
		}
	}
}

// TestATokenForAnotherAudience is refused, although the account is known here and its signature is good.
func TestATokenForAnotherAudience(t *testing.T) {
	r := newRig(t)
	r.ForItsAudience("orac_stt", "hey_orac", runbook.STTAudience,
		func(who peertest.As) *httptest.ResponseRecorder { return r.say(who, "turn on the lights") },
		func() int { _, n := r.deeds.last(); return n })
}

// TestLimitsByCategory: who peertest.Asks too often is told so in headers; other categories and other callers are served.
func TestLimitsByCategory(t *testing.T) {
	r := newRigWith(t, func(rb *runbook.Runbook) { rb.CoreServers[0].PerPeer = 20 })
	operator := peertest.As{Token: r.User(auth.Operator)}
	codes := map[int]int{}
	for range 6 {
		w := r.say(operator, "turn on the lights")
		codes[w.Code]++
		if h := w.Header(); h.Get("RateLimit-Limit") != "4" || !strings.Contains(h.Get("RateLimit-Policy"), "generation") || h.Get("RateLimit-Remaining") == "" || w.Code == 429 && h.Get("Retry-After") == "" {
			t.Errorf("%v", h)
		}
	}
	if codes[200] != 4 || codes[429] != 2 {
		t.Errorf("texts: %v", codes)
	}
	if w := r.Call(operator, "POST", "/api/backends/home/test", ""); w.Code != 200 || w.Header().Get("RateLimit-Limit") != "1" {
		t.Errorf("a test: %d %v", w.Code, w.Header())
	}
	if w := r.Call(operator, "POST", "/api/backends/home/test", ""); w.Code != 429 {
		t.Errorf("another test: %d", w.Code)
	}
	if w := r.Call(operator, "GET", "/v1/status", ""); w.Code != 200 || w.Header().Get("RateLimit-Limit") != "20" {
		t.Errorf("the status: %d", w.Code)
	}
	if w := r.say(peertest.As{Token: r.Token("orac_stt")}, "turn on the lights"); w.Code != 200 {
		t.Errorf("another: %d", w.Code)
	}
	if w := r.say(peertest.LegacyPeer, "turn on the lights"); w.Code != 200 {
		t.Errorf("the legacy peer: %d", w.Code)
	}
}
