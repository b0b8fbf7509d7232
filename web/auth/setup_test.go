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
		if _, err := g.MakeFirst("", "anna", annasPassword, from(1), allow); err == nil {
			t.Error("no code is a code")
		}
		code, _, _ := g.SetupCode()
		if _, err := g.MakeFirst("AAAA-AAAA-AAAA", "anna", annasPassword, from(2), allow); err == nil {
			t.Error("another code is taken")
		}
		if again, _, fresh := g.SetupCode(); again != code || fresh {
			t.Error("a code that is good is replaced")
		}
		time.Sleep(setupTime)
		if _, err := g.MakeFirst(code, "anna", annasPassword, from(3), allow); err == nil {
			t.Error("an old code is taken")
		}
		time.Sleep(time.Minute)
		code, _, _ = g.SetupCode()
		for _, bad := range [][2]string{{"Anna", annasPassword}, {"anna", "short"}, {"a\nb", annasPassword}} {
			if _, err := g.MakeFirst(code, bad[0], bad[1], from(4), allow); err == nil {
				t.Errorf("%v is taken", bad)
			}
		}
		secret, err := g.MakeFirst(code, "anna", annasPassword, from(4), allow)
		if err != nil || secret != "anna_password_hash" {
			t.Fatal(secret, err)
		}
		if hash, err := g.Secrets.Get(secret); err != nil || len(hash) != 60 {
			t.Errorf("the secret is %q, %v", hash, err)
		}
		if _, err := g.MakeFirst(code, "bert", annasPassword, from(5), allow); !errors.Is(err, ErrSetUp) {
			t.Errorf("a second one: %v", err)
		}
		for range 2 {
			if i, err := g.Login("anna", annasPassword, home); err != nil || i.Role != Admin || g.NeedsSetup() {
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

// TestSetupCodesCannotBeGuessed: tries are slowed down over all addresses.
func TestSetupCodesCannotBeGuessed(t *testing.T) {
	rb := declared(t)
	rb.Users = nil
	g := openGuard(t, t.TempDir(), rb)
	g.SetupCode()
	looked := 0
	for n := range 1000 {
		_, err := g.MakeFirst("AAAA-AAAA-AAAA", "anna", annasPassword, netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)}), allow)
		if Reason(err) == "setup: wrong or old code" {
			looked++
		}
	}
	if looked > 10 {
		t.Errorf("%d codes were looked at", looked)
	}
}
