package node

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// Forward hands texts to a Core: in order, each once, from a queue on the disk. A text whose fate is not known, because Core had it
// and its answer did not come, is set aside and not sent again: a command that is acted on twice is worse than one that a person
// must repeat. Beside it goes the heartbeat of the topics. Nobody waits for Core.
type Forward struct {
	Name     string // address of the node
	Core     string // name of the block
	FS       rt.FS
	Turn     *outbox.Turn // to use its folder
	Age      Age
	Config   *rt.Cell[ForwardConfig]
	Texts    *rt.Mailbox[Text]
	Topics   *rt.Mailbox[Topics]
	Requests *rt.Mailbox[ManageHook]
	Events   Events

	// The fields below outlive an instance.
	courier courier[notify.Command]
	mark    any
	shown   rt.Cell[status.Hook]
	idle    rt.Cell[bool]
	sent    rt.Cell[sentText]
}

// ForwardConfig are the settings of a Forward.
type ForwardConfig struct {
	Client   notify.Core
	Limits   outbox.Limits
	MaxDelay time.Duration   // longest pause between two tries
	Sampling thread.Sampling // of which commands peers are told a trace
}

// Text is a text on its way to a Core. Whoever sends it is told, once, that it is kept.
type Text struct {
	Core  string // name of the block: several may read the same texts
	Reply *rt.Mailbox[string]
	notify.Command
}

// Topics is what a server's instances listen for. Only the newest counts.
type Topics struct {
	Server string
	List   []CoreTopic
}

// CoreTopic is a topic, and the Core that it belongs to.
type CoreTopic struct {
	Core string
	notify.ActiveTopic
}

// Update implements Updater.
func (n *Forward) Update(fresh Node) { n.Config.Take(fresh.(*Forward).Config) }

// Shown is the state of the queue. It may be called from anywhere.
func (n *Forward) Shown() status.Hook { return n.shown.Get() }

// Idle implements Idler: Core has no text that it has not answered.
func (n *Forward) Idle() bool { return n.idle.Get() }

// sentText is the text that was sent last, until what came of it is told.
type sentText struct {
	id    string
	of    thread.Thread
	began time.Time
	under string // the step that the text comes from
}

// begun asks the node to note that Core is about to have a text.
type begun struct {
	item  *outbox.Item
	reply *rt.Mailbox[error]
}

// Run implements Node.
func (n *Forward) Run(t *rt.Task) error {
	c, _ := n.Config.Changed(&n.mark)
	k := &n.courier
	if k.box == nil {
		if err := n.Turn.Wait(t, n.Name); err != nil {
			return err
		}
		k.box = outbox.Open(t, n.FS, outbox.Commands, n.Core, c.Limits)
	}
	k.box.Limit(c.Limits)
	k.start(t)
	marks := rt.NewMailbox[begun]("begun", 1)
	t.Go("topics", n.beat)
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			c = fresh
			k.box.Limit(c.Limits)
			k.retries.anew()
		}
		to := coreReceiver{n, c, marks}
		n.doubts(t, to)
		k.work(t, to, n.Age)
		n.show()
		which, err := rt.Select(t, k.until(), k.sender, n.Texts, marks, k.answers, n.Requests)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			n.takeRest(t)
			return err
		case which == 0:
			return k.ended()
		case which == 1:
			if x, ok := n.Texts.TryRecv(t); ok {
				n.take(t, x)
			}
		case which == 2:
			if b, ok := marks.TryRecv(t); ok {
				b.reply.TrySend(t, k.box.Begin(t, b.item))
			}
		case which == 3:
			k.answered(t, to)
		case which == 4:
			if r, ok := n.Requests.TryRecv(t); ok {
				k.manage(t, r, n.Name, n.Age)
			}
		}
		k.report(t, to)
	}
}

// take keeps a text, unless it was kept before: a peer has sent its utterance again.
func (n *Forward) take(t *rt.Task, x Text) {
	if x.Core != n.Core {
		return
	}
	if !n.courier.box.Holds(t, x.ID) {
		p, known := n.Age.now(t)
		n.courier.box.Add(t, x.Command, p, known)
		t.Trace("text kept")
	}
	x.Reply.TrySend(t, x.ID)
}

// takeRest keeps what was handed over before the stop.
func (n *Forward) takeRest(t *rt.Task) {
	for x, ok := n.Texts.TryRecv(t); ok; x, ok = n.Texts.TryRecv(t) {
		n.take(t, x)
	}
	n.show()
}

// errUnknownFate is why a text is set aside that Core may have acted on.
var errUnknownFate = errors.New("ORAC ended while Core had it, so Core may have acted on it")

// doubts sets aside what an earlier process was sending when it ended.
func (n *Forward) doubts(t *rt.Task, to coreReceiver) {
	for _, i := range slices.Clone(n.courier.box.Items()) {
		if i.Begun && i != n.courier.under {
			n.courier.aside(t, to, i, errUnknownFate)
		}
	}
}

