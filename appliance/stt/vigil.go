package stt

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"orac/appliance/rt"
)

const (
	// PeerLimit is how long an ORAC STT allows its engine. When its client has gone, it continues and ORAC Core acts; after
	// that time nothing is under way any more.
	PeerLimit = 30 * time.Second
	// answerLeast is the shortest wait for the answer once the service has the whole utterance: longer than its own
	// limit. Leaving earlier would stop nothing there, and could only make the service act once more.
	answerLeast = PeerLimit + 15*time.Second
	// askEvery is how often to ask a service that is late for a sign of life.
	askEvery = 5 * time.Second
	// holdMost bounds the wait for a service without a sign of life: it may be stopped or cut off, and continue later.
	holdMost = 10 * time.Minute
)

// vigil is the wait for a late answer. It counts only the time in which the service is alive: a stopped service, when it is
// continued, resumes with what it has, and its answer comes on the same connection.
type vigil struct {
	orac   *Orac
	lived  time.Duration // how long the service was alive
	began  rt.Instant
	looked rt.Instant
}

func (o *Orac) vigil(t *rt.Task) *vigil {
	return &vigil{orac: o, began: t.Now(), looked: t.Now()}
}

// goesOn tells whether to keep waiting. pong is a sign of life on the connection itself; without one it asks for the
// service's health.
func (v *vigil) goesOn(t *rt.Task, pong bool) bool {
	since := t.Now().Sub(v.looked)
	if pong || v.orac.answers(t) {
		v.lived += since
	}
	v.looked = t.Now()
	return v.lived < v.orac.least && v.looked.Sub(v.began) < v.orac.most
}

// more is goesOn for a request, which has no pings.
func (v *vigil) more(t *rt.Task) time.Duration {
	if !v.goesOn(t, false) {
		return 0
	}
	return v.next()
}

// next is how long to wait until the next look.
func (v *vigil) next() time.Duration { return min(askEvery, v.orac.least-v.lived) }

func (v *vigil) over(t *rt.Task) error {
	return fmt.Errorf("no transcript %v after the end of the sound", t.Now().Sub(v.began).Round(time.Second))
}

// answers tells whether the service shows any sign of life: any answer to a health check, or a machine that reports that no
// service is there. A service that is stopped, or cut off, shows none.
func (o *Orac) answers(t *rt.Task) bool {
	_, err := o.Health(t)
	e, ok := errors.AsType[*Error](err)
	return !ok || e.Status != 0 || e.Kind != Timeout && e.Kind != Unreachable || errors.Is(e, syscall.ECONNREFUSED) || errors.Is(e, syscall.ECONNRESET)
}
