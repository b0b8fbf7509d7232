package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
)

// courier takes what a box holds to a receiver: in order, one at a time, each until the receiver has accepted it. A receiver that is
// away is waited for. What it fails on while it accepts others is set aside. Its fields outlive an instance of its node.
type courier[E any] struct {
	box     *outbox.Box[E]
	retries retries
	retry   rt.Instant   // when to try the disk again; 0: it accepts writes
	expire  rt.Instant   // when to look for old events
	under   *outbox.Item // the event that is being sent

	// The fields below belong to an instance.
	orders  *rt.Mailbox[order]
	answers *rt.Mailbox[answer]
	sender  *rt.Task
}

// receiver is what differs between the receivers of couriers.
type receiver[E any] interface {
	// request is the request for an event. An error is final: it would fail again.
	request(i *outbox.Item, e E) (send func(*rt.Task) error, err error)
	// patience is the longest pause between two tries.
	patience() time.Duration
	// final tells whether an answer means that an event must not be sent again, for another reason than wire.GiveUp.
	final(e *wire.Error) bool

	took(t *rt.Task, i *outbox.Item, attempts int)
	failed(t *rt.Task, i *outbox.Item, attempt int, cause error, stays bool)
	setAside(t *rt.Task, i *outbox.Item, cause error)
	dropped(t *rt.Task, r outbox.Report)
}

// order is a request for the sender to make, and answer is its result.
type order struct {
	item *outbox.Item
	send func(*rt.Task) error
}

type answer struct {
	item *outbox.Item
	err  error
}

const (
	// expireEvery is how often to look for old events.
	expireEvery = time.Minute
	// gone is the answer of a receiver that no longer exists: nothing is sent to it until its block, or the process,
	// changes.
	gone = 410
)

// start begins an instance.
func (c *courier[E]) start(t *rt.Task) {
	c.orders, c.answers, c.under = rt.NewMailbox[order]("orders", 1), rt.NewMailbox[answer]("answers", 1), nil
	orders, answers := c.orders, c.answers
	c.sender = t.Go("send", func(t *rt.Task) error { return send(t, orders, answers) })
	c.retries.begin(t.Rand("jitter"))
}

// send makes requests, one at a time.
func send(t *rt.Task, orders *rt.Mailbox[order], answers *rt.Mailbox[answer]) error {
	for {
		o, err := orders.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		err = o.send(t)
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		answers.TrySend(t, answer{o.item, err})
	}
}

// work does what is due: it retries the disk, drops what is too old, and sends the next event.
func (c *courier[E]) work(t *rt.Task, r receiver[E], age Age) {
	c.disk(t, age)
	if c.under == nil {
		if o, ok := c.next(t, r); ok {
			c.under = o.item
			c.orders.TrySend(t, o)
		}
	}
}

// until is when there is something to do again.
func (c *courier[E]) until() rt.Instant {
	until := c.expire
	if c.retry != 0 {
		until = min(until, c.retry)
	}
	if c.under == nil && c.box.Next(0) != nil && !c.retries.gone {
		until = min(until, c.retries.due)
	}
	return until
}

// disk retries a disk that has refused, and drops what is too old.
func (c *courier[E]) disk(t *rt.Task, age Age) {
	if c.box.DiskErr() == nil {
		c.retry = 0
	} else if c.retry == 0 {
		c.retry = t.Now().Add(diskRetry)
	} else if t.Now() >= c.retry {
		c.retry = t.Now().Add(diskRetry)
		c.box.Retry(t)
	}
	if t.Now() < c.expire {
		return
	}
	c.expire = t.Now().Add(expireEvery)
	c.box.Note(t)
	if p, known := age.now(t); known {
		c.box.Expire(t, p)
	} else {
		c.expire = t.Now().Add(ageEvery)
	}
}

// next is the request to make now.
func (c *courier[E]) next(t *rt.Task, r receiver[E]) (order, bool) {
	for !c.retries.gone && t.Now() >= c.retries.due {
		i := c.box.Next(c.retries.above())
		if i == nil {
			i = c.box.Next(0)
		}
		if i == nil {
			return order{}, false
		}
		e, err := c.box.Load(t, i)
		if err != nil && rt.Transient(err) && c.retries.unread(t.Now()) {
			r.failed(t, i, 1, err, false)
			return order{}, false
		}
		var send func(*rt.Task) error
		if err == nil {
			send, err = r.request(i, e)
		}
		if err != nil {
			c.aside(t, r, i, err)
			continue
		}
		return order{i, send}, true
	}
	return order{}, false
}