func (n *Forward) show() {
	now := n.courier.shown(n.Core)
	if now != n.shown.Get() {
		n.shown.Take(rt.NewCell(now))
	}
	if idle := n.courier.under == nil || !n.courier.under.Begun; idle != n.idle.Get() {
		n.idle.Take(rt.NewCell(idle))
	}
}

// coreReceiver is the receiver of a Forward, under the settings in force.
type coreReceiver struct {
	*Forward
	c     ForwardConfig
	marks *rt.Mailbox[begun]
}

func (r coreReceiver) request(i *outbox.Item, c notify.Command) (func(*rt.Task) error, error) {
	ready := func(t *rt.Task) error {
		reply := rt.NewMailbox[error]("reply", 1)
		if err := r.marks.Send(t, begun{i, reply}); err != nil {
			return err
		}
		err, stopped := reply.Recv(t, rt.Never) // the disk answers, or the node is restarted
		return cmp.Or(stopped, err)
	}
	return func(t *rt.Task) error {
		under := event.ServeStep(c.Utterance)
		if c.Recording != "" { // of a listener of this appliance
			under = event.CommandStep
		}
		r.sent.Take(rt.NewCell(sentText{i.ID, c.Thread(), t.Wall(), under}))
		c.Parent = r.c.Sampling.Onward(c.Thread(), event.ForwardStep(r.Core, r.sent.Get().began)).Parent
		return r.c.Client.Generate(t, c, ready)
	}, nil
}

func (r coreReceiver) patience() time.Duration { return r.c.MaxDelay }

// final: what Core may act on is not sent again.
func (r coreReceiver) final(e *wire.Error) bool { return e.Doubt != wire.NoDoubt }

func (r coreReceiver) tell(t *rt.Task, i *outbox.Item, outcome string, change func(*event.Forwarded)) {
	e := event.Forwarded{Core: r.Core, Event: i.ID, Outcome: outcome}
	if s := r.sent.Get(); s.id == i.ID {
		e.Of, e.Began, e.Under = s.of, s.began, s.under
		r.sent.Take(rt.NewCell(sentText{}))
	}
	if change != nil {
		change(&e)
	}
	say(t, r.Events, r.Name, e)
}

func (r coreReceiver) took(t *rt.Task, i *outbox.Item, attempts int) {
	r.tell(t, i, "done", func(e *event.Forwarded) { e.Attempts = attempts })
}

func (r coreReceiver) setAside(t *rt.Task, i *outbox.Item, cause error) {
	r.tell(t, i, "aside", func(e *event.Forwarded) {
		e.Cause, e.InARow = cause.Error(), r.courier.retries.inARow
		w, _ := errors.AsType[*wire.Error](cause)
		e.Unknown = errors.Is(cause, errUnknownFate) || w != nil && w.Doubt != wire.NoDoubt
	})
}

func (r coreReceiver) failed(t *rt.Task, i *outbox.Item, attempt int, cause error, stays bool) {
	r.tell(t, i, "waiting", func(e *event.Forwarded) {
		e.Cause, e.Attempts, e.Denied = cause.Error(), attempt, stays || r.courier.retries.gone
	})
}

func (r coreReceiver) dropped(t *rt.Task, d outbox.Report) {
	say(t, r.Events, r.Name, event.Forwarded{Core: r.Core, Event: d.ID, Outcome: "lost", Cause: d.Cause})
}

// topicsEvery is the least time between two heartbeats to Core.
const topicsEvery = 5 * time.Second

// beat tells Core which topics somebody listens for: after each heartbeat of an instance, but not more often than every 5 s, and
// only if there is one.
func (n *Forward) beat(t *rt.Task) error {
	failing := false
	for {
		x, err := n.Topics.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		var list []notify.ActiveTopic
		for _, topic := range x.List {
			if topic.Core == n.Core {
				list = append(list, topic.ActiveTopic)
			}
		}
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b notify.ActiveTopic) int { return strings.Compare(a.Name, b.Name) })
		err = n.Config.Get().Client.Topics(t, notify.TopicsBeat{InstanceID: "orac_stt_" + x.Server, Upstream: "hey_orac", At: t.Wall(), Topics: list})
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		if bad := err != nil; bad != failing {
			failing = bad
			b := event.Heartbeat{Endpoint: n.Core, OK: !bad, Topics: len(list)}
			if bad {
				b.Cause = fmt.Sprint(err)
				w, _ := errors.AsType[*wire.Error](err)
				b.Late = w == nil || !stays(w)
			}
			say(t, n.Events, n.Name, b)
		}
		if err := t.Sleep(topicsEvery); err != nil {
			return err
		}
	}
}
