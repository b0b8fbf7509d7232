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
	courier courier[hook.Event]
	told    translator
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

// Run implements Node.
func (n *Webhook) Run(t *rt.Task) error {
	c, _ := n.Config.Changed(&n.mark)
	k := &n.courier
	if k.box == nil {
		if err := n.Turn.Wait(t, n.Hook); err != nil {
			return err
		}
		k.box = outbox.Open(t, n.FS, outbox.Hooks, n.Hook, c.Limits)
		n.told.start()
	}
	k.box.Limit(c.Limits)
	k.start(t)
	n.ids = t.Rand("event")
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			c = fresh
			k.box.Limit(c.Limits)
			k.retries.anew() // an outage may end because the address was changed
		}
		to := hookReceiver{n, c}
		k.work(t, to, n.Age)
		n.show()
		which, err := n.wait(t)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			n.takeRest(t, c)
			return err
		case which == 0:
			k.answered(t, to)
		case which == 1:
			if r, ok := n.Requests.TryRecv(t); ok {
				n.manage(t, r)
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
			return k.ended()
		}
		k.report(t, to)
	}
}

// wait waits for whatever comes next. Wakes come before what follows from them.
func (n *Webhook) wait(t *rt.Task) (int, error) {
	k := &n.courier
	if n.In.Closed() && n.In.Stats().Len == 0 { // the sound is over
		which, err := rt.Select(t, k.until(), k.sender, k.answers, n.Requests, n.News)
		return []int{4, 0, 1, 2}[max(which, 0)], err
	}
	which, err := rt.Select(t, k.until(), k.sender, n.In, k.answers, n.Requests, n.News)
	return []int{4, 3, 0, 1, 2}[max(which, 0)], err
}

// hookReceiver is the receiver of a webhook, under the settings in force.
type hookReceiver struct {
	*Webhook
	c WebhookConfig
}

func (r hookReceiver) request(_ *outbox.Item, e hook.Event) (func(*rt.Task) error, error) {
	m, err := r.c.Make(e)
	return func(t *rt.Task) error { return r.c.Client.Send(t, m) }, err
}

func (r hookReceiver) patience() time.Duration { return r.c.MaxDelay }
func (r hookReceiver) final(*wire.Error) bool  { return false }

func (r hookReceiver) took(t *rt.Task, i *outbox.Item, attempts int) {
	say(t, r.Events, r.Name, event.WebhookTaken{Webhook: r.Hook, Event: i.ID, Type: i.Kind, Attempts: attempts})
}

func (r hookReceiver) setAside(t *rt.Task, i *outbox.Item, cause error) {
	say(t, r.Events, r.Name, event.WebhookAside{Webhook: r.Hook, Event: i.ID, Type: i.Kind, Cause: cause.Error(), InARow: r.courier.retries.inARow})
}

func (r hookReceiver) failed(t *rt.Task, i *outbox.Item, attempt int, cause error, stays bool) {
	say(t, r.Events, r.Name, event.WebhookFailed{
		Webhook: r.Hook, Event: i.ID, Type: i.Kind, Cause: cause.Error(), Attempt: attempt, Denied: stays, Gone: r.courier.retries.gone,
	})
}

func (r hookReceiver) dropped(t *rt.Task, d outbox.Report) {
	say(t, r.Events, r.Name, event.WebhookDropped{Webhook: r.Hook, Event: d.ID, Type: d.Kind, Cause: d.Cause})
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
		if slices.Contains(c.Kinds, hook.KindOf(e).Name) {
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
	head.Schema, head.Type, head.Appliance, head.InstanceID = hook.Version, hook.KindOf(e).Name, c.Appliance, c.InstanceID
	head.ID = fmt.Sprintf("evt-%013d-%016x", max(0, t.Wall().UnixMilli()), n.ids.Uint64())
	hook.Clean(e)
	p, known := n.Age.now(t)
	n.courier.box.Add(t, e, p, known)
	t.Trace("queued "+head.Type, int64(head.Sequence))
}

func (n *Webhook) show() {
	now := n.courier.shown(n.Hook)
	if now != n.shown.Get() {
		n.shown.Take(rt.NewCell(now))
	}
}
