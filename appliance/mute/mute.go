// Package mute keeps which listeners do not listen, because somebody wants it so.
//
// It guarantees:
//
//   - A mute holds from the moment at which its request returns, whatever the disk does. It outlasts the process, or the caller is
//     told that it does not.
//   - A mute with an end is over at that time by the clock that does not jump, whatever the wall clock says, and whether or not
//     the task of Run gets to it. A start with a wrong clock cannot lengthen it by more than some minutes.
//   - No mute is without an owner, and each is told when it begins, when it ends, and at each start.
package mute

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// Keeper keeps who is muted.
type Keeper struct {
	// Names returns the names of the listeners. Tell tells everybody who follows the appliance. Both are set before Run.
	Names func() []string
	Tell  func(*rt.Task, event.Body)

	fs    rt.FS
	log   *slog.Logger
	cell  *rt.Cell[node.Mutes]
	asked *rt.Mailbox[*rt.Mailbox[error]] // who waits until the disk has what was changed
	began *rt.Mailbox[struct{}]           // the file was read, or could not be

	mu    sync.Mutex // guards the fields below
	held  []held     // what holds; at most one for each listener, and one for all
	ended node.Mutes // what has lately ended
	known bool       // the file was read, or a request has replaced what it says
}

// held is a mute that holds.
type held struct {
	listener, by string
	since        time.Time
	from, until  rt.Instant
}

const (
	// saveEvery is how often what is left of a mute is written down: a start with a wrong clock makes a mute longer by that much
	// at most.
	saveEvery = 5 * time.Minute
	// retry is how often to retry a disk that refuses.
	retry = 2 * time.Second
	// patience is how long a request, and a start, wait for the disk.
	patience = 2 * time.Second
	// remembered is how long the graph may ask about a mute that has ended: longer than sound is on its way.
	remembered = time.Minute
	// damagedFor is how long all are muted if the file is damaged: somebody was muted, and nobody knows who.
	damagedFor = time.Hour
)

// New makes a keeper of mutes that are kept on a disk.
func New(fsys rt.FS, log *slog.Logger) *Keeper {
	return &Keeper{
		fs: fsys, log: log, cell: rt.NewCell(node.Mutes(nil)),
		asked: rt.NewMailbox[*rt.Mailbox[error]]("mutes to keep", 32), began: rt.NewMailbox[struct{}]("mutes read", 1),
	}
}

// Shown is what the graph sees.
func (m *Keeper) Shown() *rt.Cell[node.Mutes] { return m.cell }

// Await waits until the mutes of the process before are in force, but no longer than a disk should take. It is called once.
func (m *Keeper) Await(t *rt.Task) { _, _ = m.began.Recv(t, t.Now().Add(patience)) }

// Run keeps the mutes on the disk and tells when they end, until the task is told to stop.
func (m *Keeper) Run(t *rt.Task) error {
	due := m.load(t) // to be written, whatever it says
	m.began.TrySend(t, struct{}{})
	var waiting []*rt.Mailbox[error]
	var written []string // what the file holds, as far as it matters
	for saved := t.Now(); ; {
		m.expire(t)
		if !m.readable() {
			due = m.load(t)
		}
		if now := m.gist(); due || !slices.Equal(now, written) || len(now) > 0 && t.Now().Sub(saved) >= saveEvery {
			err := m.save(t)
			if err == nil {
				written, saved = now, t.Now()
			} else if !due {
				m.log.Warn("the disk does not keep who is muted: after a restart it is as before", "cause", err)
			}
			due = err != nil
			for _, w := range waiting {
				w.TrySend(t, err)
			}
		} else {
			for _, w := range waiting {
				w.TrySend(t, nil)
			}
		}
		waiting = nil
		until := m.next()
		if len(written) > 0 {
			until = min(until, saved.Add(saveEvery))
		}
		if due || !m.readable() {
			until = min(until, t.Now().Add(retry))
		}
		reply, err := m.asked.Recv(t, until)
		switch {
		case err == nil:
			waiting = append(waiting, reply)
		case !errors.Is(err, rt.ErrTimeout):
			return err
		}
	}
}

// readable tells whether the file was read, or need not be.
func (m *Keeper) readable() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known
}

