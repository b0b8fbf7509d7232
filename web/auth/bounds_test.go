package auth

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestAKnownKeysIDCostsLittle: who knows the ID of a key, which is no secret, and guesses at the rest keeps neither bcrypt busy nor
// the key's owner out where the key was used before; and no person out at all.
func TestAKnownKeysIDCostsLittle(t *testing.T) {
	cheaply(t)
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t)
		k, text, err := g.DB.CreateKey("nightly", Viewer, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		thief := netip.MustParseAddr("198.51.100.7")
		if _, err := g.token(text, home); err != nil {
			t.Fatal(err)
		}
		before := g.comparer.done.Load()
		for n := range 10_000 { // in an hour
			_, err := g.token(fmt.Sprintf("%s%s_guess%d", keyPrefix, k.ID, n), thief)
			if err == nil {
				t.Fatal("it is let in")
			}
			time.Sleep(360 * time.Millisecond)
		}
		if looked := g.comparer.done.Load() - before; looked > 150 {
			t.Errorf("%d of 10 000 were looked at", looked)
		}
		g.proven = proven{} // as after a restart of what remembers
		if _, err := g.token(text, home); err != nil {
			t.Errorf("the owner: %v %s", err, Reason(err))
		}
		if _, err := g.Login("anna", annasPassword, thief); err != nil {
			t.Errorf("a person at the thief's address: %v %s", err, Reason(err))
		}
	})
}

// TestNamesThatNobodyLooksAtPushNoneOut: an address that is held up can ask for a million names, and frees none that is guessed at.
func TestNamesThatNobodyLooksAtPushNoneOut(t *testing.T) {
	th := newThrottle(machineClock().passed)
	from := netip.MustParseAddr("198.51.100.7")
	for range freeTries + 5 {
		th.begin(User, "anna", from)
	}
	for n := range 10 * maxThrottled {
		th.begin(User, fmt.Sprint("name", n), from)
	}
	if len(th.users) > 10 {
		t.Errorf("%d names are remembered", len(th.users))
	}
	if th.users[lane{User, "anna", ""}] == nil {
		t.Error("the name that was guessed at is forgotten")
	}
}

// TestLoginsOfOneUserAreBounded: sessions and refresh tokens, and others' stay.
func TestLoginsOfOneUserAreBounded(t *testing.T) {
	cheaply(t)
	g := newGuard(t)
	if _, err := g.StartSession(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), vouched(t, g, User, "vera"), Via{}); err != nil {
		t.Fatal(err)
	}
	var last string
	for range maxSessions + 20 {
		w := httptest.NewRecorder()
		if _, err := g.StartSession(w, httptest.NewRequest("POST", "/", nil), vouched(t, g, User, "anna"), Via{}); err != nil {
			t.Fatal(err)
		}
		last = w.Result().Cookies()[0].Value
	}
	// Older ones may end later, after session_idle was shortened: the new one is not the one that goes.
	if _, err := g.DB.db.Exec("UPDATE sessions SET expires = expires + 3600000000 WHERE subject = 'anna'"); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if _, err := g.StartSession(w, httptest.NewRequest("POST", "/", nil), vouched(t, g, User, "anna"), Via{}); err != nil {
		t.Fatal(err)
	}
	last = w.Result().Cookies()[0].Value
	token := mustLogIn(t, g, "anna")
	first := token.Refresh
	// Those that were used long ago are put in by hand: to refresh a thousand times takes its time with the race detector.
	_, err := g.DB.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO refresh (hash, family, subject, print, expires, used, due) SELECT 'old' || i, 'f', 'anna', 'p', ? + i, 1, 0 FROM n`,
		maxRefresh, time.Now().Add(time.Hour).UnixMicro())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		var err error
		if token, err = g.Refresh(token.Refresh); err != nil {
			t.Fatal(err, Reason(err))
		}
	}
	count := func(query string, args ...any) (n int) {
		if err := g.DB.db.QueryRow(query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count("SELECT count(*) FROM sessions WHERE subject = 'anna'"); n != maxSessions {
		t.Errorf("%d sessions", n)
	}
	if count("SELECT count(*) FROM sessions WHERE subject = 'vera'") != 1 || count("SELECT count(*) FROM sessions WHERE token = ?", digest(last)) != 1 {
		t.Error("another's session, or the newest, has gone")
	}
	if n := count("SELECT count(*) FROM refresh"); n != maxRefresh {
		t.Errorf("%d refresh tokens", n)
	}
	if _, err := g.Refresh(token.Refresh); err != nil {
		t.Error("the newest refresh token has gone:", Reason(err))
	}
	if _, err := g.Refresh(first); err == nil {
		t.Error("the first one is good again")
	}
}

// TestTheSetUpIsDoneOnce: with the right code, from many at the same time, while the page is opened again and again.
func TestTheSetUpIsDoneOnce(t *testing.T) {
	cheaply(t)
	for range 20 {
		rb := declared(t)
		rb.Users = nil
		g := openGuard(t, t.TempDir(), rb)
		code, _, _ := g.SetupCode()
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				_, _, _ = g.MakeFirst(code, fmt.Sprint("anna", n), annasPassword, netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), func() error { return nil })
			})
			wg.Go(func() { g.SetupCode() })
		}
		wg.Wait()
		if made, err := g.DB.madeUsers(); err != nil || len(made) != 1 {
			t.Fatalf("%d were made, %v", len(made), err)
		}
	}
}

// TestACodeIsNotGuessedSideBySide: a thousand guesses at once from one network are a few.
func TestACodeIsNotGuessedSideBySide(t *testing.T) {
	rb := declared(t)
	rb.Users = nil
	g := openGuard(t, t.TempDir(), rb)
	g.SetupCode()
	var wg sync.WaitGroup
	var mu sync.Mutex // guards looked
	looked := 0
	for n := range 1000 {
		wg.Go(func() {
			_, _, err := g.MakeFirst(fmt.Sprintf("AAAA-AAAA-%04d", n), "anna", annasPassword, home, nil)
			if Reason(err) == "setup: wrong or old code" {
				mu.Lock()
				looked++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if looked > freeTries+1 {
		t.Errorf("%d guesses were looked at", looked)
	}
}

// TestWhoIsForgottenStaysOut: also where the hash is no secret of the state directory, and the user comes back with it.
func TestWhoIsForgottenStaysOut(t *testing.T) {
	g := newGuard(t)
	token := mustLogIn(t, g, "vera")
	if err := g.Forget("vera", g.SecretOf("vera")); err != nil { // declared with a hash from elsewhere
		t.Fatal(err)
	}
	_, err := g.Token(token.Token)
	refused(t, "the token", err, "token: logged out everywhere since")
	_, err = g.Refresh(token.Refresh)
	refused(t, "the refresh token", err, "refresh: unknown")
}
