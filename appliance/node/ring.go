package node

import (
	"errors"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
)

// Ring remembers the last sound of a device, passes each hop on, and lets recorders follow from any moment that it still
// remembers.
type Ring struct {
	Name   string // address of the node
	Events Events
	In     *rt.Mailbox[*audio.Hop]
	Config *rt.Cell[RingConfig]
	Out    *rt.Out[*audio.Hop]
	Hops   int // how many it remembers

	kept      []*audio.Hop // oldest first
	followers []Follow
	lost      overruns
}

// RingConfig are the settings of a ring.
type RingConfig struct {
	Follows *rt.Mailbox[Follow] // nil if nothing is recorded
}

// Update implements Updater.
func (r *Ring) Update(fresh Node) {
	f := fresh.(*Ring)
	r.Config.Take(f.Config)
	r.Out.To(f.Out)
}

// Run implements Node.
func (r *Ring) Run(t *rt.Task) error {
	var silent *rt.Mailbox[Follow] // nobody will ask in it again
	for {
		cases := []rt.Case{r.In}
		follows := r.Config.Get().Follows
		if follows != nil && follows != silent {
			cases = []rt.Case{follows, r.In}
		}
		which, err := rt.Select(t, rt.Never, cases...)
		if err != nil {
			return err
		}
		if len(cases) == 2 && which == 0 {
			if f, ok := follows.TryRecv(t); ok {
				r.follow(t, f)
			} else {
				silent = follows
			}
			continue
		}
		hop, err := r.In.Recv(t, rt.Never)
		switch {
		case err == nil:
			r.hop(t, hop)
		case err == rt.ErrClosed:
			return r.end(t)
		default:
			return err
		}
	}
}

// lookAgain is how often a ring whose sound is over looks whether anybody may still follow it.
const lookAgain = time.Second

// end ends the sound for its readers and recorders, and continues to serve what is remembered: the last hops are still on
// their way through the heads.
func (r *Ring) end(t *rt.Task) error {
	for _, f := range r.followers {
		f.To.Close(t)
	}
	r.Out.Close(t)
	for {
		follows := r.Config.Get().Follows
		if follows == nil {
			return nil
		}
		f, err := follows.Recv(t, t.Now().Add(lookAgain))
		if errors.Is(err, rt.ErrTimeout) {
			continue
		}
		if err != nil {
			return over(err)
		}
		r.follow(t, f)
		f.To.Close(t)
	}
}

func (r *Ring) follow(t *rt.Task, f Follow) {
	for _, hop := range r.kept {
		if hop.Seq >= f.From {
			f.To.Push(t, hop)
		}
	}
	r.followers = append(r.followers, f)
}

func (r *Ring) hop(t *rt.Task, hop *audio.Hop) {
	if hop.Reset {
		clear(r.kept)
		r.kept = r.kept[:0] // sound from before a break, or a mute, is not used as pre-roll
	}
	if len(r.kept) == r.Hops {
		copy(r.kept, r.kept[1:])
		r.kept = r.kept[:r.Hops-1]
	}
	r.kept = append(r.kept, hop)
	if n := r.Out.Push(t, hop); n > 0 {
		r.lost.say(t, r.Events, r.Name, "hops of "+r.Name, n)
	}
	live := r.followers[:0]
	for _, f := range r.followers {
		if !f.To.Closed() {
			f.To.Push(t, hop)
			live = append(live, f)
		}
	}
	clear(r.followers[len(live):])
	r.followers = live
}
