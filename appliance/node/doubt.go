package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// doubt is whether a service may act on an utterance, or has acted on it, although its answer is missing. The protocol cannot
// tell. An utterance in doubt is sent again, because it would be lost otherwise: late, seldom, and always with a report.
type doubt struct {
	cause    error      // why the answer is missing; nil: nothing is in doubt since it was last sent
	underWay bool       // the service may still be working on it
	since    rt.Instant // the latest time at which it may have received all of it
	told     int        // how often it was sent again in doubt; each time was reported
}

const (
	// settleTime is how long an utterance may still be under way after its answer was lost: the service's own limit, and
	// time for ORAC Core to receive the result.
	settleTime = stt.PeerLimit + 2*time.Second
	// mostDoubles is how often an utterance is sent again in doubt: a service that acts on every copy acts three times at
	// most.
	mostDoubles = 2
	// firstDouble is the pause before the first of them if nothing is under way; the next pause is three
	// times as long.
	firstDouble = 10 * time.Second
	// lifeEvery is how often to ask a service that shows no sign of life for one.
	lifeEvery = 2 * time.Second
)

var errNoAnswer = errors.New("the service may already have all of it, and its answer never came")

// sending notes on disk, in advance, that the service may have all of an utterance.
func (n *Delivery) sending(t *rt.Task, c *course) error {
	if n.Pure {
		return nil
	}
	reply := rt.NewMailbox[struct{}]("noted", 1)
	if err := n.Spool.Send(t, Sending{Seq: c.Seq, STT: n.STT, Reply: reply}); err != nil {
		return err
	}
	_, err := reply.Recv(t, rt.Never)
	c.doubt.since = t.Now()
	return err
}

// note records what a failure leaves in doubt.
func (n *Delivery) note(t *rt.Task, c *course, err error) {
	if n.Pure {
		return
	}
	if e, ok := errors.AsType[*stt.Error](err); ok && e.Doubt != stt.NoDoubt {
		c.doubt.cause, c.doubt.underWay = err, e.Doubt == stt.UnderWay
		return
	}
	if c.doubt.cause == nil && c.doubt.told == 0 {
		_ = n.Spool.Send(t, Sending{Seq: c.Seq, STT: n.STT, Not: true}) // a stop keeps the note
	}
}

// clear is called before an utterance is sent again. If it is in doubt, clear waits until it can no longer be under way, and
// reports that it is sent once more. over tells that it was sent often enough.
func (n *Delivery) clear(t *rt.Task, c *course) (over bool, err error) {
	d := &c.doubt
	if d.cause == nil {
		return false, nil
	}
	if once, err := n.actsOnce(t); once || err != nil {
		d.cause = nil
		return false, err
	}
	if d.told >= mostDoubles {
		return true, n.givenUp(t, c, fmt.Errorf("it was sent %d times without an answer that could be read, and may have been acted on each time: %w", d.told+1, d.cause))
	}
	began := t.Now()
	if err := n.settle(t, c); err != nil {
		return false, err
	}
	t.Trace("repeated", int64(c.Seq))
	say(t, n.Events, n.Name, event.DeliveryRepeated{
		Utterance: c.Meta.ID, STT: n.STT, Attempt: c.attempts + 1, Waited: t.Now().Sub(began).Seconds(), Cause: d.cause.Error(),
	})
	d.told++
	d.cause = nil
	return false, nil
}

// actsOnce tells whether the service recognises an utterance by its ID, so that sending it again is always
// safe.
func (n *Delivery) actsOnce(t *rt.Task) (bool, error) {
	h, asked, err := n.health(t)
	if !asked {
		return false, err
	}
	return h.Idempotent, nil
}

// settle waits as long as a doubt requires.
func (n *Delivery) settle(t *rt.Task, c *course) error {
	defer n.idle()()
	d := &c.doubt
	if d.underWay {
		return n.outlast(t, c)
	}
	pause := firstDouble
	for range d.told {
		pause *= 3
	}
	return t.Sleep(pause)
}

// outlast waits until a service can no longer be working on an utterance. A stopped service starts on it when it is continued,
// so the time counts from its next sign of life. If it shows none in that time and another service may stand in for it, that one is
// used.
func (n *Delivery) outlast(t *rt.Task, c *course) error {
	d := &c.doubt
	until := d.since.Add(settleTime)
	if p, ok := n.Client.(stt.Prober); ok {
		for mute := false; ; {
			_, err := p.Health(t)
			if errors.Is(err, rt.ErrStopped) {
				return err
			}
			e, failed := errors.AsType[*stt.Error](err)
			switch {
			case failed && (e.Kind == stt.Timeout || e.Kind == stt.Unreachable && e.Status == 0):
				mute = mute || e.Kind == stt.Timeout
				if len(n.routes) > 1 && t.Now() >= until { // it is away, and another service may not be
					n.pass(t, c, d.cause)
					return nil
				}
			default:
				if mute {
					until = t.Now().Add(settleTime)
				}
				return t.Sleep(max(0, until.Sub(t.Now())))
			}
			if err := t.Sleep(lifeEvery); err != nil {
				return err
			}
		}
	}
	return t.Sleep(max(0, until.Sub(t.Now())))
}

// note is what the record of a delivery says about the doubt.
func (d *doubt) note() string {
	if d.told == 0 {
		return ""
	}
	return fmt.Sprintf("it was sent %d times, since answers were lost: the service may have acted on it more than once", d.told+1)
}
