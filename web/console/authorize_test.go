package console

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"orac/runbook"
	"orac/web/auth"
)

// issues makes a runbook that of an issuer with the member kitchen.
func issues(url, kitchen string) Options {
	return Options{Runbook: func(rb *runbook.Runbook) {
		rb.Issuer = runbook.Issuer{URL: url, Rotate: 30 * 24 * time.Hour}
		rb.Members = []runbook.Member{{Address: "member.kitchen", Name: "kitchen", URL: kitchen}}
	}}
}

const askedFor = "/oauth/authorize?response_type=code&client_id=kitchen&redirect_uri=https%3A%2F%2Fkitchen.test%3A7171%2Flogin%2Fcallback&scope=openid&state=s1&nonce=n1&code_challenge=pmWkWSBCL51Bfkhn79xPuKBKHz__H6B-mY6G9_eieuM&code_challenge_method=S256"

// TestThePageOfALoginElsewhere: it asks, says who and where, and gives a code only by its button.
func TestThePageOfALoginElsewhere(t *testing.T) {
	r := newRig(t, issues("https://core.test", "https://kitchen.test:7171"))
	w := r.get(auth.Nobody, askedFor)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || to.Path != "/login" || !strings.HasPrefix(to.Query().Get("next"), "/oauth/authorize?") {
		t.Fatalf("nobody: %d %s", w.Code, to)
	}
	w = r.send(auth.Nobody, "POST", "/login", url.Values{"username": {"viewer"}, "password": {password}, "next": to.Query()["next"]})
	if back, err := url.Parse(w.Header().Get("Location")); err != nil || back.Path != "/oauth/authorize" || back.Query().Get("state") != "s1" || back.Query().Get("redirect_uri") != "https://kitchen.test:7171/login/callback" {
		t.Errorf("after the login: %s", back)
	}
	if w := r.get(auth.Viewer, "/login?again=1&next=/history"); w.Code != 200 || !strings.Contains(w.Body.String(), `value="/history"`) {
		t.Errorf("once more: %d", w.Code)
	}

	w = r.get(auth.Viewer, askedFor)
	page := w.Body.String()
	for _, want := range []string{"Log in at kitchen as viewer?", "kitchen.test:7171", `name="csrf" value="` + r.csrf[auth.Viewer] + `"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.HasSuffix(csp, "form-action 'self' https://kitchen.test:7171") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(page, "<script>") {
		t.Errorf("%d %s", w.Code, csp)
	}
	if csp := r.get(auth.Viewer, "/history").Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self'") {
		t.Errorf("another page: %s", csp)
	}
	_, query, _ := strings.Cut(askedFor, "?")
	w = r.post(auth.Viewer, "/oauth/authorize", url.Values{"request": {query}})
	back, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || back.Host != "kitchen.test:7171" || back.Path != "/login/callback" || back.Query().Get("code") == "" || back.Query().Get("iss") != "https://core.test" {
		t.Errorf("%d %s", w.Code, back)
	}
	for what, w := range map[string]*httptest.ResponseRecorder{
		"without the token": r.send(auth.Viewer, "POST", "/oauth/authorize", url.Values{"request": {query}}),
		"nobody":            r.send(auth.Nobody, "POST", "/oauth/authorize", url.Values{"request": {query}}),
		"another's address": r.post(auth.Viewer, "/oauth/authorize", url.Values{"request": {strings.Replace(query, "kitchen.test", "evil.example", 1)}}),
		"shown another's":   r.get(auth.Viewer, strings.Replace(askedFor, "kitchen.test", "evil.example", 1)),
		"nobody's":          r.get(auth.Nobody, strings.Replace(askedFor, "kitchen.test", "evil.example", 1)),
		"another member":    r.get(auth.Viewer, strings.Replace(askedFor, "client_id=kitchen", "client_id=attic", 1)),
	} {
		if w.Code < 400 || w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "evil.example") {
			t.Errorf("%s: %d %s", what, w.Code, w.Header())
		}
	}
	if w := newRig(t, Options{}).get(auth.Viewer, askedFor); w.Code != http.StatusNotFound {
		t.Errorf("at an appliance that is no issuer: %d", w.Code)
	}
}

var formField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// fields are the hidden ones of a page's form.
func fields(t *testing.T, answer *http.Response) url.Values {
	t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("%s: %d %v", answer.Request.URL, answer.StatusCode, err)
	}
	f := url.Values{}
	for _, m := range formField.FindAllStringSubmatch(string(text), -1) {
		f.Set(m[1], html.UnescapeString(m[2]))
	}
	return f
}

// TestTheProviderToOthers: somebody else's code for clients of OpenID Connect finds everything and is content with it.
func TestTheProviderToOthers(t *testing.T) {
	var core http.Handler
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { core.ServeHTTP(w, r) }))
	defer issuer.Close()
	member := httptest.NewServer(http.NotFoundHandler())
	defer member.Close()
	core = newRig(t, issues(issuer.URL, member.URL)).server

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/login/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := oauth2.Config{ClientID: "kitchen", Endpoint: provider.Endpoint(), RedirectURL: member.URL + "/login/callback", Scopes: []string{oidc.ScopeOpenID}}
	verifier := oauth2.GenerateVerifier()
	answer, err := browser.Get(client.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oidc.Nonce("nonce")))
	if err != nil {
		t.Fatal(err)
	}
	login := fields(t, answer)
	login.Set("username", "operator")
	login.Set("password", password)
	if answer, err = browser.PostForm(issuer.URL+"/login", login); err != nil {
		t.Fatal(err)
	}
	if answer, err = browser.PostForm(issuer.URL+"/oauth/authorize", fields(t, answer)); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	back, err := answer.Location()
	if err != nil || back.Query().Get("state") != "state" || back.Query().Get("iss") != issuer.URL {
		t.Fatalf("%v %v", back, err)
	}
	token, err := client.Exchange(ctx, back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "kitchen"}).Verify(ctx, raw)
	if err != nil || id.Subject != "operator" || id.Nonce != "nonce" {
		t.Fatalf("%+v, %v", id, err)
	}
	token.Expiry = time.Now().Add(-time.Minute) // as if it had expired
	if fresh, err := client.TokenSource(ctx, token).Token(); err != nil || fresh.AccessToken == token.AccessToken || fresh.RefreshToken == token.RefreshToken {
		t.Errorf("%v", err)
	}
}
