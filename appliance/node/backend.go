package node

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/thread"
)

// Backend carries calls out. It owns the adapter of a backend block: it keeps it connected, knows what there is and how it is, and makes
// up to four calls at a time, each within its deadline.
type Backend struct {
	Name    string // address of the node
	Backend string // name of the block
	Config  *rt.Cell[BackendConfig]
	Asks    *rt.Mailbox[BackendAsk]
	Homes   *rt.Out[HomeSeen] // to the topics
	Events  Events
	FS      rt.FS // that keeps the last vocabulary; nil keeps none

	// The fields below outlive an instance.
	c       BackendConfig
	mark    any
	home    *act.Home
	states  map[string]act.State
	up      bool
	version string
	failure string
	synced  time.Time
	counts  act.Counts
	running int
	waiting []doCall
	told    int8 // 1: that it is up, -1: that it is not

	keeping *rt.Task // that writes the vocabulary
	sights  *rt.Mailbox[backendSight]
	done    *rt.Mailbox[backendDone]
	shown   rt.Cell[BackendShown]
}

// BackendConfig are the settings of a Backend.
type BackendConfig struct {
	Client   act.Backend
	Protocol string
	HasHome  bool
	MaxDelay time.Duration // longest pause between two tries to connect
}

// BackendShown is what a Backend shows of itself.
type BackendShown struct {
	act.BackendState
	Home   *act.Home
	States []act.State
}

// BackendAsk is what a Backend is asked.
type BackendAsk interface{ backend(t *rt.Task, n *Backend) }

// Update implements Updater.
func (n *Backend) Update(fresh Node) {
	f := fresh.(*Backend)
	n.Config.Take(f.Config)
	n.Homes.To(f.Homes)
}

// Shown is the state. It may be called from anywhere.
func (n *Backend) Shown() BackendShown { return n.shown.Get() }

const (
	callsAtATime  = 4
	mostCalls     = 64 // that wait
	sightsWaiting = 4096
)

// backendSight is something that Watch has seen.
type backendSight struct {
	up      bool
	version string
	home    *act.Home
	states  []act.State
}

// Run implements Node.
func (n *Backend) Run(t *rt.Task) error {
	n.c, _ = n.Config.Changed(&n.mark)
	n.sights, n.done, n.running = rt.NewMailbox[backendSight]("sights", sightsWaiting), rt.NewMailbox[backendDone]("done", callsAtATime), 0
	if n.states == nil {
		n.states = map[string]act.State{}
	}
	watch := n.watch(t, 0)
	failures, again := 0, rt.Never
	jitter := t.Rand("jitter")
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			n.c, failures = fresh, 0
			if watch != nil {
				watch.Stop()
			} else {
				again = t.Now()
			}
		}
		if watch == nil && t.Now() >= again {
			watch, again = n.watch(t, failures), rt.Never
		}
		n.begin(t)
		n.show()
		cases := []rt.Case{n.sights, n.done, n.Asks}
		if watch != nil {
			cases = append(cases, watch)
		}
		which, err := rt.Select(t, again, cases...)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			return err
		case which == 0:
			if s, ok := n.sights.TryRecv(t); ok {
				if s.up {
					failures = 0
				}
				n.sees(t, s)
			}
		case which == 1:
			if d, ok := n.done.TryRecv(t); ok {
				n.finished(d)
			}
		case which == 2:
			if a, ok := n.Asks.TryRecv(t); ok {
				a.backend(t, n)
			} else if n.Asks.Closed() {
				return nil
			}
		case which == 3:
			cause := watch.Err()
			watch = nil
			if errors.Is(cause, rt.ErrStopped) { // the settings have changed
				again = t.Now()
				continue
			}
			failures++
			wait := backoff(jitter, failures, firstDelay, n.c.MaxDelay)
			again = t.Now().Add(wait)
			n.lost(t, cause, wait)
		}
	}
}

