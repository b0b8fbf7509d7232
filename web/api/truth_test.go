package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"orac/appliance/status"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/gate"
	"orac/web/schema"
)

// outcomes are those of the records of an action, the newest first.
func (r *rig) outcomes(action string) (list []audit.Outcome) {
	for _, l := range r.records(action) {
		list = append(list, l.Outcome)
	}
	return list
}

// TestAPanicHasAnOutcome: a change that panics is on record as an attempt, and as one that failed.
func TestAPanicHasAnOutcome(t *testing.T) {
	rig := newRig(t)
	rig.app.Apply = func(status.ApplyRequest) (status.Applied, error) { panic("BUG: a test") }
	w := rig.call(auth.Admin, http.MethodPost, "/api/runbook/apply", inputs["apply"])
	rig.problem("a panic", w, schema.Internal)
	if got := rig.outcomes("runbook.apply"); fmt.Sprint(got) != "[failed attempt]" {
		t.Errorf("%v", got)
	}
}

// TestALoginThatFailsAfterItsRecord: the record says that somebody was let in, and the next one that nobody was.
func TestALoginThatFailsAfterItsRecord(t *testing.T) {
	rig := newRig(t)
	req := rig.request(auth.Nobody, http.MethodPost, "/api/auth/login", nil)
	c := &Call{Server: rig.server, Call: rig.server.gate.Call(gate.Call{R: req, W: httptest.NewRecorder(), ID: "of-a-test", From: rig.from()})}
	v := rig.vouch("viewer")
	c.Who = v.Identity()
	rig.must(c.entrance("login", func() error { return nil }))
	rig.must(rig.guard.Close()) // the disk fails
	if _, err := c.welcome("login", v, false); err == nil {
		t.Fatal("a token without a database")
	}
	if got := rig.outcomes("login"); fmt.Sprint(got) != "[failed done]" {
		t.Errorf("%v", got)
	}
}

// TestRefusalsOfPagesAreOnRecord: as those of the API are.
func TestRefusalsOfPagesAreOnRecord(t *testing.T) {
	rig := newRig(t)
	rig.server.Page(http.MethodPost, "/thing", auth.Admin, func(*Call) error { t.Error("it was done"); return nil })
	req := rig.request(auth.Viewer, http.MethodPost, "/thing", "a=b")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rig.problem("a role too low", rig.do(req), schema.Forbidden)
	w := rig.call(auth.Nobody, http.MethodPost, "/api/auth/login", LoginInput{"admin", password, true})
	req = rig.request(auth.Nobody, http.MethodPost, "/thing", "csrf=wrong")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(w.Result().Cookies()[0])
	rig.problem("without the form's token", rig.do(req), schema.NoCSRF)
	list := rig.records("page.refused")
	if len(list) != 2 || list[1].Who != "viewer" || list[1].Target != "POST /thing" || list[0].Who != "admin" || list[0].Outcome != audit.Denied {
		t.Errorf("%+v", list)
	}
}

// TestOneNetworkIsOneAsker: who has a network of IPv6 hides nobody's first refusal among those from its many addresses.
func TestOneNetworkIsOneAsker(t *testing.T) {
	rig := newRig(t)
	for n := range 3 * gate.DenialBurst {
		rig.server.gate.Refused.Add(audit.Record{Who: "nobody", From: fmt.Sprintf("2001:db8::%x", n+1), Action: "login", Target: fmt.Sprint("name", n), Outcome: audit.Denied, Why: "login: no such user"})
	}
	rig.server.gate.Refused.Add(audit.Record{Who: "nobody", From: "192.0.2.9", Action: "login", Target: "admin", Outcome: audit.Denied, Why: "login: wrong password"})
	list := rig.records("login")
	if len(list) != gate.PerAsker+1 || list[0].From != "192.0.2.9" {
		t.Errorf("%d records, the last from %s", len(list), list[0].From)
	}
}

