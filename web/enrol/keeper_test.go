package enrol

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/health"
	"orac/appliance/house"
	"orac/runbook"
	"orac/runbook/testkit"
	"orac/web/auth/secrets"
)

// office is an issuer without a network, in virtual time.
type office struct {
	*Desk
	rb       *runbook.Runbook
	err      error
	renewed  int
	asked    int
	attempts []time.Time
}

func (o *office) Renew(_ context.Context, was *house.Bundle) (*house.Bundle, error) {
	o.attempts = append(o.attempts, time.Now())
	if o.err != nil {
		return nil, o.err
	}
	o.renewed++
	return o.bundle(was.Member().Name)
}

func (o *office) News(context.Context) (n News, err error) {
	o.asked++
	if o.err != nil {
		return n, o.err
	}
	a, err := authoritiesOf(o.Secrets, o.rb.Issuer.URL, time.Now(), true)
	if err != nil {
		return n, err
	}
	list, err := o.Ended(o.rb)
	if err != nil {
		return n, err
	}
	n.Authorities = a.certificates()
	n.Ended, err = bytesOf(list.List)
	return n, err
}

func (o *office) bundle(name string) (*house.Bundle, error) {
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	a, c, err := o.issue(o.rb, name, "", &key.PublicKey, "")
	return &house.Bundle{Key: key, Leaf: c, Authorities: a.certificates()}, err
}

// keeping is a member with a certificate, its issuer, its log, and its state directory.
func keeping(t *testing.T) (*Keeper, *office, *bytes.Buffer, string) {
	t.Helper()
	o := &office{Desk: &Desk{Book: &Book{}, Secrets: secrets.In(t.TempDir()), Roll: &roll{of: map[string]string{}, ended: map[string]bool{}}}, rb: &runbook.Runbook{}}
	o.rb.Appliance.Name = "core"
	o.rb.Issuer = runbook.Issuer{URL: "https://core.local:7171", Certificates: 7 * 24 * time.Hour}
	state, log := t.TempDir(), &bytes.Buffer{}
	k := &Keeper{
		Holder: house.In(state), Desk: o.Desk, Log: slog.New(slog.NewTextHandler(log, nil)),
		Office: func(*runbook.Runbook) (Issuer, error) { return o, nil }, Record: func(_ string, do func() error) error { return do() },
	}
	b, err := o.bundle("kitchen")
	testkit.Must(t, err)
	testkit.Must(t, k.Holder.Keep(b))
	rb := &runbook.Runbook{}
	rb.Auth.Trust.Issuer = o.rb.Issuer.URL
	k.Use(rb)
	return k, o, log, state
}

// during lets a keeper do its work for some time.
func (k *Keeper) during(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(15 * tick) { // as often as it takes to see everything
		k.Step(context.Background())
	}
}

// TestACertificateIsRenewedInTime, after two thirds of its life and not before, and the issuer is not asked more than it has to be.
func TestACertificateIsRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, o, log, _ := keeping(t)
		k.during(4 * 24 * time.Hour)
		if o.renewed != 0 || o.asked > 4*24*12+1 {
			t.Errorf("after four days: %d renewed, asked %d times", o.renewed, o.asked)
		}
		k.during(2 * 24 * time.Hour)
		if o.renewed != 1 {
			t.Errorf("after six days: %d renewed", o.renewed)
		}
		for day := range 24 {
			k.during(24 * time.Hour)
			if why := k.Listeners()[0].Why; why != "" {
				t.Fatalf("day %d: %s", day, why)
			}
		}
		if o.renewed < 5 || o.renewed > 7 {
			t.Errorf("after 30 days: %d renewed", o.renewed)
		}
		if strings.Contains(log.String(), "could not") {
			t.Error(log.String())
		}
	})
}

// TestTheIssuerIsAway: a member asks less and less, says so before it is too late, and goes on when the issuer is back.
func TestTheIssuerIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, o, log, _ := keeping(t)
		k.during(4 * 24 * time.Hour)
		o.err = errors.New("away")
		k.during(24 * time.Hour)
		if why := k.Listeners()[0].Why; why != "" {
			t.Errorf("with two days left: %s", why)
		}
		k.during(12 * time.Hour)
		l := k.Listeners()[0]
		if l.Component != Component || l.Level != health.Degraded || !strings.Contains(l.Why, "could not be renewed") || !strings.Contains(l.Why, "away") {
			t.Errorf("with less than a quarter left: %+v", l)
		}
		if n := len(o.attempts); n > 40 {
			t.Errorf("%d attempts in a day and a half", n)
		}
		k.during(2 * 24 * time.Hour)
		if why := k.Listeners()[0].Why; !strings.Contains(why, "expired") || !strings.Contains(why, "Join again") {
			t.Errorf("after the end: %s", why)
		}
		if n := strings.Count(log.String(), "could not"); n != 1 {
			t.Errorf("the log says it %d times", n)
		}
		o.err = nil
		k.during(2 * time.Hour)
		if why := k.Listeners()[0].Why; why != "" || o.renewed != 1 {
			t.Errorf("when it is back: %s", why)
		}
	})
}

