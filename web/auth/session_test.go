package auth

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// browser keeps cookies.
type browser struct {
	t       *testing.T
	g       *Guard
	cookies map[string]*http.Cookie
	tls     bool
}

func (b *browser) request() *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if b.tls {
		r.TLS = &tls.ConnectionState{}
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	return r
}

func (b *browser) via() Via { return Via{From: home, Secure: b.tls} }

func (b *browser) take(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
}

func (b *browser) logIn(name string) *http.Cookie {
	b.t.Helper()
	w := httptest.NewRecorder()
	if _, err := b.g.StartSession(w, b.request(), vouched(b.t, b.g, User, name), b.via()); err != nil {
		b.t.Fatal(err, Reason(err))
	}
	b.take(w)
	list := w.Result().Cookies()
	if len(list) != 1 {
		b.t.Fatalf("%d cookies", len(list))
	}
	return list[0]
}

func TestCookie(t *testing.T) {
	g := newGuard(t)
	for _, secure := range []bool{false, true} {
		b := &browser{t: t, g: g, cookies: map[string]*http.Cookie{}, tls: secure}
		c := b.logIn("anna")
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.Path != "/" || c.Domain != "" || strings.HasPrefix(c.Name, "__Host-") != secure {
			t.Errorf("with TLS %v: %+v", secure, c)
		}
		if len(c.Value) < 43 {
			t.Errorf("a session has %d characters", len(c.Value))
		}
		if i, err := g.Session(b.request(), b.via()); err != nil || i.Name != "anna" || i.Role != Admin || i.Way != BySession || i.CSRF == "" {
			t.Errorf("%+v, %v", i, err)
		}
	}
	var stored string
	if err := g.DB.db.QueryRow("SELECT token FROM sessions LIMIT 1").Scan(&stored); err != nil || len(stored) != 64 {
		t.Errorf("%q is stored, %v", stored, err)
	}
}

// plainly and securely are the names of cookies without and with TLS.
func plainly(name string) string  { return cookieName(hashKey, false, name) }
func securely(name string) string { return cookieName(hashKey, true, name) }

// TestNeighboursShareNoCookies: a browser sends cookies to every port of a host. A login at one appliance ends none at another there,
// is nobody there, and is no wrong guess there.
func TestNeighboursShareNoCookies(t *testing.T) {
	for _, secure := range []bool{false, true} {
		kitchen := newGuard(t)
		bedroom, err := Open(t.TempDir(), []byte("the hash key of another state dir"))
		must(t, err)
		t.Cleanup(func() { bedroom.Close() })
		must(t, bedroom.Use(declared(t)))
		jar := map[string]*http.Cookie{}
		there, here := &browser{t: t, g: kitchen, cookies: jar, tls: secure}, &browser{t: t, g: bedroom, cookies: jar, tls: secure}
		there.logIn("anna")
		if i, err := bedroom.Identify(here.request(), here.via()); err != nil || i.Known() || !bedroom.ShowsNothing(here.request()) {
			t.Errorf("with TLS %v: the neighbour's login is %+v, %v", secure, i, err)
		}
		here.logIn("vera")
		asks := func(b *browser, as string) {
			if i, err := b.g.Identify(b.request(), b.via()); err != nil || i.Name != as {
				t.Errorf("with TLS %v: it is %q, %v, and logged in as %q", secure, i.Name, err, as)
			}
		}
		asks(there, "anna")
		asks(here, "vera")
		w := httptest.NewRecorder()
		bedroom.EndSession(w, here.request(), here.via())
		here.take(w)
		asks(there, "anna")
		asks(here, "")
	}
}

// TestFixation: a session that somebody has planted is not the one that a login makes, and one that was there is over.
func TestFixation(t *testing.T) {
	g := newGuard(t)
	planted := strings.Repeat("x", 43)
	b := &browser{t: t, g: g, cookies: map[string]*http.Cookie{plainly(sessionName): {Name: plainly(sessionName), Value: planted}}}
	if i, _ := g.Session(b.request(), b.via()); i.Known() {
		t.Fatal("a planted session is somebody")
	}
	first := b.logIn("vera")
	if first.Value == planted {
		t.Error("a login takes over the planted session")
	}
	old := *first
	if second := b.logIn("anna"); second.Value == first.Value {
		t.Error("a second login keeps the session")
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&old)
	if i, err := g.Session(r, Via{}); err == nil || i.Known() {
		t.Errorf("the session before the login is still %+v", i)
	}
}

