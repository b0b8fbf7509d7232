package api

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
)

// TestRefusedTokensAreOnRecord: what was shown, of whom if that is proven, why, and from where; and never the token.
func TestRefusedTokensAreOnRecord(t *testing.T) {
	rig := newRig(t)
	ended, err := rig.guard.Issue(rig.vouch("operator"), time.Hour)
	rig.must(err)
	who, err := rig.guard.Token(ended.Token)
	rig.must(err)
	rig.must(rig.guard.LogOut(who))
	k, text, err := rig.guard.DB.CreateKey("nightly", auth.Viewer, time.Hour)
	rig.must(err)
	rig.tokens["by key"] = text // while it is good what it is refused names it, and not only what it is called
	rig.problem("a viewer's key", rig.call("by key", "POST", "/api/runbook/rollback", RollbackInput{Generation: 1}), schema.Forbidden)
	if list := rig.records("runbook.rollback"); len(list) != 1 || list[0].Who != "key:nightly" || list[0].Way != "key "+k.ID {
		t.Errorf("%+v", list)
	}
	_, err = rig.guard.DB.RevokeKey(k.ID)
	rig.must(err)
	ask := func(header, value string) *httptest.ResponseRecorder {
		req := rig.request(auth.Nobody, "GET", "/api/status", nil)
		req.Header.Set(header, value)
		return rig.do(req)
	}
	for _, c := range []struct{ header, value, action, target, why string }{
		{"Authorization", "Bearer " + ended.Token, "token.refused", "operator", "token: revoked"},
		{"Authorization", "Bearer " + ended.Token[:len(ended.Token)-4] + "AAAA", "token.refused", "", "token: signature or algorithm"},
		{"Authorization", "Bearer canary-t0ken", "token.refused", "", "token: malformed"},
		{"Authorization", "Basic canary-t0ken", "token.refused", "", "token: the Authorization header holds no bearer token"},
		{"Authorization", "Bearer " + text, "key.refused", "", "key " + k.ID + ": revoked"},
		{"Authorization", "Bearer orac_key_0123456789ab_canary-t0ken", "key.refused", "", "key: unknown"},
		{"Cookie", rig.cookieOf("viewer") + "=canary-t0ken", "session.refused", "", "session: unknown or ended"},
	} {
		rig.problem(c.why, ask(c.header, c.value), schema.Unauthenticated)
		list := rig.records(c.action)
		if len(list) == 0 || list[0].Why != c.why || list[0].Target != c.target || list[0].Outcome != audit.Denied || list[0].Who != "nobody" || list[0].From != "192.0.2.1" || list[0].Request == "" {
			t.Errorf("%s: %+v", c.why, list)
		}
	}
	var all strings.Builder
	rig.must(rig.audit.Export(&all))
	for _, secret := range []string{"canary-t0ken", ended.Token, text} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("a record holds %.20q", secret)
		}
	}
}

// TestRefusedTokensAreLimited: guessing at tokens is counted as all that is asked without a login.
func TestRefusedTokensAreLimited(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.Anonymous = 5 })
	codes := map[int]int{}
	for n := range 20 {
		req := rig.request(auth.Nobody, "GET", "/api/status", nil)
		req.Header.Set("Authorization", fmt.Sprint("Bearer x", n))
		codes[rig.do(req).Code]++
	}
	if codes[401] != 5 || codes[429] != 15 {
		t.Errorf("%v", codes)
	}
}
