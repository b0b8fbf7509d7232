package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"orac/appliance/status"
	"orac/appliance/turns"
	"orac/runbook"
	"orac/web/auth"
	"orac/web/schema"
)

// TestStrangersAtAnAddressHoldUpNobody: whoever asks without a login, shows what is wrong, or guesses at people and services, from
// the address that the owner has too. The owner's requests and logins go on; who has never been there waits.
func TestStrangersAtAnAddressHoldUpNobody(t *testing.T) {
	few := func(rb *runbook.Runbook) {
		l := &rb.Web.Limits
		l.Anonymous, l.PerAddress = 5, 20
	}
	login := func(rig *rig, name, word string) int {
		return rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{name, word, false}).Code
	}
	for name, flood := range map[string]func(*rig){
		"requests":  func(r *rig) { r.call(auth.Nobody, "GET", "/api/health", nil) },
		"no routes": func(r *rig) { r.call(auth.Nobody, "GET", "/nothing", nil) },
		"wrong tokens": func(r *rig) {
			req := r.request(auth.Nobody, "GET", "/api/status", nil)
			req.Header.Set("Authorization", "Bearer x.y.z")
			r.do(req)
		},
		"wrong sessions": func(r *rig) {
			req := r.request(auth.Nobody, "GET", "/api/status", nil)
			req.AddCookie(&http.Cookie{Name: r.cookieOf("viewer"), Value: "xyz"})
			r.do(req)
		},
		"other hosts": func(r *rig) {
			req := r.request(auth.Nobody, "GET", "/api/status", nil)
			req.Host = "evil.test"
			r.do(req)
		},
		"guesses at a service": func(r *rig) {
			r.call(auth.Nobody, "POST", "/api/auth/service-token", ServiceTokenInput{"core", "wrong"})
		},
		"guesses at other people": func(r *rig) { login(r, "mallory", "wrong") },
		"guesses at viewers":      func(r *rig) { login(r, "viewer", "wrong") },
		"refresh tokens":          func(r *rig) { r.call(auth.Nobody, "POST", "/api/auth/refresh", RefreshInput{"x"}) },
	} {
		t.Run(name, func(t *testing.T) {
			rig := newRigWith(t, few)
			if code := login(rig, "admin", password); code != 200 {
				t.Fatal(code)
			}
			pair := get[auth.Token](rig, rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"operator", password, false}), 200)
			for range 100 {
				flood(rig)
			}
			if w := rig.call(auth.Nobody, "POST", "/api/auth/refresh", RefreshInput{pair.Refresh}); w.Code != 200 {
				t.Errorf("a refresh token that is good is held up: %d %s", w.Code, w.Body)
			}
			if code := rig.call(auth.Nobody, "GET", "/api/health", nil).Code; code != 429 && !strings.HasPrefix(name, "guesses") {
				t.Errorf("the flood is no flood: %d", code)
			}
			if w := rig.call(auth.Admin, "GET", "/api/status", nil); w.Code != 200 {
				t.Errorf("who is logged in is held up: %d %s", w.Code, w.Body)
			}
			if code := login(rig, "admin", password); code != 200 {
				t.Errorf("who was there before cannot log in: %d", code)
			}
			// By the page, too.
			form := rig.request(auth.Nobody, "POST", "/login", "username=admin&password="+strings.ReplaceAll(password, " ", "+"))
			form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if w := rig.do(form); w.Code != http.StatusSeeOther {
				t.Errorf("nor by the page: %d", w.Code)
			}
		})
	}
}

// TestGuessesAtAServiceHoldUpNoPerson: also one who was never there, and over a restart the others.
func TestGuessesAtAServiceHoldUpNoPerson(t *testing.T) {
	rig := newRig(t)
	for range 30 {
		rig.call(auth.Nobody, "POST", "/api/auth/service-token", ServiceTokenInput{"core", "wrong"})
	}
	w := rig.call(auth.Nobody, "POST", "/api/auth/service-token", ServiceTokenInput{"core", strings.Repeat("core-secret-", 4)})
	rig.problem("the service itself", w, schema.Slower)
	if w := rig.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{"viewer", password, false}); w.Code != 200 {
		t.Errorf("a person is held up: %d %s", w.Code, w.Body)
	}
}

// TestWhoCountsForWhom: a person's requests are counted by person, so that many of them at one address do not share a budget, and
// one with many addresses has one.
func TestWhoCountsForWhom(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.PerAddress = 10 })
	passed := func(role auth.Role) (n int) {
		for range 30 {
			if rig.call(role, "GET", "/api/auth/me", nil).Code == 200 {
				n++
			}
		}
		return n
	}
	for _, role := range auth.Roles() {
		if n := passed(role); n != 10 {
			t.Errorf("the %s had %d answers", role, n)
		}
	}
}

// TestCostlyRequestsTakeTurns: what goes through texts in this process does so one at a time for each who asks. Every route of the
// runbook is costly, or leaves the work to the child that evaluates texts, where there are turns as well.
func TestCostlyRequestsTakeTurns(t *testing.T) {
	rig := newRig(t)
	child := []string{"runbook", "validate", "plan", "apply", "planRollback", "rollback"}
	for _, r := range rig.server.routes {
		if r.Tag == "runbook" && r.Role == auth.Admin && r.Costly == slices.Contains(child, r.Name) {
			t.Errorf("%s: who bounds what it costs?", r.Name)
		}
	}
	rig.server.costly = turns.New(2, 1)
	going, err := rig.server.costly.Take(t.Context(), auth.Identity{Kind: auth.User, Name: "admin"}.Subject())
	rig.must(err)
	rig.problem("an edit beside another", rig.call(auth.Admin, "POST", "/api/runbook/edit", map[string]any{"operations": []any{}}), schema.Slower)
	get[status.Plan](rig, rig.call(auth.Admin, "POST", "/api/runbook/plan", SourceInput{testRunbook}), 200)
	going()
	if w := rig.call(auth.Admin, "GET", "/api/runbook/blocks", nil); w.Code != 200 || !rig.server.costly.Idle() {
		t.Errorf("when it is over: %d %s", w.Code, w.Body)
	}
}