// TestAPageOfAnotherOriginHasNoSession: browsers send the cookies of this host with a WebSocket that a page of another origin opens. An
// origin of the runbook gets in with a token, and with nobody's session.
func TestAPageOfAnotherOriginHasNoSession(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.Origins = []string{"https://home.test"} })
	login := h.call(auth.Nobody, http.MethodPost, "/api/auth/login", LoginInput{"viewer", password, true}).Result().Cookies()[0]
	session, token := "Cookie: "+login.Name+"="+login.Value, "Authorization: Bearer "+h.tokens[auth.Viewer]
	own := strings.TrimSuffix(strings.TrimPrefix(h.url, "http://"), "/")
	for _, c := range []struct {
		shows, origin string
		want          int
	}{
		{session, "https://home.test", 403}, {token, "https://home.test", 101}, {session, "http://" + own, 101}, {session, "null", 403}, {token, "https://evil.test", 403},
	} {
		got := h.raw("GET /api/ws HTTP/1.1\r\nHost: " + own + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n" +
			c.shows + "\r\nOrigin: " + c.origin + "\r\n\r\n")
		if len(got) == 0 || got[0] != c.want {
			t.Errorf("%.10s from %s: %v, want %d", c.shows, c.origin, got, c.want)
		}
	}
	req := httptest.NewRequest(http.MethodGet, "https://orac.test/api/ws", nil)
	for origin, same := range map[string]bool{"https://orac.test": true, "http://orac.test": false, "": true, "null": false} {
		if req.Header.Set("Origin", origin); edge.SameOrigin(req, true) != same {
			t.Errorf("%q is the same as what has come encrypted: %v", origin, !same)
		}
	}
}

// TestNoHeaderTellsWhoIsKnown: whoever shares an address with others learns from the answer to a wrong password neither that somebody
// has that name, nor that it got in from there.
func TestNoHeaderTellsWhoIsKnown(t *testing.T) {
	rig := newRig(t)
	if code := rig.call(auth.Nobody, http.MethodPost, "/api/auth/login", LoginInput{"admin", password, false}).Code; code != 200 {
		t.Fatal(code)
	}
	page := func(name string) *http.Request {
		req := rig.request(auth.Nobody, http.MethodPost, "/login", "password=wrong&username="+name)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return req
	}
	answer := func(req *http.Request) string {
		w := rig.do(req)
		w.Header().Del(edge.RequestHeader)
		w.Header().Del("Ratelimit-Remaining") // of the address: each request takes one
		return fmt.Sprint(w.Code, w.Header())
	}
	known := answer(rig.request(auth.Nobody, http.MethodPost, "/api/auth/login", LoginInput{"admin", "wrong", false}))
	if unknown := answer(rig.request(auth.Nobody, http.MethodPost, "/api/auth/login", LoginInput{"zoe", "wrong", false})); known != unknown {
		t.Errorf("%s\n%s", known, unknown)
	}
	limit := rig.do(page("admin")).Header().Get("Ratelimit-Limit")
	if got := fmt.Sprint(rig.app.Book.Web.Limits.PerAddress); limit != got {
		t.Errorf("the page tells %s, and not the limit of the address, %s", limit, got)
	}
}

// waiting is a body that something happens before, as if whoever sends it had waited for that.
type waiting struct {
	io.Reader
	first func()
}

func (w *waiting) Read(b []byte) (int, error) {
	if f := w.first; f != nil {
		w.first = nil
		f()
	}
	return w.Reader.Read(b)
}

// TestWhoIsNoAdminAnyMoreChangesNothing: an admin begins a request and holds its body back, or waits for the turn of a change, and is
// made a viewer, removed or logged out meanwhile. Nothing is changed, and the refusal is on record.
func TestWhoIsNoAdminAnyMoreChangesNothing(t *testing.T) {
	ends := map[string]func(*rig){
		"made a viewer": func(r *rig) {
			rb := *r.app.Book
			rb.Users = slices.Clone(rb.Users)
			rb.Users[2].Role = "viewer"
			r.server.Use(&rb)
		},
		"logged out": func(r *rig) { r.must(r.guard.DB.LogOutEverywhere("admin")) },
	}
	for end, do := range ends {
		for _, held := range []string{"the body", "the turn", "the form"} {
			rig := newRig(t)
			rig.server.Page(http.MethodPost, "/thing", auth.Admin, func(c *Call) error {
				_, err := OpApply.Call(c, inputs["apply"].(ApplyInput))
				return err
			})
			req := rig.request(auth.Admin, http.MethodPost, "/api/runbook/apply", inputs["apply"])
			if held == "the form" {
				req = rig.request(auth.Admin, http.MethodPost, "/thing", "a=b")
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if held == "the turn" {
				rig.app.Before = func() { do(rig) }
			} else {
				req.Body = io.NopCloser(&waiting{req.Body, func() { do(rig) }})
			}
			rig.problem(held+", "+end, rig.do(req), schema.Unauthenticated)
			if len(rig.app.Applied) > 0 {
				t.Errorf("%s, %s: it was applied", held, end)
			}
			if got := append(rig.records("proof.refused"), rig.records("runbook.apply")...); len(got) == 0 || got[0].Outcome != audit.Denied || got[0].Who != "admin" {
				t.Errorf("%s, %s: %+v", held, end, got)
			}
		}
	}
}
