// Package live drives the runtime seam with goroutines and the real clock.
package live

import (
	"context"
	crand "crypto/rand"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"orac/appliance/rt"
)

// Driver runs tasks as goroutines. Its zero value is not ready: use New.
type Driver struct {
	start time.Time
	seed  [32]byte
	trace func(rt.Record)
}

// New makes a driver whose time starts now. Random streams differ from run to run. trace receives the records of the trace, from
// many goroutines; nil discards them.
func New(trace func(rt.Record)) *Driver {
	d := &Driver{start: time.Now(), trace: trace}
	_, _ = crand.Read(d.seed[:]) // never fails since Go 1.24
	return d
}

// parker is where a task waits: a token that an Unpark leaves, and a timer for the deadline.
type parker struct {
	token chan struct{}
	timer *time.Timer
}

// Start implements rt.Driver.
func (d *Driver) Start(t *rt.Task, f func()) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	t.DriverState = &parker{token: make(chan struct{}, 1), timer: timer}
	go f()
}

// Park implements rt.Driver.
func (d *Driver) Park(t *rt.Task, until rt.Instant) {
	p := t.DriverState.(*parker)
	if until == rt.Never {
		<-p.token
		return
	}
	wait := until.Sub(d.Now())
	if wait <= 0 {
		return
	}
	p.timer.Reset(wait)
	select {
	case <-p.token:
		p.timer.Stop()
	case <-p.timer.C:
	}
}

// Unpark implements rt.Driver.
func (d *Driver) Unpark(t *rt.Task) {
	select {
	case t.DriverState.(*parker).token <- struct{}{}:
	default: // there is a token already
	}
}

// Now implements rt.Driver.
func (d *Driver) Now() rt.Instant { return rt.Instant(time.Since(d.start)) }

// Wall implements rt.Driver.
func (d *Driver) Wall() time.Time { return time.Now() }

// Rand implements rt.Driver.
func (d *Driver) Rand(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	seed := d.seed
	for i, s := 0, h.Sum64(); i < 8; i, s = i+1, s>>8 {
		seed[i] ^= byte(s)
	}
	return rand.New(rand.NewChaCha8(seed))
}

// Trace implements rt.Driver.
func (d *Driver) Trace(r rt.Record) {
	if d.trace != nil {
		d.trace(r)
	}
}

// Context returns a context for adapters that ends when the task is told to stop, or when cancel is called.
func Context(t *rt.Task) (ctx context.Context, cancel func()) {
	ctx, stop := context.WithCancel(context.Background())
	undo := t.OnStop(stop)
	return ctx, func() { undo(); stop() }
}

// Run starts f as the root task and waits for it to end. When ctx ends, the task is told to stop.
func (d *Driver) Run(ctx context.Context, name string, f func(*rt.Task) error) (err error) {
	done := make(chan struct{})
	t := rt.New(d, name, f)
	rt.New(d, name+"-end", func(w *rt.Task) error {
		err = w.Wait(t, rt.Never)
		close(done)
		return nil
	})
	select {
	case <-ctx.Done():
		t.Stop()
		<-done // the root ends when its children have; whoever stops it knows how long that may take
	case <-done:
	}
	return err
}