// answered handles the result of a request.
func (c *courier[E]) answered(t *rt.Task, r receiver[E]) {
	a, ok := c.answers.TryRecv(t)
	if !ok {
		return
	}
	c.under = nil
	t.Trace(c.box.Receiver(), int64(a.item.Seq), flag(a.err == nil))
	attempt := c.retries.attempt(a.item)
	if a.err == nil {
		if blamed, why := c.retries.blamed(a.item); blamed != nil {
			c.aside(t, r, blamed, why)
		}
		c.retries.taken()
		c.box.Taken(t, a.item)
		r.took(t, a.item, attempt)
		return
	}
	e, _ := errors.AsType[*wire.Error](a.err)
	switch {
	case e != nil && e.Status == gone:
		c.retries.gone = true
		r.failed(t, a.item, attempt, a.err, true)
	case e != nil && (e.Retry() == wire.GiveUp || r.final(e)):
		c.aside(t, r, a.item, a.err)
	default:
		c.box.Undo(t, a.item)
		wait := c.retries.again(t.Now(), a.item, e, r.patience(), c.box.Next(a.item.Seq))
		r.failed(t, a.item, attempt, fmt.Errorf("%w; tried again %s", a.err, in(wait)), stays(e))
	}
}

// stays tells whether a receiver will refuse until a person fixes it: the credentials or the address are
// wrong.
func stays(e *wire.Error) bool {
	return e != nil && (e.Kind == wire.Unauthorised || e.Kind == wire.Unreachable && e.Status != 0)
}

func (c *courier[E]) aside(t *rt.Task, r receiver[E], i *outbox.Item, cause error) {
	aside := c.box.SetAside(t, i, cause.Error())
	c.retries.aside()
	if !aside {
		return // it is reported as dropped
	}
	t.Trace("set aside", int64(i.Seq))
	r.setAside(t, i, cause)
}

// report reports which events were dropped.
func (c *courier[E]) report(t *rt.Task, r receiver[E]) {
	for _, d := range c.box.Reports() {
		t.Trace("event dropped")
		r.dropped(t, d)
	}
}

// ended is the error of an instance whose sender has ended.
func (c *courier[E]) ended() error { return fmt.Errorf("the sender ended: %w", c.sender.Err()) }

// shown is the state of the queue.
func (c *courier[E]) shown(name string) status.Hook {
	s := c.box.Stats()
	now := status.Hook{Name: name, Waiting: s.Waiting, Bytes: s.Bytes, Dropped: s.Dropped, Aside: s.Aside, Gone: c.retries.gone}
	if err := c.box.DiskErr(); err != nil {
		now.Error = err.Error()
	}
	return now
}

// manage does what a person asks of the queue. receiver is what the person calls it.
func (c *courier[E]) manage(t *rt.Task, r ManageHook, receiver string, age Age) {
	var m Managed
	switch r.Do {
	case status.SpoolList:
		m.Events, m.Err = Queued(t, c.box, receiver)
	case status.SpoolRetry:
		p, known := age.now(t)
		m.Err = c.box.Again(t, r.ID, p, known)
		c.retries.gone = c.retries.gone && m.Err != nil // a person wants it sent
	case status.SpoolDrop:
		if c.under != nil && c.under.ID == r.ID {
			m.Err = &status.Refusal{Code: status.Busy, Message: "event " + r.ID + " is on its way to " + c.box.Whose(), Hint: "Check whether it was accepted: orac spool list"}
			break
		}
		m.Err = c.box.Drop(t, r.ID)
	case status.SpoolSound:
		m.Err = outbox.ErrUnknown // an event has no sound
	}
	if errors.Is(m.Err, outbox.ErrUnknown) {
		m.Err = UnknownID(r.ID)
	}
	if m.Err == nil && r.Do != status.SpoolList {
		t.Trace("person: " + r.Do)
	}
	r.Reply.TrySend(t, m)
}