// watch keeps the adapter connected, in a task of its own.
func (n *Backend) watch(t *rt.Task, _ int) *rt.Task {
	client, sights := n.c.Client, n.sights
	return t.Go("watch", func(t *rt.Task) error {
		push := func(s backendSight) {
			if !sights.TrySend(t, s) { // it is told anew
				client.Refresh()
			}
		}
		return client.Watch(t, act.Sight{
			Up:     func(version string) { push(backendSight{up: true, version: version}) },
			Home:   func(h *act.Home) { push(backendSight{home: h}) },
			States: func(list []act.State) { push(backendSight{states: slices.Clone(list)}) },
		})
	})
}

// sees takes what Watch has seen.
func (n *Backend) sees(t *rt.Task, s backendSight) {
	if s.up {
		n.up, n.version, n.failure = true, s.version, ""
		n.told = 1
		say(t, n.Events, n.Name, event.BackendHealth{Backend: n.Backend, OK: true, Version: s.version})
	}
	if s.home != nil {
		n.synced = t.Wall()
		changed := n.home == nil || n.home.Version != s.home.Version
		if n.home = s.home; changed {
			n.Homes.Push(t, HomeSeen{n.Backend, n.home})
			n.keep(t, n.home)
		}
		for id := range n.states {
			if !slices.ContainsFunc(n.home.Entities, func(e act.Entity) bool { return e.ID == id }) {
				delete(n.states, id)
			}
		}
	}
	for _, x := range s.states {
		if len(n.states) < mostStates || n.states[x.Entity].Entity != "" {
			n.states[x.Entity] = x
		}
	}
}

// mostStates bounds how many entities are kept.
const mostStates = 20_000

// lost tells that the connection has ended.
func (n *Backend) lost(t *rt.Task, cause error, wait time.Duration) {
	if cause == nil {
		cause = errors.New("the connection was closed")
	}
	n.up, n.failure = false, cause.Error()
	t.Trace("backend lost")
	say(t, n.Events, n.Name, event.BackendHealth{Backend: n.Backend, Cause: cause.Error(), Retry: in(wait), Again: n.told < 0})
	n.told = -1
}

func (n *Backend) show() {
	s := BackendShown{Home: n.home, BackendState: act.BackendState{
		Name: n.Backend, Protocol: n.c.Protocol, Connected: n.up, Version: n.version, Error: n.failure, Synced: n.synced, Calls: n.counts,
	}}
	if n.home != nil {
		s.Entities, s.Areas = len(n.home.Entities), len(n.home.Areas)
		for _, e := range n.home.Entities {
			if e.Enabled {
				s.Enabled++
			}
		}
	}
	n.shown.Take(rt.NewCell(s))
}

// tellHome is a BackendAsk: the topics want the vocabulary.
type tellHome struct{}

func (tellHome) backend(t *rt.Task, n *Backend) {
	if n.home != nil {
		n.Homes.Push(t, HomeSeen{n.Backend, n.home})
	}
}

// lookHome is a BackendAsk: somebody wants the vocabulary with the present states.
type lookHome struct{ reply *rt.Mailbox[BackendShown] }

func (l lookHome) backend(t *rt.Task, n *Backend) {
	s := n.shown.Get()
	for _, id := range slices.Sorted(maps.Keys(n.states)) {
		s.States = append(s.States, n.states[id])
	}
	l.reply.TrySend(t, s)
}

// refresh is a BackendAsk.
type refreshHome struct{}

func (refreshHome) backend(_ *rt.Task, n *Backend) { n.c.Client.Refresh() }

// Look returns the vocabulary of the backend and the present states.
func (n *Backend) Look(t *rt.Task) (BackendShown, error) {
	reply := rt.NewMailbox[BackendShown]("reply", 1)
	if !n.Asks.TrySend(t, lookHome{reply}) {
		return BackendShown{}, &act.BusyError{What: "backend." + n.Backend, RetryAfter: time.Second}
	}
	s, err := reply.Recv(t, t.Now().Add(askPatience))
	if errors.Is(err, rt.ErrTimeout) {
		err = &act.BusyError{What: "backend." + n.Backend, RetryAfter: time.Second}
	}
	return s, err
}

