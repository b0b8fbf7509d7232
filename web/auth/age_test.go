package auth

import (
	"flag"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"pgregory.net/rapid"
)

// rarely runs a property that opens databases a few times, each with as many steps.
func rarely(t *testing.T, checks, steps string) {
	t.Helper()
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps} {
		f := flag.Lookup(name)
		old := f.Value.String()
		if err := f.Value.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(old) })
	}
}

// wild is a machine whose wall clock is set to anything, and whose monotonic clock is true.
type wild struct {
	wall   time.Time
	passed time.Duration // since the process began
	lived  time.Duration // in truth
}

func (w *wild) clock() clock {
	proven := func(now time.Time) bool { return now.Equal(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(w.lived)) }
	return clock{wall: func() time.Time { return w.wall }, passed: func() time.Duration { return w.passed }, proven: proven}
}

func (w *wild) pass(d time.Duration) {
	w.wall, w.passed, w.lived = w.wall.Add(d), w.passed+d, w.lived+d
}

// login is one that the model remembers.
type modelLogin struct {
	tokens, refresh []string // the last refresh token is the one that is not used
	family          string
	ended           bool
	lived           time.Duration // when it was last refreshed
}

// TestWhatWasEndedStaysEnded: whatever the wall clock does, however often what is over is swept and ORAC is started anew or killed,
// no token, refresh token or key that was ended is taken at any time after; and nothing is swept before its time has truly passed.
func TestWhatWasEndedStaysEnded(t *testing.T) {
	cheaply(t)
	rarely(t, "10", "40")
	rapid.Check(t, func(rt *rapid.T) {
		dir, rb := t.TempDir(), declared(t)
		w := &wild{wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		must := func(err error) {
			if err != nil {
				rt.Fatal(err, Reason(err))
			}
		}
		var g *Guard
		start := func() {
			var err error
			w.passed = 0
			g, err = openWith(dir, hashKey, w.clock())
			must(err)
			must(g.Use(rb))
		}
		start()
		defer func() { g.Close() }()
		var logins []*modelLogin
		var keys []string // revoked
		pick := func(rt *rapid.T) *modelLogin {
			if len(logins) == 0 {
				rt.Skip("nobody is logged in")
			}
			return rapid.SampledFrom(logins).Draw(rt, "login")
		}
		jump := rapid.Custom(func(rt *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(-5*365*24, 5*365*24).Draw(rt, "hours")) * time.Hour
		})
		while := rapid.Custom(func(rt *rapid.T) time.Duration {
			return time.Duration(rapid.SampledFrom([]int64{1, 60, 3600, 86400, 20 * 86400}).Draw(rt, "seconds")) * time.Second
		})
		rt.Repeat(map[string]func(*rapid.T){
			"time passes":   func(rt *rapid.T) { w.pass(while.Draw(rt, "while")) },
			"clock is set":  func(rt *rapid.T) { w.wall = w.wall.Add(jump.Draw(rt, "jump")) },
			"clock is true": func(*rapid.T) { w.wall = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(w.lived) },
			"sweep":         func(*rapid.T) { must(g.DB.Sweep()) },
			"restart": func(rt *rapid.T) {
				if rapid.Bool().Draw(rt, "killed") {
					must(g.DB.db.Close())
				} else {
					must(g.Close())
				}
				w.pass(while.Draw(rt, "off"))
				w.wall = w.wall.Add(rapid.SampledFrom([]time.Duration{0, 0, jump.Draw(rt, "jump")}).Draw(rt, "set"))
				start()
			},
			"log in": func(*rapid.T) {
				token, err := g.Tokens(vouched(t, g, User, "anna"))
				must(err)
				logins = append(logins, &modelLogin{tokens: []string{token.Token}, refresh: []string{token.Refresh}, family: token.Identity.Family, lived: w.lived})
			},
			"refresh": func(rt *rapid.T) {
				l := pick(rt)
				if next, err := g.Refresh(l.refresh[len(l.refresh)-1]); err == nil {
					if l.ended {
						rt.Fatal("what was ended is refreshed")
					}
					l.tokens, l.refresh, l.lived = append(l.tokens, next.Token), append(l.refresh, next.Refresh), w.lived
				} else if Reason(err) == "" {
					rt.Fatal(err)
				}
			},
			"refresh twice": func(rt *rapid.T) {
				if l := pick(rt); len(l.refresh) > 1 {
					if _, err := g.Refresh(l.refresh[0]); err == nil {
						rt.Fatal("a refresh token is good twice")
					} else if Reason(err) != "refresh: unknown" {
						l.ended = true
					}
				}
			},
			"log out": func(rt *rapid.T) {
				l := pick(rt)
				must(g.LogOut(Identity{Way: ByToken, Family: l.family}))
				l.ended = true
			},
			"log out everywhere": func(*rapid.T) {
				must(g.DB.LogOutEverywhere("anna"))
				for _, l := range logins {
					l.ended = true
				}
			},
			"another role and back": func(*rapid.T) {
				rb.Users[0].Role = "viewer"
				must(g.Use(rb))
				rb.Users[0].Role = "admin"
				must(g.Use(rb))
				for _, l := range logins {
					l.ended = true
				}
			},
			"a key is made and revoked": func(*rapid.T) {
				k, text, err := g.DB.CreateKey("k", Viewer, 24*time.Hour)
				must(err)
				_, err = g.DB.RevokeKey(k.ID)
				must(err)
				keys = append(keys, text)
			},
			"": func(rt *rapid.T) {
				for _, l := range logins {
					if !l.ended {
						continue
					}
					for _, token := range slices.Concat(l.tokens, keys) {
						if i, err := g.Token(token); err == nil {
							rt.Fatalf("ended, and lets %s in", i.Subject())
						}
					}
				}
				for _, key := range keys {
					if _, err := g.Token(key); err == nil {
						rt.Fatal("a revoked key lets in")
					}
				}
				life := g.policy.Load().refreshLifetime
				for _, l := range logins {
					if l.ended || w.lived-l.lived >= life {
						continue
					}
					if r, err := g.DB.findRefresh(digest(l.refresh[len(l.refresh)-1])); err != nil || r.used {
						rt.Fatalf("what is good for %v was deleted after %v: %v", life, w.lived-l.lived, err)
					}
				}
			},
		})
	})
}

