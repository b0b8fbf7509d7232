package members

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/appliance/event"
	"orac/appliance/rollout"
)

const (
	lookEvery  = 15 * time.Second // give or take lookJitter, so that members are not asked all at once
	lookJitter = 2 * time.Second
	lookAgain  = 5 * time.Second // after the first question without an answer
	readEvery  = time.Minute     // the runbook, unless the generation changes: it costs a member more than its status
	missed     = 2               // questions without an answer after which a member is away: a restart takes one
)

// Watcher asks each member how it is, over and over.
type Watcher struct {
	// Tell is told when a member goes and comes; nil: nobody is.
	Tell func(node string, what event.Body)
	// Pushed returns the hash of the text that was pushed last to a member, "" if none was.
	Pushed func(member string) string

	mu      sync.Mutex // guards everything that follows
	ctx     context.Context
	members []*watched // in order of name
	work    sync.WaitGroup
}

// watched is a member that is asked by a task of its own.
type watched struct {
	Member
	stop context.CancelFunc
	look chan struct{} // asks for a look now

	state  State // guarded by the watcher's mu
	failed int   // questions without an answer
	read   time.Time
}

// Run asks until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	w.mu.Lock()
	w.ctx = ctx
	for _, m := range w.members {
		w.begin(m)
	}
	w.mu.Unlock()
	<-ctx.Done()
	w.work.Wait()
}

// begin asks a member from now on. The caller holds the lock.
func (w *Watcher) begin(m *watched) {
	if w.ctx == nil || w.ctx.Err() != nil || m.Remote == nil {
		return
	}
	ctx, stop := context.WithCancel(w.ctx)
	m.stop = stop
	w.work.Go(func() { w.watch(ctx, m) })
}

// Use puts other members into force. One whose address has not changed keeps its state. same tells whether the way to a member is
// the same.
func (w *Watcher) Use(list []Member) {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.members
	w.members = nil
	for _, m := range list {
		if i := slices.IndexFunc(was, func(o *watched) bool { return o.Name == m.Name && o.URL == m.URL && o.Remote == m.Remote }); i >= 0 {
			w.members = append(w.members, was[i])
			was = slices.Delete(slices.Clone(was), i, i+1)
			continue
		}
		fresh := &watched{Member: m, look: make(chan struct{}, 1), state: State{Name: m.Name, URL: m.URL, Presence: Unasked}}
		if m.Remote == nil {
			fresh.state.Presence, fresh.state.Why = Nameless, "its member block has no url"
		}
		w.members = append(w.members, fresh)
		w.begin(fresh)
	}
	for _, gone := range was {
		if gone.stop != nil {
			gone.stop()
		}
	}
	slices.SortFunc(w.members, func(a, b *watched) int { return strings.Compare(a.Name, b.Name) })
}

// watch asks one member until ctx ends.
func (w *Watcher) watch(ctx context.Context, m *watched) {
	wait := time.Duration(rand.Int64N(int64(lookJitter)))
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.look:
		case <-time.After(wait):
		}
		wait = w.ask(ctx, m)
	}
}

// ask asks a member once, and returns when it is asked again.
func (w *Watcher) ask(ctx context.Context, m *watched) time.Duration {
	began := time.Now()
	seen, err := m.Remote.Look(ctx)
	ended := time.Now()
	if ctx.Err() != nil {
		return 0
	}
	var drift Drift
	due := false
	if err == nil {
		w.mu.Lock()
		due = seen.Generation != m.state.Seen.Generation || !m.state.Drift.Known || ended.Sub(m.read) >= readEvery
		w.mu.Unlock()
	}
	if due {
		drift = w.drift(ctx, m)
		if ctx.Err() != nil {
			return 0
		}
	}
	told, wait := w.answered(m, seen, err, began, ended)
	if due {
		w.mu.Lock()
		m.state.Drift, m.read = drift, ended
		w.mu.Unlock()
	}
	if told != nil && w.Tell != nil {
		w.Tell(NodeOf(m.Name), told)
	}
	return wait - lookJitter + time.Duration(rand.Int64N(2*int64(lookJitter)))
}

// answered notes the answer to a question, and returns what is news in it.
func (w *Watcher) answered(m *watched, seen rollout.Seen, err error, began, ended time.Time) (event.Body, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &m.state
	was := s.Presence
	if err == nil {
		m.failed = 0
		s.LastSeen, s.Seen, s.Why, s.Skew = ended, seen, "", 0
		if !seen.Clock.IsZero() {
			// It is exact to the second: an error of one is none.
			if ahead := seen.Clock.Sub(began.Add(ended.Sub(began) / 2)).Round(time.Second); ahead.Abs() > time.Second {
				s.Skew = ahead.Seconds()
			}
		}
		if s.Presence = Here; was != Here {
			s.Since = ended
		}
		if was == Here || was == Unasked {
			return nil, lookEvery
		}
		return event.MemberSeen{Member: s.Name, Here: true}, lookEvery
	}
	m.failed++
	if s.Why = rollout.Line(err.Error(), 300); m.failed < missed {
		return nil, lookAgain
	}
	switch rollout.KindOf(err) {
	case rollout.Away:
		s.Presence = Gone
	case rollout.Denied, rollout.Refused:
		s.Presence = Shut
	default:
		s.Presence = Strange
	}
	if s.Presence == was {
		return nil, lookEvery
	}
	s.Since = ended
	if was != Here && was != Unasked { // it is still not here, for another reason
		return nil, lookEvery
	}
	return event.MemberSeen{Member: s.Name, Presence: string(s.Presence), Why: s.Why}, lookEvery
}

// drift compares the runbook of a member with what runs there, and with what was pushed.
func (w *Watcher) drift(ctx context.Context, m *watched) Drift {
	t, err := m.Remote.Runbook(ctx)
	if err != nil {
		return Drift{Why: rollout.Line(err.Error(), 300)}
	}
	d := Drift{Known: true, File: !t.Applied, Hash: t.Hash}
	if pushed := w.Pushed(m.Name); pushed != "" {
		d.Pushed = pushed != t.Hash
	}
	return d
}

// Look has a member asked now, beside everything else.
func (w *Watcher) Look(member string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.members {
		if m.Name == member {
			m.read = time.Time{}
			select {
			case m.look <- struct{}{}:
			default:
			}
		}
	}
}

// States returns what is known of all members, in order of name.
func (w *Watcher) States() (list []State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.members {
		list = append(list, m.state)
	}
	return list
}

// Members returns the members, in order of name.
func (w *Watcher) Members() (list []Member) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.members {
		list = append(list, m.Member)
	}
	return list
}

// Targets returns the members as those that a change can be rolled out to.
func (w *Watcher) Targets() (list []rollout.Member) {
	for _, m := range w.Members() {
		t := rollout.Member{Name: m.Name}
		if m.Remote != nil {
			t.Remote = m.Remote
		}
		list = append(list, t)
	}
	return list
}
