package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/trust"
)

const (
	issuerURL  = "https://example.com"
	sttSecret  = "the secret of hey orac, 32 bytes long"
	gateSecret = "the secret of the gateway, 32 bytes long"
)

// issuer is a server whose runbook makes it an issuer, with an account and the members kitchen (with a console) and cellar.
func issuer(t testing.TB) *rig { return issuerWith(t, func(*runbook.Runbook) {}) }

func issuerWith(t testing.TB, change func(*runbook.Runbook)) *rig {
	return newRigWith(t, func(rb *runbook.Runbook) {
		rb.Issuer = runbook.Issuer{URL: issuerURL, Rotate: 30 * 24 * time.Hour}
		rb.Members = []runbook.Member{{Address: "member.kitchen", Name: "kitchen", URL: "https://kitchen.test"}, {Address: "member.cellar", Name: "cellar"}}
		rb.ServiceAccounts = []runbook.ServiceAccount{
			{Name: "hey_orac", Secret: language.NewSecret(sttSecret), Permissions: []string{"stt.transcribe", "stt.heartbeat"}, Members: []runbook.Address{"member.kitchen"}},
			{Name: "gateway", Secret: language.NewSecret(gateSecret), Permissions: []string{"tokens.introspect"}},
		}
		change(rb)
	})
}

// form posts a form, with the credentials of a client unless id is "".
func (r *rig) form(path, id, secret string, f url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequest("POST", path, strings.NewReader(f.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return r.do(req)
}

var ofKitchen = url.Values{"grant_type": {"client_credentials"}, "audience": {"kitchen"}}

// with is a form with further values; an empty one takes a parameter away.
func with(f url.Values, more ...string) url.Values {
	f = url.Values(http.Header(f).Clone())
	for i := 0; i < len(more); i += 2 {
		if f.Set(more[i], more[i+1]); more[i+1] == "" {
			f.Del(more[i])
		}
	}
	return f
}

// TestTheTokenEndpoint: what an account gets, and in what form.
func TestTheTokenEndpoint(t *testing.T) {
	r := issuer(t)
	for what, w := range map[string]*httptest.ResponseRecorder{
		"by its header": r.form("/oauth/token", "hey_orac", sttSecret, ofKitchen),
		"by its form":   r.form("/oauth/token", "", "", with(ofKitchen, "client_id", "hey_orac", "client_secret", sttSecret)),
		"by both, once": r.form("/oauth/token", "hey_orac", sttSecret, with(ofKitchen, "client_id", "hey_orac")),
	} {
		token := get[OAuthToken](r, w, 200)
		if token.Type != "Bearer" || token.Seconds < 899 || token.Seconds > 900 || token.Refresh != "" || token.Scope != "stt.transcribe stt.heartbeat" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, %v", what, w.Body, w.Header())
		}
		if in := r.guard.Introspect(token.Access); in.Audience != "kitchen" || in.Issuer != issuerURL || in.Client != "hey_orac" {
			t.Errorf("%s: %+v", what, in)
		}
	}
	token := get[OAuthToken](r, r.form("/oauth/token", "hey_orac", sttSecret, with(ofKitchen, "scope", "stt.heartbeat offline_access")), 200)
	if token.Refresh == "" || token.Scope != "stt.heartbeat" {
		t.Errorf("%+v", token)
	}
	next := get[OAuthToken](r, r.form("/oauth/token", "hey_orac", sttSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.Refresh}}), 200)
	if next.Refresh == "" || next.Refresh == token.Refresh || next.Scope != "stt.heartbeat" {
		t.Errorf("%+v", next)
	}
	if n := len(r.records("token.client")); n != 4 {
		t.Errorf("%d records", n)
	}
	for _, secret := range []string{sttSecret, token.Access, token.Refresh, next.Refresh} {
		if strings.Contains(r.logged.String(), secret) {
			t.Error("the log has a secret")
		}
	}
}

