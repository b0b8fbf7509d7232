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
	// askEvery is how often a member asks for the authorities of its house.
	askEvery = time.Hour
	// mostBackoff is the longest pause between two attempts.
	mostBackoff = time.Hour
)

// Issuer is what a keeper asks of the issuer.
type Issuer interface {
	Renew(ctx context.Context, was *house.Bundle) (*house.Bundle, error)
	Authorities(ctx context.Context) ([]*x509.Certificate, error)
}

// Keeper looks after the certificate of this appliance: that of a member is renewed in time with its issuer, and an issuer makes its own.
// It is an appliance.Beside.
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
	failed int       // attempts in a row
	next   time.Time // no attempt before
	asked  time.Time // when the authorities were last known to be the present ones
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
// told.
func (k *Keeper) Listeners() []health.Listener {
	k.mu.Lock()
	rb, why := k.rb, k.why
	k.mu.Unlock()
	if rb == nil || rb.Issuer.URL == "" && !rb.Auth.Trust.On() {
		return nil
	}
	b, err := k.Holder.Bundle()
	if errors.Is(err, house.ErrNone) && rb.Issuer.URL == "" { // it trusts an issuer and has not joined its house
		return nil
	}
	return []health.Listener{{Component: Component, Why: trouble(b, err, why, time.Now()), Level: health.Degraded}} // what it is needed for tells for itself
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
	k.mu.Lock()
	wait, asked := now.Before(k.next), now.Sub(k.asked) < askEvery && !now.Before(k.asked)
	k.mu.Unlock()
	if err != nil || wait {
		return // without a certificate there is nothing to renew: health says so
	}
	due := k.due(b, now)
	if !due && asked {
		return
	}
	office, err := k.Office(rb)
	if err != nil {
		k.fail(err)
		return
	}
	if !due {
		list, err := office.Authorities(ctx)
		if err != nil {
			k.fail(err)
			return
		}
		k.known(list, b)
		if !k.due(b, now) {
			return
		}
	}
	k.outcome(b.Member().Name, func() error {
		fresh, err := office.Renew(ctx, b)
		if err != nil {
			return err
		}
		return k.Holder.Keep(fresh)
	})
}

// known notes which authorities the house has now.
func (k *Keeper) known(list []*x509.Certificate, b *house.Bundle) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failed, k.why, k.next, k.asked = 0, "", time.Time{}, time.Now()
	for _, a := range list {
		k.early = k.early || !knows(b.Authorities, a)
	}
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
	k.failed, k.why, k.next, k.early, k.asked = 0, "", time.Time{}, false, time.Now()
	k.mu.Unlock()
	k.Log.Info("renewed the certificate of the house", "member", member)
}

// fail notes a failure. The next attempt waits, twice as long each time and an hour at most.
func (k *Keeper) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait := min(mostBackoff, tick<<min(k.failed, 10))
	k.failed++
	k.next = time.Now().Add(wait*4/5 + rand.N(wait/5))
	if why := err.Error(); why != k.why { // said once
		k.why = why
		k.Log.Warn("could not renew the certificate of the house, or ask for its authorities; trying again", "cause", err)
	}
}
