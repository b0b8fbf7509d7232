package api

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/gate"
	"orac/web/schema"
)

// TestRefusalsAreCountedNotRecorded: every route that changes something × every role that it is not for, by its role or because
// what is asked for is another's. However often it comes, it leaves a record and a count; and no attempt, since none was made.
func TestRefusalsAreCountedNotRecorded(t *testing.T) {
	const times = 5
	rig := newRigWith(t, func(rb *runbook.Runbook) {
		l := &rb.Web.Limits
		l.Viewer, l.Operator, l.Admin, l.PerAddress = 100_000, 100_000, 100_000, 100_000
	})
	k, text, err := rig.guard.DB.CreateKey("nightly", auth.Viewer, time.Hour)
	rig.must(err)
	rig.key = k.ID
	rig.tokens["key"] = text
	seen := 0
	for _, r := range Routes() {
		if r.Change == "" || enrols(r) {
			continue
		}
		for _, as := range []auth.Role{auth.Viewer, auth.Operator, auth.Admin, "key"} {
			role := as
			if as == "key" {
				role = auth.Viewer
			}
			path := strings.ReplaceAll(pathOf(t, r, rig), "/users/viewer", "/users/admin") // another's
			low := !role.Includes(r.Role)
			if as == auth.Admin || !low && r.may == nil {
				continue
			}
			if slices.Contains([]string{"logout", "logoutEverywhere", "addPasskey", "renamePasskey", "removePasskey"}, r.Name) {
				if as != "key" { // everybody's own
					continue
				}
			}
			before := len(all(rig, r.Change))
			for range times {
				w := rig.call(as, r.Method, path, inputs[r.Name])
				if w.Code != http.StatusForbidden {
					t.Errorf("%s as %s: %d %s", r.Name, as, w.Code, w.Body)
				}
			}
			list := all(rig, r.Change)
			if n := len(list) - before; n != 1 || list[0].Outcome != audit.Denied {
				t.Errorf("%s as %s: %d refusals leave %d records", r.Name, as, times, n)
			}
			seen++
		}
	}
	if seen < 50 {
		t.Errorf("%d were refused", seen)
	}
}

// all are the records of an action, however many.
func all(r *rig, action string) []audit.Line {
	r.t.Helper()
	list, err := r.audit.Page(0, 10_000, func(a audit.Record) bool { return a.Action == action })
	r.must(err)
	return list
}

// TestGuessesAtTheOwnPasswordAreRefusals: a stolen login that tries what the present password is writes no two records a try, and
// is slowed down as a login is.
func TestGuessesAtTheOwnPasswordAreRefusals(t *testing.T) {
	rig := newRig(t)
	codes := map[int]int{}
	for range 100 {
		w := rig.call(auth.Viewer, "PUT", "/api/users/viewer/password", map[string]string{"current_password": "wrong", "password": "a new password"})
		codes[w.Code]++
	}
	if codes[http.StatusForbidden] > 5 || codes[http.StatusForbidden] == 0 || codes[http.StatusForbidden]+codes[http.StatusTooManyRequests] != 100 {
		t.Errorf("%v", codes)
	}
	list := all(rig, "user.password")
	if len(list) != 1 || list[0].Outcome != audit.Denied || list[0].Why != "The present password is wrong." || list[0].Target != "viewer" {
		t.Errorf("%d records: %+v", len(list), list)
	}
}

// TestChangesAreBounded: who may change something fills the audit log no faster than it is to last.
func TestChangesAreBounded(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Operator, rb.Web.Limits.PerAddress = 100_000, 100_000 })
	judged := pathOf(t, rig.server.byName["judge"], rig)
	done := 0
	for range maxChanges + 30 {
		switch w := rig.call(auth.Operator, "PUT", judged, inputs["judge"]); w.Code {
		case http.StatusNoContent:
			done++
		case http.StatusTooManyRequests:
		default:
			t.Fatal(w.Code, w.Body)
		}
	}
	if n := len(all(rig, "detection.judge")); done != maxChanges || n != 2*maxChanges {
		t.Errorf("%d were done, with %d records", done, n)
	}
	if w := rig.call(auth.Admin, "PUT", judged, inputs["judge"]); w.Code != http.StatusNoContent {
		t.Errorf("another's changes are held up: %d", w.Code)
	}
}

// TestALoginThatEndsWhileItIsMade: what was proven does not count any more when tokens are to be issued. That is no login, and is on
// record as a refusal.
func TestALoginThatEndsWhileItIsMade(t *testing.T) {
	for _, session := range []bool{false, true} {
		rig := newRig(t)
		v, err := rig.guard.Login("viewer", password, rig.from())
		rig.must(err)
		rb := *rig.app.Book
		rb.Users = nil
		for _, u := range rig.app.Book.Users {
			if u.Name == "viewer" {
				u.Role = "operator"
			}
			rb.Users = append(rb.Users, u)
		}
		rig.server.Use(&rb)
		req := rig.request(auth.Nobody, "POST", "/api/auth/login", nil)
		w := httptest.NewRecorder()
		c := &Call{Server: rig.server, Call: rig.server.gate.Call(gate.Call{R: req, W: w, ID: "x", From: rig.from(), Who: v.Identity()})}
		out, err := c.welcome("login", v, session)
		if p := schema.ProblemOf(err); err == nil || p.Status != http.StatusUnauthorized || out.Token.Token != "" || out.CSRF != "" || len(w.Header()["Set-Cookie"]) > 0 {
			t.Errorf("session %v: it is let in: %v", session, err)
		}
		if list := all(rig, "login"); len(list) != 1 || list[0].Outcome != audit.Denied || list[0].Who != "viewer" {
			t.Errorf("%+v", list)
		}
	}
}
