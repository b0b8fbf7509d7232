package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/runbook/language"
	"orac/web/auth/internal/cost"
)

func TestLogin(t *testing.T) {
	cheaply(t)
	g := newGuard(t)
	if v, err := g.Login("anna", annasPassword, home); err != nil || v.Identity().Role != Admin || v.Identity().Subject() != "anna" {
		t.Errorf("%+v, %v", v, err)
	}
	long := annasPassword + string(make([]byte, 100))
	for name, c := range map[string][3]string{
		"wrong password": {"anna", "wrong", "login: wrong password"},
		"no password":    {"anna", "", "login: wrong password"},
		"too long":       {"anna", long, "login: wrong password"},
		"no such user":   {"mallory", annasPassword, "login: no such user"},
		"SQL":            {"' OR 1=1 --", annasPassword, "login: no such user"},
		"an account":     {"core", accountSecret, "login: no such user"},
	} {
		g.throttle = newThrottle(g.DB.clock.passed)
		_, err := g.Login(c[0], c[1], home)
		refused(t, name, err, c[2])
		if err.Error() != "not authenticated" {
			t.Errorf("%s is told as %q", name, err)
		}
	}
}

// TestAWrongNameLastsAsLongAsAWrongPassword: both are one comparison of the same cost, and the wrong name takes as much as that.
func TestAWrongNameLastsAsLongAsAWrongPassword(t *testing.T) {
	rb := declared(t)
	for _, dear := range []int{6, 9} {
		h, err := bcrypt.GenerateFromPassword([]byte(annasPassword), dear)
		if err != nil {
			t.Fatal(err)
		}
		rb.Users[0].PasswordHash = language.NewSecret(string(h))
		cheaply(t)
		g := openGuard(t, t.TempDir(), rb)
		if c, err := bcrypt.Cost([]byte(g.policy.Load().decoy)); err != nil || c != dear {
			t.Errorf("the decoy costs %d, the dearest user %d: %v", c, dear, err)
		}
		best := map[string]time.Duration{}
		for _, name := range []string{"anna", "mallory", "anna", "mallory", "anna", "mallory"} {
			g.throttle = newThrottle(g.DB.clock.passed)
			before, start := g.comparer.done.Load(), time.Now()
			if _, err := g.Login(name, "wrong password", home); err == nil {
				t.Fatal("it is let in")
			}
			took := time.Since(start)
			if best[name] == 0 || took < best[name] {
				best[name] = took
			}
			if n := g.comparer.done.Load() - before; n != 1 {
				t.Errorf("%s: %d comparisons", name, n)
			}
		}
		if dear == 9 && best["mallory"] < best["anna"]/3 {
			t.Errorf("a wrong password takes %v, a wrong name %v", best["anna"], best["mallory"])
		}
	}
	cost.New = cost.Usual
	if c, err := bcrypt.Cost([]byte(decoy(nil))); err != nil || c != cost.Usual {
		t.Errorf("without users the decoy costs %d, %v", c, err)
	}
}

// TestTenThousandPasswords: in a day of trying without pause, from one address, few are looked at.
func TestTenThousandPasswords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t)
		looked, from := 0, netip.MustParseAddr("198.51.100.7")
		for n := range 10_000 {
			_, err := g.Login("anna", fmt.Sprint("guess ", n), from)
			switch Reason(err) {
			case "login: wrong password":
				looked++
			case "login: too many attempts":
			default:
				t.Fatal(err, Reason(err))
			}
			time.Sleep(8640 * time.Millisecond)
		}
		if looked > 200 {
			t.Errorf("%d passwords of 10 000 were looked at", looked)
		}
		// The owner, who has another address, is held up for no more than the bound of a user.
		start := time.Now()
		for {
			if _, err := g.Login("anna", annasPassword, home); err == nil {
				break
			}
			time.Sleep(time.Second)
		}
		if held := time.Since(start); held > maxUserDelay {
			t.Errorf("the owner was kept out for %v", held)
		}
	})
}

