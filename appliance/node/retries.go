package node

import (
	"fmt"
	"math/rand/v2"
	"time"

	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// retries says which event of a webhook is tried when. A receiver has no health check. Whether it or the event is to blame shows
// by whether it accepts another one, as with a service that answers 500.
type retries struct {
	jitter   *rand.Rand
	due      rt.Instant   // when the next try is made
	head     *outbox.Item // the event that failed last, but for another that was tried in its place
	failures int          // of it
	suspicion
	another bool       // the next try is one of the event after it
	gone    bool       // the receiver no longer exists
	inARow  int        // events set aside since one was taken
	asked   rt.Instant // when the disk was first asked for an event that it does not give; 0: it gives all
}

func (r *retries) begin(jitter *rand.Rand) {
	r.jitter = jitter
}

// anew forgets what was so under other settings.
func (r *retries) anew() {
	*r = retries{jitter: r.jitter, inARow: r.inARow}
}

// above is the number above which the next event is looked for.
func (r *retries) above() uint64 {
	if r.another && r.head != nil {
		return r.head.Seq
	}
	return 0
}

// attempt is which try of an event has just been made.
func (r *retries) attempt(i *outbox.Item) int {
	if i == r.head {
		return r.failures + 1
	}
	return 1
}

// again takes a failure, and gives the pause until the next try. next is the event after it; nil if there is none.
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
	wait := backoff(r.jitter, r.failures, most)
	if e != nil {
		wait = max(wait, min(e.RetryAfter, max(most, time.Minute)))
	}
	r.due = now.Add(wait)
	return wait
}

// aboutEvent tells whether an event can be the cause of a failure: as with an utterance, and whatever a receiver has answered. What
// looks like a wrong address or wrong credentials may be its refusal of what the event says, in a url that is too long (414), in a
// path that it does not have (404), or in words that a guard in front of it does not let through (403). If it takes another event,
// they are right.
func aboutEvent(e *wire.Error) bool {
	return aboutUtterance(e) || e.Kind == wire.Late || e.Retry() == wire.RetryBounded || e.Status != 0
}

// blamed is the event that failed while another is taken, and why it is set aside; nil if there is none.
func (r *retries) blamed(taken *outbox.Item) (*outbox.Item, error) {
	if !r.another || r.head == nil || taken == r.head {
		return nil, nil
	}
	return r.head, fmt.Errorf("it failed %d times, and the receiver took another event", r.failures)
}

// taken notes that the receiver takes events.
func (r *retries) taken() { *r = retries{jitter: r.jitter} }

// aside notes that an event is out of the way.
func (r *retries) aside() {
	*r = retries{jitter: r.jitter, inARow: r.inARow + 1}
}

// unread tells whether a disk that does not give an event is asked again.
func (r *retries) unread(now rt.Instant) bool {
	if r.asked == 0 {
		r.asked = now
	}
	r.due = now.Add(diskRetry)
	return now.Sub(r.asked) < readPatience
}
