package enrol

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"orac/appliance/health"
	"orac/appliance/house"
	"orac/runbook"
)

const (
	// tick is how often the keeper looks whether there is something to do.
	tick = time.Minute
	// askEvery is how often a member asks what is new in its house: so soon it refuses a member that was removed.
	askEvery = 5 * time.Minute
	// deafAfter is how old its knowledge of ended certificates may be before that is told.
	deafAfter = 24 * time.Hour
	// mostBackoff is the longest pause between two attempts.
	mostBackoff = time.Hour
)

// Issuer is what a keeper asks of the issuer.
type Issuer interface {
	Renew(ctx context.Context, was *house.Bundle) (*house.Bundle, error)
	News(ctx context.Context) (News, error)
}

// Keeper looks after the certificate of this appliance: that of a member is renewed in time with its issuer, and an issuer makes its own.
// It also keeps what a member hears of the certificates of others. It is an appliance.Beside.
type Keeper struct {
	Holder *house.Holder
	Desk   *Desk
	// Office returns the issuer that a runbook trusts.
	Office func(*runbook.Runbook) (Issuer, error)
	Log    *slog.Logger
	// Record notes a renewal in the audit log. It returns an error if that is impossible: then nothing is renewed.
	Record func(of string, renew func() error) error

	mu     sync.Mutex // guards everything that follows
	rb     *runbook.Runbook
	failed int       // attempts to renew in a row
	next   time.Time // no attempt before
	asked  time.Time // when the issuer was last asked for news
	early  bool      // the house has new authorities
	why    string    // the last failure
	jitter time.Duration
	of     *x509.Certificate // that jitter is for
}

// Run renews until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	for {
		k.Step(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(tick):
		}
	}
}

// Use implements appliance.Beside. An issuer has its certificate before its servers begin to listen.
func (k *Keeper) Use(rb *runbook.Runbook) {
	k.mu.Lock()
	k.rb = rb
	k.mu.Unlock()
	if rb.Issuer.URL != "" {
		k.own(rb)
	}
}

// Runbook returns the runbook in force; nil before there is one.
func (k *Keeper) Runbook() *runbook.Runbook {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rb
}

// Check implements appliance.Beside.
func (k *Keeper) Check(*runbook.Runbook) error { return nil }

// Accept implements appliance.Beside.
func (k *Keeper) Accept(*runbook.Runbook) error { return nil }

// Component is the keeper's name in the health of the appliance.
const Component = "house"

// Listeners implements appliance.Beside. A certificate that has less than a quarter of its life left, and one that cannot be used, are
// told; and servers for members that do not know who is one.
func (k *Keeper) Listeners() []health.Listener {
	k.mu.Lock()
	rb, why := k.rb, k.why
	k.mu.Unlock()
	if rb == nil || rb.Issuer.URL == "" && !rb.Auth.Trust.On() {
		return nil
	}
	b, err := k.Holder.Bundle()
	if errors.Is(err, house.ErrNone) && rb.Issuer.URL == "" { // it trusts an issuer and has not joined its house
		at, interrupted := k.Holder.Interrupted()
		if !interrupted {
			return nil
		}
		err = fmt.Errorf("orac join %s was interrupted before the certificate came: run it again, with a new code if the issuer does not know this one any more, or undo it with orac leave", at)
	}
	told := trouble(b, err, why, time.Now())
	if told == "" && rb.Issuer.URL == "" {
		told = k.apart(rb, b, why, time.Now())
	}
	return []health.Listener{{Component: Component, Why: told, Level: health.Degraded}} // what it is needed for tells for itself
}

// apart says how a member is out of touch with its house: "" if it is not.
func (k *Keeper) apart(rb *runbook.Runbook, b *house.Bundle, why string, now time.Time) string {
	err := k.Holder.Ended(b.Leaf)
	heard := k.Holder.HeardOfEnded()
	switch {
	case errors.Is(err, house.ErrEnded):
		return "this appliance was removed from the house, or another has joined in its place: join again with a new code, or leave (orac leave)"
	case err != nil:
		return err.Error()
	case heard.IsZero():
		heard, _ = b.Life()
	}
	if !rb.ForMembers() || now.Sub(heard) < deafAfter {
		return ""
	}
	if why != "" {
		why = ": " + why
	}
	return fmt.Sprintf("the issuer has not said since %s which certificates have ended%s. A member that was removed meanwhile is still let in here", heard.UTC().Format(time.DateTime), why)
}