// Refresh has the vocabulary fetched anew.
func (n *Backend) Refresh(t *rt.Task) error {
	if !n.Asks.TrySend(t, refreshHome{}) {
		return &act.BusyError{What: "backend." + n.Backend, RetryAfter: time.Second}
	}
	return nil
}

// planCalls is a BackendAsk: which calls carry a command out.
type planCalls struct {
	command  act.Command
	template *act.Template // of an intent of the runbook
	reply    *rt.Mailbox[planned]
}

type planned struct {
	calls []act.Call
	err   error
}

func (p planCalls) backend(t *rt.Task, n *Backend) {
	var a planned
	if p.template == nil {
		a.calls, a.err = n.c.Client.Calls(p.command, n.home, n.states)
	} else if f, ok := n.c.Client.(act.Filler); ok {
		var c act.Call
		if c, a.err = f.Fill(p.command, *p.template); a.err == nil {
			a.calls = []act.Call{c}
		}
	} else {
		a.err = fmt.Errorf("backend.%s cannot carry out intents of the runbook", n.Backend)
	}
	for i := range a.calls {
		a.calls[i].Backend, a.calls[i].Intent = n.Backend, p.command.Intent
	}
	p.reply.TrySend(t, a)
}

// doCall is a BackendAsk: make a call.
type doCall struct {
	call   act.Call
	thread thread.Thread
	until  rt.Instant
	reply  *rt.Mailbox[act.Outcome]
}

type backendDone struct{ act.Outcome }

func (d doCall) backend(t *rt.Task, n *Backend) {
	if len(n.waiting) >= mostCalls {
		d.reply.TrySend(t, act.Outcome{Call: d.call, Verdict: act.NotTried, Reason: "backend." + n.Backend + " has too much to do"})
		return
	}
	n.waiting = append(n.waiting, d)
}

// begin makes the next calls.
func (n *Backend) begin(t *rt.Task) {
	for n.running < callsAtATime && len(n.waiting) > 0 {
		d := n.waiting[0]
		n.waiting = n.waiting[1:]
		if t.Now() >= d.until || d.reply.Closed() {
			d.reply.TrySend(t, act.Outcome{Call: d.call, Verdict: act.NotTried, Reason: "the time for it was over before its turn"})
			continue
		}
		n.running++
		n.do(t, d)
	}
}

// do makes a call in a task of its own, and answers by its deadline.
func (n *Backend) do(t *rt.Task, d doCall) {
	client, done, name := n.c.Client, n.done, n.Backend
	t.Go("call", func(t *rt.Task) error {
		sent := t.Wall()
		out := rt.NewMailbox[act.Outcome]("outcome", 1)
		inner := t.Go("do", func(t *rt.Task) error {
			out.TrySend(t, client.Do(t, d.call, d.thread))
			return nil
		})
		err := t.Wait(inner, d.until)
		o, ok := out.TryRecv(t)
		switch {
		case ok && o.Verdict != "":
			o.Call = d.call
		case errors.Is(err, rt.ErrTimeout):
			o = act.Outcome{Call: d.call, Sent: sent, Verdict: act.Unknown, Reason: "backend." + name + " did not answer in time: it may have done it"}
		default: // it was stopped, or it panicked
			o = act.Outcome{Call: d.call, Sent: sent, Verdict: act.Unknown, Reason: "ORAC lost the call: backend." + name + " may have done it"}
		}
		d.reply.TrySend(t, o)
		return done.Send(t, backendDone{o})
	})
}

// finished counts what came of a call.
func (n *Backend) finished(d backendDone) {
	n.running--
	n.counts.Asked++
	switch {
	case d.Verdict.Good():
		n.counts.Executed++
		n.counts.Verified++
	case d.Verdict == act.Unproven:
		n.counts.Executed++
		n.counts.Unproven++
	case d.Verdict == act.Failed:
		n.counts.Failed++
	case d.Verdict == act.Unknown:
		n.counts.Unknown++
	}
}
