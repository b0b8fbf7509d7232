package node

import (
	"fmt"
	"time"

	"orac/appliance/event"
	"orac/appliance/play"
	"orac/appliance/rt"
)

// way is the way to the speaker.
type way struct {
	out     play.Output // nil: it is away
	under   []under     // frames that the device has not taken yet
	moved   rt.Instant  // when it last took one, or was given the first
	taken   uint64      // frames that it took since it was opened
	began   rt.Instant  // when it was last tried to be opened
	lost    rt.Instant  // when it went away
	cause   string      // why; "": it is open
	told    rt.Instant  // when that was said
	again   rt.Instant  // not to be opened before
	fails   int         // in a row
	opening *rt.Task
	opened  *rt.Mailbox[opened]
}

// under is a frame on its way, and what happens when the device takes it.
type under struct {
	frame    *play.Frame
	happened []play.Happened
}

type opened struct {
	out play.Output
	err error
}

// due is when the way must be looked at.
func (w *way) due(stall time.Duration) rt.Instant {
	switch {
	case w.out != nil && len(w.under) > 0:
		return w.moved.Add(stall)
	case w.out == nil && w.opening == nil:
		return w.again
	}
	return rt.Never
}

// reopen closes a speaker that takes nothing, and begins to open one that is away.
func (n *Player) reopen(t *rt.Task) error {
	w, c := &n.way, n.Config.Get()
	if w.out != nil && len(w.under) > 0 && t.Now() >= w.moved.Add(c.Stall) {
		n.lose(t, fmt.Errorf("it took no sound for %v: %w", c.Stall, errStuck))
	}
	if w.out != nil || w.opening != nil || t.Now() < w.again {
		return nil
	}
	w.began = t.Now()
	speaker, to := n.Output, w.opened
	w.opening = t.Go("open", func(t *rt.Task) error {
		out, err := speaker.Open(t)
		if err := to.Send(t, opened{out, err}); err != nil && out != nil {
			out.Close(t)
		}
		for out != nil && !t.Stopping() { // what was opened ends with this task
			_ = t.Sleep(24 * time.Hour)
		}
		return nil
	})
	return nil
}

// open takes a speaker that was opened, and gives it what the one before had not taken.
func (n *Player) open(t *rt.Task, o opened) {
	w := &n.way
	if o.err != nil {
		w.opening = nil
		n.away(t, o.err, "")
		return
	}
	n.opens++
	w.out, w.cause, w.taken, w.moved = o.out, "", 0, t.Now()
	t.Trace("opened", int64(n.opens))
	say(t, n.Events, n.Name, event.SpeakerOpened{Speaker: n.Speaker, Identity: o.out.Identity(), Opens: n.opens})
	for _, u := range w.under {
		if err := o.out.Write(t, u.frame); err != nil {
			n.lose(t, err)
			return
		}
	}
}

// taken notes what the device took.
func (n *Player) taken(t *rt.Task) {
	w := &n.way
	count, ok := w.out.Played().TryRecv(t)
	if !ok {
		if w.out.Played().Closed() {
			n.lose(t, w.out.Err())
		}
		return
	}
	for w.taken < count && len(w.under) > 0 {
		for _, h := range w.under[0].happened {
			n.happened(t, h)
		}
		w.under = w.under[1:]
		w.taken++
		w.moved, w.fails = t.Now(), 0
	}
	w.taken = count
}

// lose closes a speaker.
func (n *Player) lose(t *rt.Task, err error) {
	w := &n.way
	evidence := ""
	if e, ok := w.out.(evident); ok {
		evidence = e.Evidence()
	}
	w.out.Close(t)
	w.opening.Stop()
	if t.Now().Sub(w.began) >= steady {
		w.fails = 0
	}
	w.out, w.opening, w.lost = nil, nil, t.Now()
	n.away(t, err, evidence)
}

// away says that there is no speaker, and when it is tried again.
func (n *Player) away(t *rt.Task, err error, evidence string) {
	w := &n.way
	wait := max(0, n.Config.Get().Retry.wait(w.fails)-t.Now().Sub(w.began))
	w.fails++
	w.again = t.Now().Add(wait)
	t.Trace("lost", int64(w.fails))
	if cause := err.Error(); cause != w.cause || t.Now().Sub(w.told) >= tellEvery {
		w.cause, w.told = cause, t.Now()
		say(t, n.Events, n.Name, event.SpeakerLost{Speaker: n.Speaker, Cause: cause, Retry: in(wait), Evidence: evidence})
	}
}