// trouble says what is wrong with a certificate; "" if nothing is.
func trouble(b *house.Bundle, err error, why string, now time.Time) string {
	if err != nil {
		return err.Error()
	}
	from, to := b.Life()
	if why != "" {
		why = ": " + why
	}
	switch left := to.Sub(now); {
	case now.Before(b.Leaf.NotBefore):
		return fmt.Sprintf("the certificate of the house is valid only from %s on: set the clock of this machine, or join again with a new code if the issuer's was ahead", b.Leaf.NotBefore.UTC().Format(time.DateTime))
	case left <= 0:
		return fmt.Sprintf("the certificate of the house expired on %s%s. Join again with a new code", to.UTC().Format(time.DateTime), why)
	case left < to.Sub(from)/4:
		return fmt.Sprintf("the certificate of the house could not be renewed, and expires on %s%s", to.UTC().Format(time.DateTime), why)
	}
	return ""
}

// Step does what is due now.
func (k *Keeper) Step(ctx context.Context) {
	k.mu.Lock()
	rb := k.rb
	k.mu.Unlock()
	switch {
	case rb == nil:
	case rb.Issuer.URL != "":
		k.own(rb)
	case rb.Auth.Trust.On():
		k.member(ctx, rb)
	}
}

// own makes the issuer's own certificate anew if it is time, or if it would not be the same.
func (k *Keeper) own(rb *runbook.Runbook) {
	b, err := k.Holder.Bundle()
	if err == nil && !k.due(b, time.Now()) && k.Desk.serves(rb, b) {
		return
	}
	k.outcome(rb.Appliance.Name, func() error {
		b, err := k.Desk.Own(rb)
		if err != nil {
			return err
		}
		return k.Holder.Keep(b)
	})
}

// member renews the certificate of a member when it is time.
func (k *Keeper) member(ctx context.Context, rb *runbook.Runbook) {
	now := time.Now()
	b, err := k.Holder.Bundle()
	if err != nil {
		return // without a certificate there is nothing to renew: health says so
	}
	k.mu.Lock()
	wait, ask := now.Before(k.next), now.Sub(k.asked) >= askEvery || now.Before(k.asked)
	if ask {
		k.asked = now
	}
	k.mu.Unlock()
	if !ask && (wait || !k.due(b, now)) {
		return
	}
	office, err := k.Office(rb)
	if err != nil {
		k.fail(err)
		return
	}
	if ask {
		n, err := office.News(ctx)
		k.hear(n, b, err)
	}
	if wait || !k.due(b, now) {
		return
	}
	k.outcome(b.Member().Name, func() error {
		fresh, err := office.Renew(ctx, b)
		if err != nil {
			return err
		}
		return k.Holder.Keep(fresh)
	})
}

// hear notes which authorities the house has now, and which certificates have ended, as far as the issuer has said so before something
// failed.
func (k *Keeper) hear(n News, b *house.Bundle, failed error) {
	k.mu.Lock()
	for _, a := range n.Authorities {
		k.early = k.early || !house.Knows(b.Authorities, a)
	}
	k.mu.Unlock()
	fresh := 0
	if failed == nil {
		fresh, failed = k.Holder.KeepEnded(n.Ended)
	}
	if failed != nil {
		k.say(failed)
		return
	}
	if fresh > 0 {
		k.Log.Info("the house has ended certificates; whoever shows one is refused", "certificates", fresh)
	}
	k.mu.Lock()
	k.why, k.failed, k.next = "", 0, time.Time{} // the issuer is there
	k.mu.Unlock()
}

// due tells whether a certificate is to be renewed: after two thirds of its life, give or take some, so that not all members ask at once;
// or now, if the house has new authorities.
func (k *Keeper) due(b *house.Bundle, now time.Time) bool {
	from, to := b.Life()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil || !k.of.Equal(b.Leaf) {
		k.of, k.jitter = b.Leaf, time.Duration((rand.Float64()-0.5)*float64(to.Sub(from))/12)
	}
	return k.early || !now.Before(from.Add(to.Sub(from)*2/3+k.jitter))
}

// outcome does something on record, and notes how it ended.
func (k *Keeper) outcome(member string, do func() error) {
	if err := k.Record(member, do); err != nil {
		k.fail(err)
		return
	}
	k.mu.Lock()
	k.failed, k.why, k.next, k.early = 0, "", time.Time{}, false
	k.mu.Unlock()
	k.Log.Info("renewed the certificate of the house", "member", member)
}

// fail notes that a certificate could not be renewed. The next attempt waits, twice as long each time and an hour at most.
func (k *Keeper) fail(err error) {
	k.mu.Lock()
	wait := min(mostBackoff, tick<<min(k.failed, 10))
	k.failed++
	k.next = time.Now().Add(wait*4/5 + rand.N(wait/5))
	k.mu.Unlock()
	k.say(err)
}

// say notes what has failed, and tells it once.
func (k *Keeper) say(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if why := err.Error(); why != k.why {
		k.why = why
		k.Log.Warn("could not renew the certificate of the house, or ask what is new there; trying again", "cause", err)
	}
}