// TestAClockAheadDeletesNothing: a clock that was ten years ahead for an hour, over a sweep and a start, costs nobody a login, and
// what was revoked before stays so when the clock is right again.
func TestAClockAheadDeletesNothing(t *testing.T) {
	cheaply(t)
	dir := t.TempDir()
	w := &wild{wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	open := func() *Guard {
		w.passed = 0
		g, err := openWith(dir, hashKey, w.clock())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { g.Close() })
		if err := g.Use(declared(t)); err != nil {
			t.Fatal(err)
		}
		return g
	}
	g := open()
	tokens := func() Token {
		token, err := g.Tokens(vouched(t, g, User, "anna"))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	stays, out := tokens(), tokens()
	if err := g.LogOut(out.Identity); err != nil || out.Identity.Family == "" {
		t.Fatal(err)
	}
	i, err := g.Token(out.Token)
	if err == nil {
		if err := g.LogOut(i); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		w.wall = w.wall.AddDate(10, 0, 0)
		w.pass(time.Hour)
		if err := g.DB.Sweep(); err != nil {
			t.Fatal(err)
		}
		_, err := g.Token(stays.Token)
		refused(t, "ten years later, as the clock says", err, "token: expired")
		ahead := tokens()
		g.Close()
		g = open()
		if err := g.DB.Sweep(); err != nil {
			t.Fatal(err)
		}
		w.wall = w.wall.AddDate(-10, 0, 0)
		if _, err := g.Token(stays.Token); err != nil {
			t.Errorf("the clock is right again: %s", Reason(err))
		}
		_, err = g.Token(out.Token)
		refused(t, "logged out before", err, "token: revoked")
		_, err = g.Token(ahead.Token)
		if err == nil {
			t.Error("a token from the future is taken")
		}
		if _, err := g.Refresh(ahead.Refresh); err != nil {
			t.Errorf("who has logged in meanwhile has to anew: %s", Reason(err))
		}
	}
	// The clock of a machine that was off is as wrong.
	g.Close()
	w.wall = w.wall.AddDate(10, 0, 0)
	g = open()
	if err := g.DB.Sweep(); err != nil {
		t.Fatal(err)
	}
	w.wall = w.wall.AddDate(-10, 0, 0)
	if _, err := g.Refresh(stays.Refresh); err != nil {
		t.Errorf("a start with a wrong clock ends a login: %s", Reason(err))
	}
	// A true year later nothing is left of any of it.
	for range 400 {
		w.pass(24 * time.Hour)
	}
	if err := g.DB.Sweep(); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"sessions", "refresh", "families", "known"} {
		n := -1
		if err := g.DB.db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows of %s are left, %v", n, table, err)
		}
	}
}

