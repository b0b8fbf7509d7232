package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
	"orac/web/trust"
)

const (
	kitchenBack = "https://kitchen.test/login/callback"
	verifier    = "the verifier of the kitchen, which has 43 bytes or more"
)

// wanted is what the kitchen asks for when somebody wants to log in there.
func wanted() url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {"kitchen"}, "redirect_uri": {kitchenBack}, "scope": {"openid"}, "state": {"s1"}, "nonce": {"n1"},
		"code_challenge": {trust.Challenge(verifier)}, "code_challenge_method": {"S256"},
	}
}

// browser is somebody who is logged in with a session.
type browser struct {
	*rig
	cookie *http.Cookie
	csrf   string
}

func (r *rig) browse(name string) browser {
	r.t.Helper()
	w := r.call(auth.Nobody, "POST", "/api/auth/login", LoginInput{name, password, true})
	return browser{r, w.Result().Cookies()[0], get[LoginOut](r, w, 200).CSRF}
}

func (b browser) send(method, path string, body any) *httptest.ResponseRecorder {
	req := b.request(auth.Nobody, method, path, body)
	req.AddCookie(b.cookie)
	req.Header.Set("X-CSRF-Token", b.csrf)
	return b.do(req)
}

// looks and agrees are what the page of the issuer does.
func (b browser) looks(f url.Values) *httptest.ResponseRecorder {
	return b.send("GET", "/api/auth/authorize?request="+url.QueryEscape(f.Encode()), nil)
}

func (b browser) agrees(f url.Values) *httptest.ResponseRecorder {
	return b.send("POST", "/api/auth/authorize", AuthorizeInput{f.Encode()})
}

// code is that of an answer that is as it should be.
func (b browser) code(f url.Values) string {
	b.t.Helper()
	out := get[Authorization](b.rig, b.agrees(f), 200)
	u, err := url.Parse(out.Back)
	b.must(err)
	q := u.Query()
	if u.Scheme+"://"+u.Host+u.Path != kitchenBack || q.Get("state") != f.Get("state") || q.Get("iss") != issuerURL || q.Get("code") == "" {
		b.t.Fatalf("%+v", out)
	}
	return q.Get("code")
}

func exchanged(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {"kitchen"}, "code": {code}, "redirect_uri": {kitchenBack}, "code_verifier": {verifier}}
}

// TestTheCodeFlow from the member's request to its tokens, and what is on record.
func TestTheCodeFlow(t *testing.T) {
	r := issuer(t)
	if out := get[Authorization](r, r.call(auth.Nobody, "GET", "/api/auth/authorize?request="+url.QueryEscape(wanted().Encode()), nil), 200); !out.Login || out.Back != "" || out.Member != "kitchen" || out.Address != "https://kitchen.test" {
		t.Errorf("nobody: %+v", out)
	}
	anna := r.browse("operator")
	if out := get[Authorization](r, anna.looks(wanted()), 200); out.Login || out.Back != "" || out.Member != "kitchen" {
		t.Errorf("somebody: %+v", out)
	}
	code := anna.code(wanted())
	w := r.form("/oauth/token", "", "", exchanged(code))
	token := get[OAuthToken](r, w, 200)
	if token.ID == "" || token.Refresh == "" || token.Scope != "openid" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s", w.Body)
	}
	if in := r.guard.Introspect(token.Access); in.Subject != "operator" || in.Audience != "kitchen" || in.Role != "operator" || in.Client != "kitchen" {
		t.Errorf("%+v", in)
	}
	agreed, exchanges := r.records("login.authorize"), r.records("token.code")
	if len(agreed) != 2 || agreed[0].Who != "operator" || agreed[0].Target != "kitchen" || len(exchanges) != 1 || exchanges[0].Who != "operator" || exchanges[0].Target != "kitchen" {
		t.Errorf("%+v, %+v", agreed, exchanges)
	}
	for _, secret := range []string{code, token.Access, token.Refresh, token.ID, verifier} {
		text, _ := json.Marshal(append(agreed, exchanges...))
		if strings.Contains(r.logged.String(), secret) || strings.Contains(string(text), secret) {
			t.Error("the log or the records have a secret")
		}
	}
	next := get[OAuthToken](r, r.form("/oauth/token", "", "", url.Values{"grant_type": {"refresh_token"}, "client_id": {"kitchen"}, "refresh_token": {token.Refresh}}), 200)
	if w := r.form("/oauth/revoke", "", "", url.Values{"client_id": {"kitchen"}, "token": {next.Refresh}}); w.Code != 200 || r.guard.Introspect(next.Access).Active {
		t.Errorf("the member ends it: %d %s", w.Code, w.Body)
	}
}

