package node

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
	"orac/runbook/hook"
)

// Webhook tells another program what happens. It is not on the way from sound to delivery: events go to a queue of their own on
// the disk, and from there to the receiver, in order, each one until the receiver has accepted it.
type Webhook struct {
	Name     string // address of the node
	Hook     string
	FS       rt.FS
	Turn     *outbox.Turn // to use its folder
	Age      Age
	Config   *rt.Cell[WebhookConfig]
	In       *rt.Mailbox[Wake]
	News     *rt.Mailbox[event.Event] // from recorders, the spool, deliveries and the monitor
	Requests *rt.Mailbox[ManageHook]
	Events   Events

	// The fields below outlive an instance.
	box     *outbox.HookBox
	told    translator
	retries retries
	retry   rt.Instant // when to try the disk again; 0: it accepts writes
	expire  rt.Instant // when to look for old events
	mark    any
	ids     *rand.Rand
	shown   rt.Cell[status.Hook]
}

// WebhookConfig are the settings of a webhook.
type WebhookConfig struct {
	Client    notify.Hook
	Make      func(hook.Event) (notify.Message, error)
	Kinds     []string // that it receives
	Models    []string // whose wakes it receives even if Kinds does not list wake
	Listeners []string // whose events it receives; nil: all
	Devices   []string // of these
	Limits    outbox.Limits
	MaxDelay  time.Duration // longest pause between two tries

	Appliance, InstanceID string // what the appliance calls itself
}

// Update implements Updater.
func (n *Webhook) Update(fresh Node) { n.Config.Take(fresh.(*Webhook).Config) }

// Shown is the state of the queue. It may be called from anywhere.
func (n *Webhook) Shown() status.Hook { return n.shown.Get() }

// order is a request for the sender to make, and answer is its result.
type order struct {
	item    *outbox.Item
	message notify.Message
	client  notify.Hook
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

// Run implements Node.
func (n *Webhook) Run(t *rt.Task) error {
	c, _ := n.Config.Changed(&n.mark)
	if n.box == nil {
		if err := n.Turn.Wait(t, n.Hook); err != nil {
			return err
		}
		n.box = outbox.Open(t, n.FS, outbox.Hooks, n.Hook, c.Limits)
		n.told.start()
	}
	n.box.Limit(c.Limits)
	orders, answers := rt.NewMailbox[order]("orders", 1), rt.NewMailbox[answer]("answers", 1)
	sender := t.Go("send", func(t *rt.Task) error { return send(t, orders, answers) })
	n.retries.begin(t.Rand("jitter"))
	n.ids = t.Rand("event")
	var under *outbox.Item // the event that is being sent
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			c = fresh
			n.box.Limit(c.Limits)
			n.retries.anew() // an outage may end because the address was changed
		}
		n.disk(t)
		if under == nil {
			if o, ok := n.next(t, c); ok {
				under = o.item
				orders.TrySend(t, o)
			}
		}
		n.show()
		which, err := n.wait(t, under, answers, sender)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			n.takeRest(t, c)
			return err
		case which == 0:
			if a, ok := answers.TryRecv(t); ok {
				under = nil
				n.answered(t, c, a)
			}
		case which == 1:
			if r, ok := n.Requests.TryRecv(t); ok {
				n.manage(t, r, under)
			}
		case which == 2:
			if e, ok := n.News.TryRecv(t); ok {
				n.add(t, c, n.told.news(e))
			}
		case which == 3:
			if w, ok := n.In.TryRecv(t); ok {
				n.wake(t, c, w)
			}
		default:
			return fmt.Errorf("the sender ended: %w", sender.Err())
		}
		n.report(t)
	}
}

// wait waits for whatever comes next. Wakes come before what follows from them.
func (n *Webhook) wait(t *rt.Task, under *outbox.Item, answers *rt.Mailbox[answer], sender *rt.Task) (int, error) {
	until := n.expire
	if n.retry != 0 {
		until = min(until, n.retry)
	}
	if under == nil && n.box.Next(0) != nil && !n.retries.gone {
		until = min(until, n.retries.due)
	}
	if n.In.Closed() && n.In.Stats().Len == 0 { // the sound is over
		which, err := rt.Select(t, until, sender, answers, n.Requests, n.News)
		return []int{4, 0, 1, 2}[max(which, 0)], err
	}
	which, err := rt.Select(t, until, sender, n.In, answers, n.Requests, n.News)
	return []int{4, 3, 0, 1, 2}[max(which, 0)], err
}

// send makes requests, one at a time.
func send(t *rt.Task, orders *rt.Mailbox[order], answers *rt.Mailbox[answer]) error {
	for {
		o, err := orders.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		err = o.client.Send(t, o.message)
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		answers.TrySend(t, answer{o.item, err})
	}
}

// disk retries a disk that has refused, and drops what is too old.
func (n *Webhook) disk(t *rt.Task) {
	if n.box.DiskErr() == nil {
		n.retry = 0
	} else if n.retry == 0 {
		n.retry = t.Now().Add(diskRetry)
	} else if t.Now() >= n.retry {
		n.retry = t.Now().Add(diskRetry)
		n.box.Retry(t)
	}
	if t.Now() < n.expire {
		return
	}
	n.expire = t.Now().Add(expireEvery)
	n.box.Note(t)
	if p, known := n.Age.now(t); known {
		n.box.Expire(t, p)
	} else {
		n.expire = t.Now().Add(ageEvery)
	}
}

