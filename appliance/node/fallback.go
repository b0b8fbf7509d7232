package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// An element of deliver may name several services. The first of them that answers gets an utterance; the others are the way back
// while it is away. A Delivery works with one of them at a time, the one in use. It moves on when that one has failed for a moment,
// and returns to the first with the next utterance after the first is back. Utterances keep their order throughout.

const (
	// fallbackAfter is how long a service that just answered may fail before the next one is used.
	fallbackAfter = 2 * time.Second
	// absentLeast and absentMost bound how long a service that failed is left alone, unless its probe sees it come back.
	absentLeast = 5 * time.Second
	absentMost  = 10 * time.Minute
)

// absence is what is known of a service that has failed. The zero value is a service that answers.
type absence struct {
	cause error
	again rt.Instant    // when to look at it again; 0: it is not avoided
	pause time.Duration // how long it was left alone the last time; it doubles until the service answers
}

// use makes the service with that number the one in use.
func (n *Delivery) use(i int) {
	if i == n.at {
		return
	}
	n.at, n.DeliveryConfig, n.offUntil = i, n.routes[i], 0
	n.off.Take(rt.NewCell(""))
}

// choose makes the first service in use that is not known to be away; the first of all if all are.
func (n *Delivery) choose(t *rt.Task) error {
	if err := n.recheck(t); err != nil {
		return err
	}
	for i := range n.routes {
		if n.away[i].again == 0 {
			n.use(i)
			return nil
		}
	}
	n.use(0)
	return nil
}

// recheck looks again at the services whose time has come. One that can be asked is avoided for longer if it is not well; any
// other gets the next utterance.
func (n *Delivery) recheck(t *rt.Task) error {
	for i := range n.away {
		a := &n.away[i]
		if a.again == 0 || t.Now() < a.again {
			continue
		}
		if p, ok := n.routes[i].Client.(stt.Prober); ok {
			if _, err := p.Health(t); errors.Is(err, rt.ErrStopped) {
				return err
			} else if err != nil {
				a.leave(t.Now(), a.cause)
				continue
			}
		}
		a.again = 0
	}
	return nil
}

// nextCheck is when a service is to be looked at again.
func (n *Delivery) nextCheck() rt.Instant {
	at := rt.Never
	for _, a := range n.away {
		if a.again != 0 {
			at = min(at, a.again)
		}
	}
	return at
}

// leave notes that a service is to be left alone for a while.
func (a *absence) leave(now rt.Instant, cause error) {
	a.pause = min(max(2*a.pause, absentLeast), absentMost)
	a.again, a.cause = now.Add(a.pause), cause
}

// returned notes that the probe of a service has seen it come back.
func (n *Delivery) returned(service string) {
	for i := range n.routes {
		if n.routes[i].Service == service {
			n.away[i] = absence{}
		}
	}
}

// fallbackIn is for how much longer the service in use may fail on an utterance before the next one gets it. It is 0 for a service
// that failed on the one before, too.
func (n *Delivery) fallbackIn(t *rt.Task, c *course) time.Duration {
	if n.away[n.at].pause > 0 {
		return 0
	}
	return max(0, c.began.Add(fallbackAfter).Sub(t.Now()))
}

// mayPass tells whether an utterance on which the service in use has failed may go to another one. A refusal is an answer. A service
// that may already act on an utterance gets it again: see doubt.
func (n *Delivery) mayPass(c *course, err error) bool {
	return len(n.routes) > 1 && c.doubt.cause == nil && stt.RetryOf(err) != stt.GiveUp && !errors.Is(err, errNothingHeard)
}

// pass leaves the service in use, and tells whether another one follows in this round. After the last one the first is next.
func (n *Delivery) pass(t *rt.Task, c *course, cause error) bool {
	n.away[n.at].leave(t.Now(), cause)
	next := (n.at + 1) % len(n.routes)
	if next > 0 {
		n.failed(t, c, n.Whole, cause, "at once, by "+n.routes[next].Service)
	}
	n.use(next)
	c.began = t.Now()
	t.Trace("fallback", int64(next))
	return next > 0
}

// answered notes that the service in use has answered, and reports it if that is another one than before.
func (n *Delivery) answered(t *rt.Task) {
	if len(n.routes) < 2 {
		return
	}
	n.away[n.at] = absence{}
	if n.at == n.inUse {
		return
	}
	n.inUse = n.at
	told, way := event.Fallback{STT: n.STT}, ""
	if n.at > 0 {
		told.By, told.Cause = n.Service, n.instead()
		way = fmt.Sprintf("by %s in place of %s", n.Service, n.STT)
		if n.DeliveryConfig.Way != "" {
			way += ", " + n.DeliveryConfig.Way
		}
	}
	n.using.Take(rt.NewCell(way))
	say(t, n.Events, n.Name, told)
}

// by is the service in use, if it is not the first.
func (n *Delivery) by() string {
	if n.at == 0 {
		return ""
	}
	return n.Service
}

// instead is why the first service is not in use; "" if it is.
func (n *Delivery) instead() string {
	if n.at == 0 || n.away[0].cause == nil {
		return ""
	}
	return n.away[0].cause.Error()
}

// because says in the record of a delivery which service answered in place of the first, and why.
func (n *Delivery) because() string {
	if n.at == 0 {
		return ""
	}
	return fmt.Sprintf("%s answered in place of %s: %s", n.Service, n.STT, n.instead())
}