// load takes what the file says. While the disk does not return it ORAC listens: a broken disk must not make it deaf. A request that comes
// before the disk returns it replaces what it says. found tells whether there was a file: it is written again with what is left, so that
// a process that ends again and again while the clock stands still does not lengthen a mute each time.
func (m *Keeper) load(t *rt.Task) (found bool) {
	list, err := read(t, m.fs)
	if err != nil && !errors.Is(err, errDamaged) {
		m.log.Warn("the disk does not return the mutes; trying again", "cause", err)
		return false
	}
	wall, now := t.Wall(), t.Now()
	if err != nil {
		m.log.Error("all listeners are muted, because somebody had muted one", "for", damagedFor.String(), "cause", err)
		list = []kept{{Mute: status.Mute{By: "a damaged file", Since: wall, Until: wall.Add(damagedFor)}, Left: damagedFor}}
	}
	var events []event.Body
	m.mu.Lock()
	if !m.known {
		m.known = true
		for _, k := range list {
			h := held{listener: k.Listener, by: k.By, since: k.Since, from: now, until: rt.Never}
			if !k.Until.IsZero() {
				left := k.left(wall)
				if left <= 0 {
					events = append(events, event.Unmuted{Listener: k.Listener})
					continue
				}
				h.until = now.Add(left)
			}
			m.held = append(m.held, h)
			shown := h.shown(now, wall)
			events = append(events, event.Muted{Listener: k.Listener, By: k.By, Since: k.Since, Until: shown.Until, Start: true})
		}
		m.show(now)
	}
	m.mu.Unlock()
	for _, e := range events {
		m.Tell(t, e)
	}
	return len(list) > 0
}

// Mute mutes a listener, or all of them.
func (m *Keeper) Mute(t *rt.Task, r status.MuteRequest) (status.Muting, error) {
	if err := m.check(r); err != nil {
		return status.Muting{}, err
	}
	now, wall := t.Now(), t.Wall()
	h := held{listener: r.Listener, by: r.By, since: wall.Round(0), from: now, until: rt.Never}
	if r.For > 0 {
		h.until = now.Add(r.For)
	}
	m.mu.Lock()
	m.known = true
	for _, old := range m.take(func(old held) bool { return old.listener == r.Listener }) {
		h.from = old.from // without a gap
	}
	m.held = append(m.held, h)
	m.show(now)
	m.mu.Unlock()
	shown := h.shown(now, wall)
	m.Tell(t, event.Muted{Listener: r.Listener, By: r.By, Since: shown.Since, Until: shown.Until})
	return m.await(t), nil
}

// Unmute ends the mute of a listener, or all mutes. A listener that is unmuted while all are muted listens alone.
func (m *Keeper) Unmute(t *rt.Task, r status.MuteRequest) (status.Muting, error) {
	if err := m.check(r); err != nil {
		return status.Muting{}, err
	}
	now := t.Now()
	m.mu.Lock()
	m.known = true
	var left []held // of a mute for all
	over := m.take(func(h held) bool { return r.Listener == "" || h.listener == "" || h.listener == r.Listener })
	for i := range over {
		if r.Listener == "" || over[i].listener != "" {
			continue
		}
		for _, name := range m.Names() {
			if name != r.Listener && !slices.ContainsFunc(m.held, func(h held) bool { return h.listener == name && h.until >= over[i].until }) {
				m.take(func(h held) bool { return h.listener == name })
				one := over[i]
				one.listener = name
				m.held = append(m.held, one)
				left = append(left, one)
			}
		}
	}
	for _, h := range over {
		m.ended = append(m.ended, node.Mute{Listener: h.listener, From: h.from, Until: now})
	}
	m.show(now)
	m.mu.Unlock()
	if len(over) > 0 {
		m.Tell(t, event.Unmuted{Listener: r.Listener, By: r.By})
	}
	for _, h := range left {
		s := h.shown(now, t.Wall())
		m.Tell(t, event.Muted{Listener: s.Listener, By: s.By, Since: s.Since, Until: s.Until})
	}
	return m.await(t), nil
}

