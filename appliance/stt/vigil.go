package stt

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"orac/appliance/rt"
)

const (
	// PeerLimit is how long an ORAC STT gives its engine. It goes on, and ORAC Core acts, when its client has gone; later than that
	// nothing is under way any more.
	PeerLimit = 30 * time.Second
	// answerLeast is how long the answer to an utterance is waited for that the service has whole: longer than its own limit.
	// To leave earlier ends nothing there, and would only have the utterance acted on once more.
	answerLeast = PeerLimit + 15*time.Second
	// askEvery is how often a service that is late is asked for a sign of life.
	askEvery = 5 * time.Second
	// holdMost bounds the wait for a service that gives none: it may be stopped, or cut off, and go on later where it was.
	holdMost = 10 * time.Minute
)

// vigil is the wait for a late answer. Only the time counts in which the service lives: one that is stopped goes on, when it is
// continued, with what it has, and its answer comes by the same connection.
type vigil struct {
	orac   *Orac
	lived  time.Duration // of the service
	began  rt.Instant
	looked rt.Instant
}

func (o *Orac) vigil(t *rt.Task) *vigil {
	return &vigil{orac: o, began: t.Now(), looked: t.Now()}
}

// goesOn tells whether to wait on. pong tells of a sign of life by the connection itself; without one the service's health is asked.
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

// answers tells whether the service gives any sign of life: a health check that is answered, well or not, or a machine that says
// that no service is there. One that is stopped, or cut off, gives none.
func (o *Orac) answers(t *rt.Task) bool {
	_, err := o.Health(t)
	e, ok := errors.AsType[*Error](err)
	return !ok || e.Status != 0 || e.Kind != Timeout && e.Kind != Unreachable || errors.Is(e, syscall.ECONNREFUSED) || errors.Is(e, syscall.ECONNRESET)
}