// TestWhoHasGotInIsNotHeldUp: guessing from elsewhere does not keep a user out where the user has logged in before.
func TestWhoHasGotInIsNotHeldUp(t *testing.T) {
	g := newGuard(t)
	if _, err := g.Login("anna", annasPassword, home); err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		_, _ = g.Login("anna", "wrong", netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}))
	}
	if _, err := g.Login("anna", annasPassword, home); err != nil {
		t.Error(err, Reason(err))
	}
}

// TestManyAtOnce: 200 attempts side by side are no more than a few.
func TestManyAtOnce(t *testing.T) {
	g := newGuard(t)
	var looked atomic.Int64
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			_, err := g.Login("anna", fmt.Sprint("guess ", n), home)
			if Reason(err) == "login: wrong password" {
				looked.Add(1)
			} else if err == nil {
				t.Error("a guess is let in")
			}
		})
	}
	wg.Wait()
	if n := looked.Load(); n > freeTries+1 {
		t.Errorf("%d were looked at", n)
	}
}

// TestFewAreComparedAtOnce: of 200 guesses from as many addresses a few wait to be compared, one after the other, and the others
// are told when to come again. Who has got in before is not one of these others.
func TestFewAreComparedAtOnce(t *testing.T) {
	cheaply(t)
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(t)
		if _, err := g.Login("anna", annasPassword, home); err != nil {
			t.Fatal(err)
		}
		running := g.comparer.running
		for range cap(running) { // as if hashes took for ever
			running <- struct{}{}
		}
		var looked, refused atomic.Int64
		var wg sync.WaitGroup
		before := g.comparer.done.Load()
		for n := range 200 {
			wg.Go(func() {
				_, err := g.Login(fmt.Sprint("guess", n), "wrong", netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}))
				switch d, _ := errors.AsType[*Denied](err); {
				case Reason(err) == "login: no such user":
					looked.Add(1)
				case d != nil && d.RetryAfter == busyFor:
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := refused.Load(); n != int64(200-cap(g.comparer.strangers.waiting)) {
			t.Errorf("%d were refused at once", n)
		}
		in := false
		wg.Go(func() {
			_, err := g.Login("anna", annasPassword, home)
			if in = err == nil; !in {
				t.Error("anna: ", Reason(err))
			}
		})
		synctest.Wait()
		if n := g.comparer.done.Load(); n != before {
			t.Errorf("%d were compared while there was no room for any", n-before)
		}
		for range cap(running) {
			<-running
		}
		wg.Wait()
		if !in || looked.Load() != int64(cap(g.comparer.strangers.waiting)) {
			t.Errorf("%d were compared, and anna was let in: %v", looked.Load(), in)
		}
	})
}

// TestManyAddresses: the memory of the throttle is bounded, and a user is protected from many addresses at once.
func TestManyAddresses(t *testing.T) {
	th := newThrottle(machineClock().passed)
	passed := 0
	for n := range 3 * maxThrottled {
		a := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
		if th.begin(User, "anna", a) == 0 {
			passed++
		}
		th.begin(User, fmt.Sprint("user", n), a)
	}
	if len(th.users) > maxThrottled || len(th.addrs) > maxThrottled {
		t.Errorf("%d users and %d addresses are remembered", len(th.users), len(th.addrs))
	}
	if passed > 20 {
		t.Errorf("%d attempts at one user passed", passed)
	}
}

func TestNetwork(t *testing.T) {
	for a, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "::1": "::/64",
	} {
		if got := Network(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s is %s", a, got)
		}
	}
}

func TestPasswords(t *testing.T) {
	for _, bad := range []string{"", "short", "nine char", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6", "with a \x00 in it", string(make([]byte, 73))} {
		if _, err := HashPassword("anna", bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	h, err := HashPassword("anna", "ten chars!")
	if err != nil || h[:7] != "$2a$12$" {
		t.Errorf("%s, %v", h, err)
	}
}