// check refuses what cannot be meant.
func (m *Keeper) check(r status.MuteRequest) error {
	switch names := m.Names(); {
	case r.By == "" || len(r.By) > maxName:
		return &status.Refusal{Code: status.Invalid, Message: "a mute needs an owner"}
	case r.For < 0 || r.For > status.MostMute:
		return &status.Refusal{Code: status.Invalid, Message: fmt.Sprintf("a mute lasts 1 s to %s, or until somebody unmutes it", amount.Span(status.MostMute)), Hint: "without a time it lasts until then"}
	case r.Listener != "" && !slices.Contains(names, r.Listener):
		return &status.Refusal{Code: status.Unknown, Message: fmt.Sprintf("there is no listener %q", r.Listener), Hint: "the listeners are: " + strings.Join(names, ", ")}
	}
	return nil
}

// take removes mutes from those that hold, and returns them. The lock is held.
func (m *Keeper) take(which func(held) bool) (taken []held) {
	m.held = slices.DeleteFunc(m.held, func(h held) bool {
		if which(h) {
			taken = append(taken, h)
			return true
		}
		return false
	})
	return taken
}

// show shows the graph who is muted. The lock is held.
func (m *Keeper) show(now rt.Instant) {
	m.ended = slices.DeleteFunc(m.ended, func(x node.Mute) bool { return x.Until.Add(remembered) <= now })
	m.ended = m.ended[max(0, len(m.ended)-most):]
	list := slices.Clone(m.ended)
	for _, h := range m.held {
		list = append(list, node.Mute{Listener: h.listener, From: h.from, Until: h.until})
	}
	m.cell.Take(rt.NewCell(list))
}

// expire notes and tells the mutes whose time is over: the graph has ended them itself.
func (m *Keeper) expire(t *rt.Task) {
	now := t.Now()
	m.mu.Lock()
	over := m.take(func(h held) bool { return h.until <= now })
	for _, h := range over {
		m.ended = append(m.ended, node.Mute{Listener: h.listener, From: h.from, Until: h.until})
	}
	m.show(now)
	m.mu.Unlock()
	for _, h := range over {
		m.Tell(t, event.Unmuted{Listener: h.listener})
	}
}

// next is when the next mute ends.
func (m *Keeper) next() rt.Instant {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := rt.Never
	for _, h := range m.held {
		next = min(next, h.until)
	}
	return next
}

// await waits for the disk, and returns what holds.
func (m *Keeper) await(t *rt.Task) status.Muting {
	out := status.Muting{}
	reply := rt.NewMailbox[error]("mutes kept", 1)
	err := rt.ErrTimeout
	if m.asked.TrySend(t, reply) {
		var saved error
		if saved, err = reply.Recv(t, t.Now().Add(patience)); err == nil {
			err = saved
		}
	}
	if err != nil {
		out.Note = "the disk does not keep this yet: if ORAC restarts now, it does as before"
	}
	out.Muted = m.List(t.Now(), t.Wall())
	return out
}

// List is what is muted. It may be called from anywhere.
func (m *Keeper) List(now rt.Instant, wall time.Time) []status.Mute {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []status.Mute{}
	for _, h := range m.held {
		if h.until > now {
			list = append(list, h.shown(now, wall))
		}
	}
	return list
}

// shown is a mute for people. Its end is a time of day of the clock as it is now.
func (h held) shown(now rt.Instant, wall time.Time) status.Mute {
	s := status.Mute{Listener: h.listener, By: h.by, Since: h.since}
	if h.until != rt.Never {
		s.Until = wall.Add(h.until.Sub(now)).Round(0)
	}
	return s
}

// gist changes when the file must.
func (m *Keeper) gist() (list []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.held {
		list = append(list, fmt.Sprint(h))
	}
	return list
}

// save writes the file, or deletes it when nothing is muted.
func (m *Keeper) save(t *rt.Task) error {
	now, wall := t.Now(), t.Wall()
	m.mu.Lock()
	var list []kept
	for _, h := range m.held {
		k := kept{Mute: h.shown(now, wall)}
		if h.until != rt.Never {
			if k.Left = h.until.Sub(now); k.Left <= 0 {
				continue
			}
		}
		list = append(list, k)
	}
	m.mu.Unlock()
	if len(list) == 0 {
		return remove(t, m.fs)
	}
	return write(t, m.fs, list)
}