// TestWhatTheTokenEndpointRefuses, with the codes of RFC 6749 and no word about what exists.
func TestWhatTheTokenEndpointRefuses(t *testing.T) {
	for _, c := range []struct {
		what, id, secret string
		form             url.Values
		status           int
		code             string
	}{
		{"a wrong secret", "hey_orac", "x", ofKitchen, 401, "invalid_client"},
		{"no secret", "hey_orac", "", ofKitchen, 401, "invalid_client"},
		{"no such account", "nobody", sttSecret, ofKitchen, 401, "invalid_client"},
		{"nobody", "", "", ofKitchen, 401, "invalid_client"},
		{"a user's password", "admin", password, ofKitchen, 401, "invalid_client"},
		{"a member for itself", "", "", with(ofKitchen, "client_id", "kitchen"), 400, "unauthorized_client"},
		{"two ways", "gateway", gateSecret, with(ofKitchen, "client_id", "hey_orac", "client_secret", sttSecret), 400, "invalid_request"},
		{"no grant", "gateway", gateSecret, url.Values{}, 400, "invalid_request"},
		{"a password grant", "gateway", gateSecret, url.Values{"grant_type": {"password"}, "username": {"admin"}, "password": {password}}, 400, "unsupported_grant_type"},
		{"another account's member", "gateway", gateSecret, ofKitchen, 400, "invalid_target"},
		{"a member of nobody", "gateway", gateSecret, with(ofKitchen, "audience", "cellar"), 400, "invalid_target"},
		{"no member", "gateway", gateSecret, with(ofKitchen, "audience", "../kitchen"), 400, "invalid_target"},
		{"more than it has", "gateway", gateSecret, with(ofKitchen, "audience", "test", "scope", "tokens.introspect admin"), 400, "invalid_scope"},
		{"twice", "gateway", gateSecret, url.Values{"grant_type": {"client_credentials", "client_credentials"}}, 400, "invalid_request"},
		{"an endless scope", "gateway", gateSecret, with(ofKitchen, "scope", strings.Repeat("a.b ", 200)), 400, "invalid_scope"},
		{"an invented refresh token", "gateway", gateSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"orac_rt_x"}}, 400, "invalid_grant"},
	} {
		w := issuer(t).form("/oauth/token", c.id, c.secret, c.form) // a new one: wrong secrets slow an address down
		var e oauthError
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != c.status || e.Code != c.code {
			t.Errorf("%s: %d %s", c.what, w.Code, w.Body)
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %v", c.what, w.Header())
		}
	}
	r := issuer(t)
	req := httptest.NewRequest("POST", "/oauth/token?"+ofKitchen.Encode(), strings.NewReader(""))
	req.SetBasicAuth("hey_orac", sttSecret)
	if w := r.do(req); w.Code != 400 {
		t.Errorf("parameters in the address: %d", w.Code)
	}
	req = httptest.NewRequest("POST", "/oauth/token", strings.NewReader(ofKitchen.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+r.tokens[auth.Admin])
	if w := r.do(req); w.Code != 401 {
		t.Errorf("an admin's token: %d %s", w.Code, w.Body)
	}
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := r.do(req); w.Code != 403 {
		t.Errorf("from a page of another origin: %d", w.Code)
	}
	r.form("/oauth/token", "hey_orac", "x", ofKitchen)
	if len(r.records("token.client")) == 0 {
		t.Error("no refusal is on record")
	}
}

// TestGuessingAClientSecretIsSlow, and holds up no other account.
func TestGuessingAClientSecretIsSlow(t *testing.T) {
	r := issuer(t)
	get[OAuthToken](r, r.form("/oauth/token", "gateway", gateSecret, url.Values{"grant_type": {"client_credentials"}}), 200)
	slowed := 0
	for range 20 {
		if w := r.form("/oauth/token", "hey_orac", "guess", ofKitchen); w.Code == 429 && w.Header().Get("Retry-After") != "" {
			slowed++
		}
	}
	if slowed < 15 {
		t.Errorf("%d of 20 guesses were slowed down", slowed)
	}
	get[OAuthToken](r, r.form("/oauth/token", "gateway", gateSecret, url.Values{"grant_type": {"client_credentials"}}), 200)
}

