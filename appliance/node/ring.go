package node

import (
	"orac/appliance/audio"
	"orac/appliance/rt"
)

// Ring remembers the last sound of a device, passes each hop on, and lets recorders follow from any moment that it still
// remembers.
type Ring struct {
	In      *rt.Mailbox[*audio.Hop]
	Follows *rt.Mailbox[Follow]
	Out     *rt.Out[*audio.Hop]
	Hops    int // how many it remembers

	kept      []*audio.Hop // oldest first
	followers []Follow
}

// Update implements Updater.
func (r *Ring) Update(fresh Node) { r.Out.To(fresh.(*Ring).Out) }

// Run implements Node.
func (r *Ring) Run(t *rt.Task) error {
	for {
		which, err := rt.Select(t, rt.Never, r.Follows, r.In)
		if err != nil {
			return err
		}
		if which == 0 {
			if f, ok := r.Follows.TryRecv(t); ok {
				r.follow(t, f)
			}
			continue
		}
		hop, err := r.In.Recv(t, rt.Never)
		if err != nil {
			for _, f := range r.followers { // the sound is over for those who record it, too
				f.To.Close(t)
			}
			if err == rt.ErrClosed {
				return nil
			}
			return err
		}
		r.hop(t, hop)
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
		r.kept = r.kept[:0] // what was heard before a break is nobody's pre-roll
	}
	if len(r.kept) == r.Hops {
		copy(r.kept, r.kept[1:])
		r.kept = r.kept[:r.Hops-1]
	}
	r.kept = append(r.kept, hop)
	r.Out.Push(t, hop)
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