// TestNoRequestLeadsElsewhere: an address that is not the member's own is never answered at, whatever else is wrong.
func TestNoRequestLeadsElsewhere(t *testing.T) {
	r := issuer(t)
	anna := r.browse("admin")
	for _, to := range []string{
		"https://evil.example/login/callback", "http://kitchen.test/login/callback", "HTTPS://kitchen.test/login/callback", "https://KITCHEN.test/login/callback", "https://kitchen.test/Login/callback",
		"https://kitchen.test/login/callback/", "https://kitchen.test/login/callback/../..", "https://kitchen.test/login/callback?", "https://kitchen.test/login/callback?next=x", "https://kitchen.test/login/callback#x",
		"https://kitchen.test:443/login/callback", "https://kitchen.test:8443/login/callback", "https://kitchen.test.evil.example/login/callback", "https://evil.example@kitchen.test/login/callback",
		"https://kitchen.test@evil.example/login/callback", "https://kitchen.test\\@evil.example/login/callback", "https:\\\\kitchen.test/login/callback", "https:/kitchen.test/login/callback", "//kitchen.test/login/callback", "/login/callback",
		"https://kitchen.test/login%2fcallback", "https://kitchen.test/%6cogin/callback", "https://kitchen%2etest/login/callback", " https://kitchen.test/login/callback", "https://kitchen.test/login/callback\r\nX: y", "https://kitchen.test\x00/login/callback",
		"javascript:alert(1)//https://kitchen.test/login/callback", "data:text/html,x", "https://kitchen.test", "https://cellar.test/login/callback",
	} {
		for _, wrong := range []string{"", "state", "code_challenge", "response_type"} {
			f := with(wanted(), "redirect_uri", to)
			if wrong != "" {
				f.Del(wrong)
			}
			r.problem("looks at "+to, anna.looks(f), schema.InvalidInput)
			r.problem("agrees to "+to, anna.agrees(f), schema.InvalidInput)
		}
	}
	for _, client := range []string{"cellar", "attic", "../kitchen", "Kitchen", "kitchen ", "core"} {
		r.problem(client, anna.looks(with(wanted(), "client_id", client)), schema.NotFound)
	}
	for _, f := range []url.Values{with(wanted(), "client_id", ""), with(wanted(), "redirect_uri", ""), {"client_id": {"kitchen", "kitchen"}, "redirect_uri": {kitchenBack}}, {"client_id": {"kitchen"}, "redirect_uri": {kitchenBack, "https://evil.example"}}} {
		r.problem(f.Encode(), anna.looks(f), schema.InvalidInput)
	}
	if len(r.records("token.code")) != 0 {
		t.Error("somebody got in")
	}
}

// TestWhatTheMemberIsTold: everything else that is wrong leads back to the member, with its state and the name of the issuer.
func TestWhatTheMemberIsTold(t *testing.T) {
	r := issuer(t)
	anna := r.browse("admin")
	for _, c := range []struct{ name, value, code string }{
		{"response_type", "token", "unsupported_response_type"}, {"scope", "profile", "invalid_scope"}, {"nonce", "", "invalid_request"},
		{"code_challenge", "", "invalid_request"}, {"code_challenge_method", "plain", "invalid_request"}, {"code_challenge_method", "", "invalid_request"},
		{"request_uri", "https://evil.example", "request_uri_not_supported"}, {"prompt", "none", "interaction_required"},
	} {
		for what, w := range map[string]*httptest.ResponseRecorder{"looks": anna.looks(with(wanted(), c.name, c.value)), "agrees": anna.agrees(with(wanted(), c.name, c.value))} {
			u, err := url.Parse(get[Authorization](r, w, 200).Back)
			r.must(err)
			if q := u.Query(); u.Host != "kitchen.test" || u.Path != "/login/callback" || q.Get("error") != c.code || q.Get("state") != "s1" || q.Get("iss") != issuerURL || q.Has("code") {
				t.Errorf("%s with %s=%q: %s", what, c.name, c.value, u)
			}
		}
	}
	silent := "/api/auth/authorize?request=" + url.QueryEscape(with(wanted(), "prompt", "none").Encode())
	if out := get[Authorization](r, r.call(auth.Nobody, "GET", silent, nil), 200); !strings.Contains(out.Back, "error=login_required") || out.Login {
		t.Errorf("%+v", out)
	}
}

