package node

import (
	"fmt"
	"math/rand/v2"
	"time"

	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// retries decides which event of a webhook is tried when. A receiver has no health check. Whether it or the event is to blame
// shows by whether it accepts a different event, as with a service that answers 500.
type retries struct {
	jitter   *rand.Rand
	due      rt.Instant   // when the next try is made
	head     *outbox.Item // the event that failed last, not counting one that was tried in its place
	failures int          // of that event
	suspicion
	another bool       // the next try is for the event after it
	gone    bool       // the receiver no longer exists
	inARow  int        // events set aside since the last one was accepted
	asked   rt.Instant // when the disk was first asked for an event that it does not return; 0: it returns all
}

func (r *retries) begin(jitter *rand.Rand) {
	r.jitter = jitter
}

// anew forgets what was true of other settings.
func (r *retries) anew() {
	*r = retries{jitter: r.jitter, inARow: r.inARow}
}

// above is the number after which to look for the next event.
func (r *retries) above() uint64 {
	if r.another && r.head != nil {
		return r.head.Seq
	}
	return 0
}

// attempt is the number of the try that an event has just had.
func (r *retries) attempt(i *outbox.Item) int {
	if i == r.head {
		return r.failures + 1
	}
	return 1
}

// again handles a failure, and returns the pause until the next try. next is the event after it; nil if there is
// none.
func (r *retries) again(now rt.Instant, i *outbox.Item, e *wire.Error, most time.Duration, next *outbox.Item) time.Duration {
	other := r.another && i != r.head // it was tried in place of the head, and fails as well
	r.another = false
	if !other {
		if i != r.head {
			r.head, r.failures, r.suspicion = i, 0, suspicion{}
		}
		r.failures++
		if e != nil && aboutEvent(e) {
			r.question(now)
		}
		if next != nil && r.doubtful(now) {
			r.another, r.due = true, now
			return 0
		}
	}
	wait := backoff(r.jitter, r.failures, firstDelay, most)
	if e != nil {
		wait = max(wait, min(e.RetryAfter, max(most, time.Minute)))
	}
	r.due = now.Add(wait)
	return wait
}

// aboutEvent tells whether an event can be the cause of a failure: as with an utterance, and with any answer of a receiver. What
// looks like a wrong address or wrong credentials may be its refusal of what the event says: a url that is too long (414), a path
// that does not exist (404), or words that a guard in front of it blocks (403). If it accepts a different event, address and
// credentials are right.
func aboutEvent(e *wire.Error) bool {
	return aboutUtterance(e) || e.Kind == wire.Late || e.Retry() == wire.RetryBounded || e.Status != 0
}

// blamed returns the event that failed while a different one was accepted, and why it is set aside; nil
// if there is none.
func (r *retries) blamed(taken *outbox.Item) (*outbox.Item, error) {
	if !r.another || r.head == nil || taken == r.head {
		return nil, nil
	}
	return r.head, fmt.Errorf("it failed %d times, and the receiver took another event", r.failures)
}

// taken notes that the receiver accepts events.
func (r *retries) taken() { *r = retries{jitter: r.jitter} }

// aside notes that an event was set aside.
func (r *retries) aside() {
	*r = retries{jitter: r.jitter, inARow: r.inARow + 1}
}

// unread tells whether to ask a disk again for an event that it does not return.
func (r *retries) unread(now rt.Instant) bool {
	if r.asked == 0 {
		r.asked = now
	}
	r.due = now.Add(diskRetry)
	return now.Sub(r.asked) < readPatience
}
