package auth

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func allow() error { return nil }

func TestSetup(t *testing.T) {
	cheaply(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		rb := declared(t)
		users := rb.Users
		rb.Users = nil
		g := openGuard(t, dir, rb)
		if !g.NeedsSetup() {
			t.Fatal("nobody can log in, and there is no set-up")
		}
		from := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, n}) }
		if _, _, err := g.MakeFirst("", "anna", annasPassword, from(1), allow); err == nil {
			t.Error("no code is a code")
		}
		code, _, _ := g.SetupCode()
		if _, _, err := g.MakeFirst("AAAA-AAAA-AAAA", "anna", annasPassword, from(2), allow); err == nil {
			t.Error("another code is taken")
		}
		if again, _, fresh := g.SetupCode(); again != code || fresh {
			t.Error("a code that is good is replaced")
		}
		time.Sleep(setupTime)
		if _, _, err := g.MakeFirst(code, "anna", annasPassword, from(3), allow); err == nil {
			t.Error("an old code is taken")
		}
		time.Sleep(time.Minute)
		code, _, _ = g.SetupCode()
		for _, bad := range [][2]string{{"Anna", annasPassword}, {"anna", "short"}, {"a\nb", annasPassword}} {
			if _, _, err := g.MakeFirst(code, bad[0], bad[1], from(4), allow); err == nil {
				t.Errorf("%v is taken", bad)
			}
		}
		secret, _, err := g.MakeFirst(code, "anna", annasPassword, from(4), allow)
		if err != nil || secret != "anna_password_hash" {
			t.Fatal(secret, err)
		}
		if hash, err := g.Secrets.Get(secret); err != nil || len(hash) != 60 {
			t.Errorf("the secret is %q, %v", hash, err)
		}
		if _, _, err := g.MakeFirst(code, "bert", annasPassword, from(5), allow); !errors.Is(err, ErrSetUp) {
			t.Errorf("a second one: %v", err)
		}
		for range 2 {
			if i, err := g.Login("anna", annasPassword, home); err != nil || i.Identity().Role != Admin || g.NeedsSetup() {
				t.Errorf("%+v, %v %s", i, err, Reason(err))
			}
			g.Close()
			g = openGuard(t, dir, rb)
		}
		rb.Users = users[1:] // vera: once the runbook declares users, it says who there is
		if err := g.Use(rb); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Login("anna", annasPassword, home); err == nil {
			t.Error("a user of the set-up page stays when others are declared")
		}
	})
}

// TestSetupCodesCannotBeGuessed: tries of a network are slowed down, and a start makes another code, so that no guess counts for
// two starts. Who has read the code is not held up by those who guess elsewhere.
func TestSetupCodesCannotBeGuessed(t *testing.T) {
	cheaply(t)
	dir, rb := t.TempDir(), declared(t)
	rb.Users = nil
	seen := map[string]bool{}
	for range 5 { // starts
		g := openGuard(t, dir, rb)
		code, _, _ := g.SetupCode()
		if len(normalCode(code)) != 12 || seen[code] {
			t.Fatalf("%s is a code again, or too short", code)
		}
		for old := range seen {
			if g.setup.is(old) {
				t.Errorf("the code %s of an earlier start is good", old)
			}
		}
		seen[code] = true
		looked := 0
		for range 100 {
			_, _, err := g.MakeFirst("AAAA-AAAA-AAAA", "anna", annasPassword, home, allow)
			if Reason(err) == "setup: wrong or old code" {
				looked++
			}
		}
		if looked > freeTries+1 {
			t.Errorf("%d codes of one address were looked at", looked)
		}
		g.Close()
	}
	g := openGuard(t, dir, rb)
	code, _, _ := g.SetupCode()
	for n := range 1000 {
		_, _, _ = g.MakeFirst("AAAA-AAAA-AAAA", "anna", annasPassword, netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)}), allow)
	}
	if _, _, err := g.MakeFirst(code, "anna", annasPassword, home, allow); err != nil {
		t.Errorf("the owner is held up by guesses from elsewhere: %v %s", err, Reason(err))
	}
}