// TestALoginOnceMore: prompt=login and max_age ask for a login after the request, and are content with it.
func TestALoginOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := issuer(t)
		anna := r.browse("admin")
		time.Sleep(time.Minute)
		for _, f := range []url.Values{with(wanted(), "prompt", "login"), with(wanted(), "max_age", "59"), with(wanted(), "max_age", "0")} {
			for what, w := range map[string]*httptest.ResponseRecorder{"looks": anna.looks(f), "agrees": anna.agrees(f)} {
				out := get[Authorization](r, w, 200)
				rest, err := url.ParseQuery(out.Request)
				r.must(err)
				if !out.Login || out.Back != "" || rest.Has("prompt") || rest.Has("max_age") || rest.Get("state") != "s1" {
					t.Errorf("%s at %s: %+v", what, f.Encode(), out)
				}
				if out := get[Authorization](r, anna.agrees(rest), 200); !out.Login {
					t.Errorf("%s: the login before will do", f.Encode())
				}
				if r.browse("admin").code(rest) == "" {
					t.Error("a login after the request does not do")
				}
			}
		}
		if out := get[Authorization](r, anna.looks(with(wanted(), "max_age", "61")), 200); out.Login {
			t.Error("a login that is fresh enough will not do")
		}
		r.cancel()
		r.sims.Close()
		r.server.gate.Refused.End()
		r.must(r.guard.Close())
	})
}

// TestWhoMayAgree: the user of a session, with its token, and nobody by another credential.
func TestWhoMayAgree(t *testing.T) {
	r := issuer(t)
	anna := r.browse("admin")
	if out := get[Authorization](r, r.call(auth.Admin, "POST", "/api/auth/authorize", AuthorizeInput{wanted().Encode()}), 200); !out.Login || out.Back != "" {
		t.Errorf("by a token: %+v", out)
	}
	r.problem("nobody", r.call(auth.Nobody, "POST", "/api/auth/authorize", AuthorizeInput{wanted().Encode()}), schema.Unauthenticated)
	anna.csrf = "x"
	r.problem("without the session's token", anna.agrees(wanted()), schema.NoCSRF)
	r.problem("by GET", anna.send("GET", "/oauth/token?"+exchanged("x").Encode(), nil), schema.WrongMethod)
}

// TestWhatAnExchangeRefuses, with codes of RFC 6749, and on record.
func TestWhatAnExchangeRefuses(t *testing.T) {
	r := issuerWith(t, func(rb *runbook.Runbook) { rb.Members[1].URL = "https://cellar.test" })
	anna := r.browse("admin")
	for _, c := range []struct{ name, value, code string }{
		{"code", "", "invalid_request"}, {"code_verifier", "", "invalid_request"}, {"redirect_uri", "", "invalid_request"},
		{"code", "orac_ac_x", "invalid_grant"}, {"code_verifier", trust.Challenge(verifier), "invalid_grant"}, {"client_id", "cellar", "invalid_grant"}, {"redirect_uri", "https://cellar.test/login/callback", "invalid_grant"},
		{"client_id", "attic", "invalid_client"}, {"client_id", "", "invalid_client"},
	} {
		f := with(exchanged(anna.code(wanted())), c.name, c.value)
		w := r.form("/oauth/token", "", "", f)
		var e oauthError
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code != c.code {
			t.Errorf("%s=%q: %d %s", c.name, c.value, w.Code, w.Body)
		}
	}
	code := anna.code(wanted())
	token := get[OAuthToken](r, r.form("/oauth/token", "", "", exchanged(code)), 200)
	if w := r.form("/oauth/token", "", "", exchanged(code)); w.Code != 400 || !strings.Contains(w.Body.String(), "invalid_grant") || r.guard.Introspect(token.Access).Active {
		t.Errorf("twice: %d %s", w.Code, w.Body)
	}
	if list := r.records("token.code"); !slices.ContainsFunc(list, func(l audit.Line) bool {
		return l.Outcome == audit.Denied && strings.HasPrefix(l.Why, "code: used twice")
	}) {
		t.Errorf("%+v", list)
	}
}
