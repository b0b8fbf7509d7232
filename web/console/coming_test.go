package console

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
)

// issuerAndMember are an issuer and its member, each behind a listener of its own; a browser keeps their cookies apart by the names of their hosts.
func issuerAndMember(t *testing.T) (core, kitchen *rig, issuer, member *httptest.Server) {
	var atCore, atKitchen http.Handler
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { atCore.ServeHTTP(w, r) }))
	member = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { atKitchen.ServeHTTP(w, r) }))
	t.Cleanup(issuer.Close)
	t.Cleanup(member.Close)
	member.URL = strings.Replace(member.URL, "127.0.0.1", "localhost", 1)
	core = newRig(t, issues(issuer.URL, member.URL))
	kitchen = newRig(t, Options{Runbook: func(rb *runbook.Runbook) {
		rb.Auth.Trust = runbook.Trust{Issuer: issuer.URL, Role: "operator", Audience: "kitchen"}
	}})
	atCore, atKitchen = core.server, kitchen.server
	return core, kitchen, issuer, member
}

func textOf(t *testing.T, answer *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestALoginAtAMember: from the page that was asked for, through the issuer, back to it; then out, at both.
func TestALoginAtAMember(t *testing.T) {
	core, kitchen, issuer, member := issuerAndMember(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	answer, err := browser.Get(member.URL + "/history?text=lights")
	page := textOf(t, answer, err)
	if !strings.Contains(page, `href="/login/start?next=%2fhistory%3ftext%3dlights"`) || !strings.Contains(page, "Log in with 127.0.0.1") || strings.Contains(page, "does not answer") {
		t.Fatalf("%s", page)
	}
	if answer, err = browser.Get(member.URL + "/login/start?next=%2fhistory%3ftext%3dlights"); err != nil {
		t.Fatal(err)
	}
	login := fields(t, answer)
	login.Set("username", "viewer")
	login.Set("password", password)
	if answer, err = browser.PostForm(issuer.URL+"/login", login); err != nil {
		t.Fatal(err)
	}
	answer, err = browser.PostForm(issuer.URL+"/oauth/authorize", fields(t, answer))
	page = textOf(t, answer, err)
	if answer.Request.URL.String() != member.URL+"/history?text=lights" || answer.StatusCode != 200 || !strings.Contains(page, "<strong>viewer</strong>") || strings.Contains(page, `href="/password"`) {
		t.Fatalf("%s: %d %.500s", answer.Request.URL, answer.StatusCode, page)
	}
	list, err := kitchen.audit.Page(0, 10, func(r audit.Record) bool { return r.Action == "login" && r.Who == "core:viewer" })
	if err != nil || len(list) != 1 || list[0].Outcome != audit.Done || list[0].From != "127.0.0.1" || list[0].Target != "core:viewer" {
		t.Errorf("%+v, %v", list, err)
	}
	for path, want := range map[string]int{"/password": 403, "/people": 403, "/system": 200} {
		answer, err := browser.Get(member.URL + path)
		if textOf(t, answer, err); answer.StatusCode != want {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
	csrf := csrfOf(t, page)
	if answer, err = browser.PostForm(member.URL+"/logout", url.Values{"csrf": {csrf}}); err != nil || answer.Request.URL.Path != "/login" {
		t.Fatalf("%v %v", answer, err)
	}
	answer.Body.Close()
	answer, err = browser.Get(member.URL + "/history")
	if textOf(t, answer, err); answer.Request.URL.Path != "/login" {
		t.Errorf("after the logout: %s", answer.Request.URL)
	}
	if list, err := core.audit.Page(0, 10, func(r audit.Record) bool { return r.Action == "token.revoke" }); err != nil || len(list) != 2 || list[0].Outcome != audit.Done {
		t.Errorf("at the issuer: %+v, %v", list, err)
	}
}

// TestALoginAtAMemberThatFails says what to do, on a page with both ways to log in.
func TestALoginAtAMemberThatFails(t *testing.T) {
	_, kitchen, issuer, _ := issuerAndMember(t)
	w := kitchen.get(auth.Nobody, "/login/callback?code=x&state=y&iss="+url.QueryEscape(issuer.URL))
	if page := w.Body.String(); w.Code != http.StatusUnauthorized || !strings.Contains(page, "This browser has begun no login here") || !strings.Contains(page, `id="password"`) || !strings.Contains(page, "/login/start") {
		t.Errorf("%d %s", w.Code, page)
	}
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`} {
		w := kitchen.get(auth.Nobody, "/login?next="+url.QueryEscape(next))
		if strings.Contains(w.Body.String(), "evil") {
			t.Errorf("%s is on the page", next)
		}
	}
	issuer.Close()
	fresh := newRig(t, Options{Runbook: func(rb *runbook.Runbook) { rb.Auth.Trust = runbook.Trust{Issuer: issuer.URL, Role: "operator"} }})
	w = fresh.get(auth.Nobody, "/login/start?next=/history")
	if page := w.Body.String(); w.Code != http.StatusServiceUnavailable || !strings.Contains(page, "The issuer does not answer.") || !strings.Contains(page, "127.0.0.1 does not answer now") || !strings.Contains(page, `name="next" value="/history"`) {
		t.Errorf("%d %s", w.Code, page)
	}
	if w := fresh.send(auth.Nobody, "POST", "/login", url.Values{"username": {"viewer"}, "password": {password}}); w.Code != http.StatusSeeOther {
		t.Errorf("an account of this appliance: %d", w.Code)
	}
	none := newRig(t, Options{})
	if w := none.get(auth.Nobody, "/login"); strings.Contains(w.Body.String(), "/login/start") {
		t.Error("there is a button that leads nowhere")
	}
	if w := none.get(auth.Nobody, "/login/start"); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
}