// TestIntrospection: the holder of a token and accounts with the permission learn whether it lives; nobody else learns anything.
func TestIntrospection(t *testing.T) {
	r := issuer(t)
	token := get[OAuthToken](r, r.form("/oauth/token", "hey_orac", sttSecret, ofKitchen), 200).Access
	bearer := func(shown, asked string) *httptest.ResponseRecorder {
		req := httptest.NewRequest("POST", trust.IntrospectPath, strings.NewReader(url.Values{"token": {asked}}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Authorization", "Bearer "+shown)
		return r.do(req)
	}
	if in := get[auth.Introspection](r, bearer(token, token), 200); !in.Active || in.Subject != "hey_orac" {
		t.Errorf("%+v", in)
	}
	if in := get[auth.Introspection](r, r.form(trust.IntrospectPath, "gateway", gateSecret, url.Values{"token": {token}}), 200); !in.Active {
		t.Errorf("%+v", in)
	}
	for what, text := range map[string]string{"words": "x", "a token of the API": r.tokens[auth.Admin], "a broken one": token[:len(token)-3], "a long one": strings.Repeat("x", 10_000)} {
		for _, w := range []*httptest.ResponseRecorder{bearer(text, text), r.form(trust.IntrospectPath, "gateway", gateSecret, url.Values{"token": {text}})} {
			if strings.TrimSpace(w.Body.String()) != `{"active":false}` {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
	}
	other := get[OAuthToken](r, r.form("/oauth/token", "hey_orac", sttSecret, ofKitchen), 200).Access
	for what, c := range map[string]struct {
		w      *httptest.ResponseRecorder
		status int
	}{
		"with another token":          {bearer(other, token), 401},
		"with an admin's login":       {bearer(r.tokens[auth.Admin], token), 401},
		"without a credential":        {r.form(trust.IntrospectPath, "", "", url.Values{"token": {token}}), 401},
		"an account that may not ask": {r.form(trust.IntrospectPath, "hey_orac", sttSecret, url.Values{"token": {token}}), 403},
		"about nothing":               {r.form(trust.IntrospectPath, "gateway", gateSecret, url.Values{}), 400},
	} {
		if c.w.Code != c.status || strings.Contains(c.w.Body.String(), "active") {
			t.Errorf("%s: %d %s", what, c.w.Code, c.w.Body)
		}
	}
}

// TestRevocation: by its client alone, once, on record.
func TestRevocation(t *testing.T) {
	r := issuer(t)
	token := get[OAuthToken](r, r.form("/oauth/token", "hey_orac", sttSecret, with(ofKitchen, "scope", "stt.heartbeat offline_access")), 200)
	f := url.Values{"token": {token.Access}, "token_type_hint": {"access_token"}}
	if w := r.form("/oauth/revoke", "gateway", gateSecret, f); w.Code != 400 || !r.guard.Introspect(token.Access).Active {
		t.Errorf("by another account: %d %s", w.Code, w.Body)
	}
	if w := r.form("/oauth/revoke", "", "", with(f, "client_id", "kitchen")); w.Code != 400 || !r.guard.Introspect(token.Access).Active {
		t.Errorf("by the member: %d %s", w.Code, w.Body)
	}
	if w := r.form("/oauth/revoke", "", "", f); w.Code != 401 {
		t.Errorf("by nobody: %d", w.Code)
	}
	for range 2 {
		if w := r.form("/oauth/revoke", "hey_orac", sttSecret, f); w.Code != 200 || r.guard.Introspect(token.Access).Active {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if w := r.form("/oauth/token", "hey_orac", sttSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.Refresh}}); w.Code != 400 {
		t.Errorf("its refresh token: %d", w.Code)
	}
	list := r.records("token.revoke")
	if !slices.ContainsFunc(list, func(l audit.Line) bool {
		return l.Who == "service:hey_orac" && l.Target == "service:hey_orac" && l.Outcome == "done"
	}) {
		t.Errorf("%+v", list)
	}
}

// TestNoIssuer: without the block there is nothing to ask.
func TestNoIssuer(t *testing.T) {
	r := newRig(t)
	for _, o := range OAuthRoutes() {
		w := r.form(o.Path, "core", strings.Repeat("core-secret-", 4), ofKitchen)
		if o.Method == "GET" {
			w = r.call(auth.Nobody, "GET", o.Path, nil)
		}
		if w.Code != 404 {
			t.Errorf("%s %s: %d %s", o.Method, o.Path, w.Code, w.Body)
		}
	}
	if _, err := r.guard.Secrets.Get(auth.IssuerSecret); err == nil {
		t.Error("there is a key")
	}
}

// TestMetadataOfTheIssuer: everything is where they say, and there is no private key.
func TestMetadataOfTheIssuer(t *testing.T) {
	r := issuer(t)
	m := get[map[string]any](r, r.call(auth.Nobody, "GET", "/.well-known/openid-configuration", nil), 200)
	if m["issuer"] != issuerURL {
		t.Errorf("%v", m)
	}
	for name, v := range m {
		if !strings.HasSuffix(name, "_endpoint") && name != "jwks_uri" || name == "authorization_endpoint" { // a page of the console
			continue
		}
		path := strings.TrimPrefix(v.(string), issuerURL)
		if !slices.ContainsFunc(OAuthRoutes(), func(o OAuthRoute) bool { return o.Path == path }) {
			t.Errorf("%s: there is no %s", name, v)
		}
	}
	w := r.call(auth.Nobody, "GET", trust.KeysPath, nil)
	keys, err := trust.ParseKeys(w.Body.Bytes())
	if err != nil || len(keys) != 1 || strings.Contains(w.Body.String(), `"d"`) {
		t.Errorf("%v %s", err, w.Body)
	}
	secret, err := r.guard.Secrets.Get(auth.IssuerSecret)
	r.must(err)
	if strings.Contains(w.Body.String(), secret) || strings.Contains(w.Body.String(), base64.RawURLEncoding.EncodeToString([]byte(secret))) {
		t.Error("the secret is shown")
	}
}