// TestARemovedMemberIsKnown to the others within minutes, also while the issuer is away later; and the one that was removed says so.
func TestARemovedMemberIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, o, log, _ := keeping(t)
		k.Runbook().STTServers = []runbook.STTServer{{Members: true}}
		hall, err := o.bundle("hall")
		testkit.Must(t, err)
		minutes := func(n int) {
			for range n {
				k.Step(t.Context())
				time.Sleep(tick)
			}
		}
		minutes(20)
		if err := k.Holder.Ended(hall.Leaf); err != nil || o.asked != 4 {
			t.Fatalf("asked %d times in twenty minutes: %v", o.asked, err)
		}
		testkit.Must(t, o.Roll.EndCertificates("hall"))
		minutes(6)
		if err := k.Holder.Ended(hall.Leaf); !errors.Is(err, house.ErrEnded) {
			t.Errorf("six minutes after it was removed: %v", err)
		}
		if n := strings.Count(log.String(), "has ended certificates"); n != 1 {
			t.Errorf("the log says it %d times", n)
		}
		own, err := k.Holder.Bundle()
		testkit.Must(t, err)
		o.err = errors.New("away")
		minutes(60)
		if err := k.Holder.Ended(hall.Leaf); !errors.Is(err, house.ErrEnded) || k.Holder.Ended(own.Leaf) != nil {
			t.Errorf("while the issuer is away: %v", err)
		}
		if why := k.Listeners()[0].Why; why != "" {
			t.Errorf("after an hour: %s", why)
		}
		k.during(24 * time.Hour)
		if why := k.Listeners()[0].Why; !strings.Contains(why, "which certificates have ended") || !strings.Contains(why, "away") {
			t.Errorf("after a day: %s", why)
		}
		k.Runbook().STTServers = nil
		if why := k.Listeners()[0].Why; why != "" {
			t.Errorf("where nobody comes: %s", why)
		}
		o.err = nil
		testkit.Must(t, o.Roll.EndCertificates("kitchen"))
		minutes(6)
		if why := k.Listeners()[0].Why; !strings.Contains(why, "was removed") {
			t.Errorf("the one that was removed says %q", why)
		}
	})
}

// TestNewAuthoritiesAreFetched within an hour or so, long before the certificate is due.
func TestNewAuthoritiesAreFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, o, _, _ := keeping(t)
		k.during(time.Hour)
		testkit.Must(t, o.Secrets.Rotate(SecretName, 14*24*time.Hour))
		k.during(2 * time.Hour)
		b, err := k.Holder.Bundle()
		testkit.Must(t, err)
		if len(b.Authorities) != 2 || o.renewed != 1 {
			t.Errorf("it knows %d authorities, after %d renewals", len(b.Authorities), o.renewed)
		}
	})
}

// TestATornFileIsAsGoodAsNone: nothing is shown, nothing is asked, and people are told.
func TestATornFileIsAsGoodAsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, o, _, state := keeping(t)
		file := filepath.Join(state, "house", "member.pem")
		text, err := os.ReadFile(file)
		testkit.Must(t, err)
		for n := 0; n < len(text)-1; n += 41 {
			testkit.Must(t, os.WriteFile(file, text[:n], 0o600))
			time.Sleep(time.Millisecond)
			k.Holder = house.In(state)
			k.Step(t.Context())
			if why := k.Listeners()[0].Why; !strings.Contains(why, "join again") {
				t.Fatalf("%d bytes of it: %q", n, why)
			}
		}
		testkit.Must(t, os.WriteFile(file, text, 0o600))
		testkit.Must(t, os.Chmod(file, 0o640))
		k.Holder = house.In(state)
		if why := k.Listeners()[0].Why; !strings.Contains(why, "others may have read") {
			t.Errorf("readable by others: %q", why)
		}
		if o.renewed+o.asked > 0 {
			t.Error("the issuer was asked")
		}
		testkit.Must(t, k.Holder.Forget())
		if list := k.Listeners(); len(list) > 0 {
			t.Errorf("without one, in no house: %v", list)
		}
	})
}

// TestTheClockWasAhead: an issuer whose clock was ahead for a while makes its certificate anew, instead of showing one for which nobody
// takes it until then. A member says what is wrong.
func TestTheClockWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, o, _, _ := keeping(t)
		k.Use(o.rb)
		b, err := k.Holder.Bundle()
		testkit.Must(t, err)
		if !o.serves(o.rb, b) {
			t.Fatal("it is good for nothing")
		}
		leaf := *b.Leaf
		leaf.NotBefore, leaf.NotAfter = time.Now().Add(300*24*time.Hour), time.Now().Add(307*24*time.Hour)
		ahead := &house.Bundle{Key: b.Key, Leaf: &leaf, Authorities: b.Authorities}
		if o.serves(o.rb, ahead) {
			t.Error("an issuer shows it for most of a year")
		}
		if why := trouble(ahead, nil, "", time.Now()); !strings.Contains(why, "clock") {
			t.Errorf("a member says %q", why)
		}
	})
}

// TestAnIssuerHasItsOwn before anything listens, again when its address has changed, and with new authorities.
func TestAnIssuerHasItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, o, _, _ := keeping(t)
		names := func(name, host string) {
			t.Helper()
			b, err := k.Holder.Bundle()
			testkit.Must(t, err)
			if b.Member().Name != name || b.Leaf.VerifyHostname(host) != nil {
				t.Errorf("%v, for %v", b.Member(), b.Leaf.DNSNames)
			}
		}
		k.Use(o.rb)
		names("core", "core.local")
		moved := *o.rb
		moved.Issuer.URL = "https://elsewhere.local:7171"
		k.Use(&moved)
		names("core", "elsewhere.local")
		k.during(30 * 24 * time.Hour)
		b, err := k.Holder.Bundle()
		testkit.Must(t, err)
		if _, to := b.Life(); time.Until(to) < 2*24*time.Hour {
			t.Error("it is not renewed")
		}
		if _, err := o.Declared(&moved, b.Member(), b.Leaf); err != nil {
			t.Errorf("its own servers refuse it: %v", err)
		}
	})
}