// next is the request to make now.
func (n *Webhook) next(t *rt.Task, c WebhookConfig) (order, bool) {
	for !n.retries.gone && t.Now() >= n.retries.due {
		i := n.box.Next(n.retries.above())
		if i == nil {
			i = n.box.Next(0)
		}
		if i == nil {
			return order{}, false
		}
		e, err := n.box.Load(t, i)
		if err != nil && rt.Transient(err) && n.retries.unread(t.Now()) {
			n.failed(t, i, 1, err, false)
			return order{}, false
		}
		var m notify.Message
		if err == nil {
			m, err = c.Make(e)
		}
		if err != nil {
			n.setAside(t, i, err)
			continue
		}
		return order{i, m, c.Client}, true
	}
	return order{}, false
}

// answered handles the result of a request.
func (n *Webhook) answered(t *rt.Task, c WebhookConfig, a answer) {
	t.Trace("webhook", int64(a.item.Seq), flag(a.err == nil))
	attempt := n.retries.attempt(a.item)
	if a.err == nil {
		if blamed, why := n.retries.blamed(a.item); blamed != nil {
			n.setAside(t, blamed, why)
		}
		n.retries.taken()
		n.box.Taken(t, a.item)
		say(t, n.Events, n.Name, event.WebhookTaken{Webhook: n.Hook, Event: a.item.ID, Type: a.item.Kind, Attempts: attempt})
		return
	}
	e, _ := errors.AsType[*wire.Error](a.err)
	switch {
	case e != nil && e.Status == gone:
		n.retries.gone = true
		n.failed(t, a.item, attempt, a.err, true)
	case e != nil && e.Retry() == wire.GiveUp:
		n.setAside(t, a.item, a.err)
	default:
		wait := n.retries.again(t.Now(), a.item, e, c.MaxDelay, n.box.Next(a.item.Seq))
		n.failed(t, a.item, attempt, fmt.Errorf("%w; tried again %s", a.err, in(wait)), stays(e))
	}
}

// stays tells whether a receiver will refuse until a person fixes it: the credentials or the address are
// wrong.
func stays(e *wire.Error) bool {
	return e != nil && (e.Kind == wire.Unauthorised || e.Kind == wire.Unreachable && e.Status != 0)
}

func (n *Webhook) setAside(t *rt.Task, i *outbox.Item, cause error) {
	aside := n.box.SetAside(t, i, cause.Error())
	n.retries.aside()
	if !aside {
		return // it is reported as dropped
	}
	t.Trace("set aside", int64(i.Seq))
	say(t, n.Events, n.Name, event.WebhookAside{Webhook: n.Hook, Event: i.ID, Type: i.Kind, Cause: cause.Error(), InARow: n.retries.inARow})
}

func (n *Webhook) failed(t *rt.Task, i *outbox.Item, attempt int, cause error, stays bool) {
	say(t, n.Events, n.Name, event.WebhookFailed{
		Webhook: n.Hook, Event: i.ID, Type: i.Kind, Cause: cause.Error(), Attempt: attempt, Denied: stays, Gone: n.retries.gone,
	})
}

// takeRest keeps what was reported before the stop.
func (n *Webhook) takeRest(t *rt.Task, c WebhookConfig) {
	for w, ok := n.In.TryRecv(t); ok; w, ok = n.In.TryRecv(t) {
		n.wake(t, c, w)
	}
	for e, ok := n.News.TryRecv(t); ok; e, ok = n.News.TryRecv(t) {
		n.add(t, c, n.told.news(e))
	}
	n.show()
}

// wake adds a wake, if it is wanted.
func (n *Webhook) wake(t *rt.Task, c WebhookConfig, w Wake) {
	if slices.Contains(c.Kinds, "wake") || slices.Contains(c.Models, w.Model) {
		n.put(t, c, n.told.wake(w))
	}
}

// add adds the wanted events of a list.
func (n *Webhook) add(t *rt.Task, c WebhookConfig, list []hook.Event) {
	for _, e := range list {
		if slices.Contains(c.Kinds, hook.HeadOf(e).Type) {
			n.put(t, c, e)
		}
	}
}

func (n *Webhook) put(t *rt.Task, c WebhookConfig, e hook.Event) {
	head := hook.HeadOf(e)
	switch {
	case c.Listeners == nil:
	case head.Listener != "" && !slices.Contains(c.Listeners, head.Listener):
		return
	case head.Listener == "" && head.Device != "" && !slices.Contains(c.Devices, head.Device):
		return
	}
	head.Schema, head.Appliance, head.InstanceID = hook.Version, c.Appliance, c.InstanceID
	head.ID = fmt.Sprintf("evt-%013d-%016x", max(0, t.Wall().UnixMilli()), n.ids.Uint64())
	hook.Clean(e)
	p, known := n.Age.now(t)
	n.box.Add(t, e, p, known)
	t.Trace("queued "+head.Type, int64(head.Sequence))
}

func (n *Webhook) show() {
	s := n.box.Stats()
	now := status.Hook{Name: n.Hook, Waiting: s.Waiting, Bytes: s.Bytes, Dropped: s.Dropped, Aside: s.Aside, Gone: n.retries.gone}
	if err := n.box.DiskErr(); err != nil {
		now.Error = err.Error()
	}
	if now != n.shown.Get() {
		n.shown.Take(rt.NewCell(now))
	}
}

// report reports which events were dropped.
func (n *Webhook) report(t *rt.Task) {
	for _, r := range n.box.Reports() {
		t.Trace("event dropped")
		say(t, n.Events, n.Name, event.WebhookDropped{Webhook: n.Hook, Event: r.ID, Type: r.Kind, Cause: r.Cause})
	}
}
