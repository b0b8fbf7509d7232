package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
)

// local is a request by the name that passkeys may belong to.
func (b browser) local(method, path string, body any) *httptest.ResponseRecorder {
	req := b.request(auth.Nobody, method, path, body)
	req.Host = "localhost:7171"
	if b.cookie != nil {
		req.AddCookie(b.cookie)
		req.Header.Set("X-CSRF-Token", b.csrf)
	}
	return b.do(req)
}

// TestPasskeyRoutes: a question for a device comes as it was made, with the password once again, and only to a browser of a user.
func TestPasskeyRoutes(t *testing.T) {
	r := newRig(t)
	anna := r.browse("viewer")
	w := anna.local("POST", "/api/auth/passkeys/options", PasskeyProof{password})
	type question struct {
		Options struct {
			RP        struct{ ID string } `json:"rp"`
			User      struct{ ID, Name string }
			Challenge string
			Selection struct{ ResidentKey, UserVerification string } `json:"authenticatorSelection"`
		}
	}
	q := get[question](r, w, 200)
	if o := q.Options; o.RP.ID != "localhost" || o.User.Name != "viewer" || strings.Contains(o.User.ID, "viewer") || len(o.Challenge) < 43 || o.Selection.ResidentKey != "required" || o.Selection.UserVerification != "required" {
		t.Errorf("%s", w.Body)
	}
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].HttpOnly || c[0].MaxAge != 300 || c[0].SameSite != http.SameSiteLaxMode || strings.Contains(c[0].Value, q.Options.Challenge) {
		t.Errorf("%+v", c)
	}
	r.problem("a wrong password", anna.local("POST", "/api/auth/passkeys/options", PasskeyProof{"x"}), schema.Forbidden)
	r.problem("by an address", anna.send("POST", "/api/auth/passkeys/options", PasskeyProof{password}), schema.Unusable)
	r.problem("by a token", r.call(auth.Viewer, "POST", "/api/auth/passkeys/options", PasskeyProof{password}), schema.Unusable)
	r.problem("without the session's token", browser{r, anna.cookie, "x"}.local("POST", "/api/auth/passkeys/options", PasskeyProof{password}), schema.NoCSRF)
	r.problem("an answer to nothing", anna.local("POST", "/api/auth/passkeys", NewPasskey{"phone", "{}"}), schema.Unusable)
	r.problem("a name that is markup", anna.local("POST", "/api/auth/passkeys", NewPasskey{"<b>", "{}"}), schema.InvalidInput)
	r.problem("another's", anna.local("DELETE", "/api/auth/passkeys/0123456789ab", nil), schema.NotFound)
	if list := r.records("passkey.add"); len(list) != 2 || list[0].Outcome != audit.Failed || list[0].Who != "viewer" {
		t.Errorf("%+v", list)
	}
	nobody := browser{rig: r}
	w = nobody.local("POST", "/api/auth/passkey/options", nil)
	if text := w.Body.String(); w.Code != 200 || strings.Contains(text, "allowCredentials") || !strings.Contains(text, `"userVerification":"required"`) || !strings.Contains(text, `"rpId":"localhost"`) {
		t.Errorf("%d %s", w.Code, text)
	}
	r.problem("a login that answers nothing", nobody.local("POST", "/api/auth/passkey", PasskeyAnswer{"{}"}), schema.Unauthenticated)
	if list := r.records("login.passkey"); len(list) != 1 || list[0].Outcome != audit.Denied {
		t.Errorf("%+v", list)
	}
	ways := get[LoginWays](r, nobody.local("GET", "/api/auth/ways", nil), 200)
	if ways.Passkeys || ways.Issuer != "" {
		t.Errorf("%+v", ways)
	}
}

// TestWhoHasNoPasskeys: accounts of an issuer have theirs there.
func TestWhoHasNoPasskeys(t *testing.T) {
	r := newRigWith(t, func(rb *runbook.Runbook) {
		rb.ServiceAccounts = append(rb.ServiceAccounts, runbook.ServiceAccount{Name: "robot", Role: "admin", Secret: rb.ServiceAccounts[0].Secret})
	})
	v, err := r.guard.Vouch(auth.Service, "robot")
	r.must(err)
	token, err := r.guard.Tokens(v)
	r.must(err)
	for _, c := range []struct {
		method, path string
		body         any
	}{{"GET", "/api/auth/passkeys", nil}, {"POST", "/api/auth/passkeys/options", PasskeyProof{password}}, {"POST", "/api/auth/passkeys", NewPasskey{"x", "{}"}}, {"PUT", "/api/auth/passkeys/0123456789ab", map[string]any{"name": "x"}}, {"DELETE", "/api/auth/passkeys/0123456789ab", nil}} {
		req := r.request(auth.Nobody, c.method, c.path, c.body)
		req.Header.Set("Authorization", "Bearer "+token.Token)
		r.problem(c.method+" "+c.path, r.do(req), schema.Forbidden)
	}
}