// TestSessionsEnd: idle, absolutely, by logging out, everywhere, by a change of the user; and they outlive a restart.
func TestSessionsEnd(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := openGuard(t, dir, declared(t)) // 2 h idle, 24 h in all
		fresh := func() *browser {
			b := &browser{t: t, g: g, cookies: map[string]*http.Cookie{}}
			b.logIn("anna")
			return b
		}
		in := func(b *browser) bool { i, _ := g.Session(b.request(), b.via()); return i.Known() }

		b := fresh()
		time.Sleep(2*time.Hour - time.Minute)
		if !in(b) {
			t.Error("it ends before the idle time")
		}
		time.Sleep(2*time.Hour - time.Minute)
		if !in(b) {
			t.Error("a request does not move the idle time")
		}
		time.Sleep(2*time.Hour + time.Second)
		if in(b) {
			t.Error("it outlives the idle time")
		}

		b = fresh() // a page that is left open asks by itself, and is idle all the same
		for range 23 {
			time.Sleep(5*time.Minute + time.Second)
			for name, value := range map[string]string{Unattended: "1", "Accept": "text/event-stream"} {
				r := b.request()
				r.Header.Set(name, value)
				if i, err := g.Identify(r, b.via()); err != nil || !i.Known() {
					t.Fatal("it is not answered", err)
				}
			}
		}
		time.Sleep(5 * time.Minute)
		if in(b) {
			t.Error("a page that is left open keeps its session")
		}

		b = fresh()
		for n := range 24 {
			if !in(b) {
				t.Errorf("it ends after %d h", n)
			}
			time.Sleep(time.Hour)
		}
		if in(b) {
			t.Error("it outlives the absolute time")
		}

		b = fresh()
		g.Close()
		g = openGuard(t, dir, declared(t))
		b.g = g
		if !in(b) {
			t.Error("it does not outlive a restart")
		}
		stolen := *b.cookies[plainly(sessionName)]
		w := httptest.NewRecorder()
		g.EndSession(w, b.request(), b.via())
		b.take(w)
		if len(b.cookies) > 0 {
			t.Errorf("logging out leaves the cookie %v", b.cookies)
		}
		b.cookies[plainly(sessionName)] = &stolen
		if in(b) {
			t.Error("it can be replayed after logging out")
		}

		a, b := fresh(), fresh()
		if err := g.DB.LogOutEverywhere("anna"); err != nil {
			t.Fatal(err)
		}
		if in(a) || in(b) {
			t.Error("it outlives logging out everywhere")
		}
		b = fresh()
		rb := declared(t)
		rb.Users[0].Role = "viewer"
		if err := g.Use(rb); err != nil {
			t.Fatal(err)
		}
		if in(b) {
			t.Error("it outlives a change of the role")
		}
	})
}

// TestAnEndedSessionStaysEnded: a request that was under way when the browser logged out does not bring it back.
func TestAnEndedSessionStaysEnded(t *testing.T) {
	g := newGuard(t)
	b := &browser{t: t, g: g, cookies: map[string]*http.Cookie{}}
	c := b.logIn("anna")
	g.EndSession(httptest.NewRecorder(), b.request(), b.via())
	if err := g.DB.touchSession(c.Value, time.Now(), time.Now().Add(time.Hour), 0); err != nil {
		t.Fatal(err)
	}
	if i, _ := g.Session(b.request(), b.via()); i.Known() {
		t.Error("it is back")
	}
}

func TestHostileCookies(t *testing.T) {
	g := newGuard(t)
	for _, v := range []string{"x", "' OR 1=1 --", strings.Repeat("y", 4000), "%00", "../../etc/passwd"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", plainly(sessionName)+"="+v)
		if i, err := g.Session(r, Via{}); i.Known() || err != nil && Reason(err) == "" {
			t.Errorf("%.20q: %+v, %v", v, i, err)
		}
	}
}

func TestCSRFToken(t *testing.T) {
	s := Identity{Kind: User, Way: BySession, CSRF: "abc"}
	for given, want := range map[string]bool{"abc": true, "": false, "abd": false} {
		if CheckCSRF(s, given) != want {
			t.Errorf("%q", given)
		}
	}
	if CheckCSRF(Identity{Kind: User, Way: BySession}, "") {
		t.Error("a session without a token needs none")
	}
	if !CheckCSRF(Identity{Kind: User, Way: ByToken}, "") {
		t.Error("a bearer token needs one")
	}
}