// TestTheThrottleGoesByTheMonotonicClock: setting the clock back or ahead frees nobody who guesses, and holds nobody up.
func TestTheThrottleGoesByTheMonotonicClock(t *testing.T) {
	cheaply(t)
	w := &wild{wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	g, err := openWith(t.TempDir(), hashKey, w.clock())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.Use(declared(t)); err != nil {
		t.Fatal(err)
	}
	for n := range freeTries + 5 {
		_, err = g.Login("anna", "wrong", home)
		w.wall = w.wall.AddDate(1-2*(n%2), 0, 0)
	}
	refused(t, "a clock that jumps", err, "login: too many attempts")
	for _, years := range []int{-20, 40, -20} {
		w.wall = w.wall.AddDate(years, 0, 0)
		_, err := g.Login("anna", annasPassword, home)
		refused(t, "another year", err, "login: too many attempts")
	}
	w.pass(maxUserDelay)
	if _, err := g.Login("anna", annasPassword, home); err != nil {
		t.Error("after the time has passed:", Reason(err))
	}
}

// TestOldDatabasesEndWhatWasGiven: epochs of before were counters, which who can sign can guess.
func TestOldDatabasesEndWhatWasGiven(t *testing.T) {
	cheaply(t)
	dir := t.TempDir()
	now := time.Now()
	db := oldDatabase(t, dir)
	hash, err := bcrypt.GenerateFromPassword([]byte("0123456789ab_secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"INSERT INTO meta VALUES ('id', 'abcdef')", "INSERT INTO epochs VALUES ('anna', 3)", "INSERT INTO revoked VALUES ('x', 1)",
		"INSERT INTO sessions VALUES ('t', 'anna', x'00', 99999999999999999)", "INSERT INTO refresh VALUES ('h', 'f', 'anna', 'p', 99999999999999999, 0)",
		"INSERT INTO users VALUES ('otto', 'h', 'admin', 1)",
	} {
		if _, err := db.Exec(query); err != nil {
			t.Fatal(query, err)
		}
	}
	if _, err := db.Exec("INSERT INTO keys VALUES ('0123456789ab', 'k', ?, 'viewer', ?, ?, 0, '', 0)", hash, now.UnixMicro(), now.Add(time.Hour).UnixMicro()); err != nil {
		t.Fatal(err)
	}
	db.Close()
	g := openGuard(t, dir, declared(t))
	for table, want := range map[string]int{"sessions": 0, "refresh": 0, "families": 0, "epochs": 3, "keys": 1, "users": 1} {
		n := -1
		if err := g.DB.db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows of %s, %v", n, table, err)
		}
	}
	if err := g.DB.Sweep(); err != nil {
		t.Fatal(err)
	}
	if i, err := g.Token(keyPrefix + "0123456789ab_secret"); err != nil || i.Name != "k" {
		t.Errorf("the key of before: %+v, %v %s", i, err, Reason(err))
	}
}
