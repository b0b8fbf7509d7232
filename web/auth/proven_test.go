package auth

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"orac/runbook"
	"orac/runbook/language"
)

// TestATokenThatIsRememberedEnds: a token that has been taken before is refused as any other when something ends it.
func TestATokenThatIsRememberedEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(t *testing.T, g *Guard, rb *runbook.Runbook, i Identity)
		reason string
	}{
		"nothing":         {func(*testing.T, *Guard, *runbook.Runbook, Identity) {}, ""},
		"almost its time": {func(*testing.T, *Guard, *runbook.Runbook, Identity) { time.Sleep(time.Hour + leeway - 1) }, ""},
		"its time":        {func(*testing.T, *Guard, *runbook.Runbook, Identity) { time.Sleep(time.Hour + leeway) }, "token: expired"},
		"a logout": {func(t *testing.T, g *Guard, _ *runbook.Runbook, i Identity) {
			if err := g.LogOut(i); err != nil {
				t.Error(err)
			}
		}, "token: revoked"},
		"a logout everywhere": {func(t *testing.T, g *Guard, _ *runbook.Runbook, i Identity) {
			if err := g.DB.LogOutEverywhere("anna"); err != nil {
				t.Error(err)
			}
		}, "token: logged out everywhere since"},
		"another role":     {func(_ *testing.T, _ *Guard, rb *runbook.Runbook, _ Identity) { rb.Users[0].Role = "viewer" }, "token: password or role changed since"},
		"no such user":     {func(_ *testing.T, _ *Guard, rb *runbook.Runbook, _ Identity) { rb.Users = rb.Users[1:] }, "token: its user was removed"},
		"another audience": {func(_ *testing.T, _ *Guard, rb *runbook.Runbook, _ Identity) { rb.Auth.Audience = "attic" }, "token: for somebody else"},
		"another key": {func(_ *testing.T, _ *Guard, rb *runbook.Runbook, _ Identity) {
			rb.Auth.JWTSecret = language.NewSecret(key2)
		}, "token: key or algorithm unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				rb := declared(t)
				g := openGuard(t, dir, rb)
				token, err := g.Issue(vouched(t, g, User, "anna"), time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				var i Identity
				for range 2 {
					if i, err = g.Token(token.Token); err != nil || i.Name != "anna" {
						t.Fatal(i, Reason(err))
					}
				}
				c.end(t, g, rb, i)
				if err := g.Use(rb); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					_, err := g.Token(token.Token)
					refused(t, name, err, c.reason)
				}
			})
		})
	}
}

// TestFewTokensAreRemembered: and one that is altered by a letter is not one of them.
func TestFewTokensAreRemembered(t *testing.T) {
	g := newGuard(t)
	for n := range 2 * maxSigned {
		token, err := g.Issue(vouched(t, g, User, "anna"), time.Hour+time.Duration(n))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Token(token.Token); err != nil {
			t.Fatal(Reason(err))
		}
		altered := []byte(token.Token)
		altered[len(altered)-n%40-2] ^= 1
		if _, err := g.Token(string(altered)); err == nil {
			t.Fatal(fmt.Sprint("taken with another letter: ", n))
		}
		if n := len(g.signed.tokens); n > maxSigned {
			t.Fatalf("%d are remembered", n)
		}
	}
}

// BenchmarkToken is what it costs to know whom a token is of.
func BenchmarkToken(b *testing.B) {
	g := newGuard(b)
	token, err := g.Issue(vouched(b, g, User, "anna"), time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Token(token.Token); err != nil {
			b.Fatal(err)
		}
	}
}
