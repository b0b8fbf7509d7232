package node

import (
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
)

// overruns reports that hops were lost because a node is too slow, but not every single one.
type overruns struct {
	lost int
	last rt.Instant
}

// overrunEvery is how often lost hops are reported while the loss continues.
const overrunEvery = 10 * time.Second

func (o *overruns) say(t *rt.Task, out Events, node, port string, n int) {
	o.lost += n
	if o.last != 0 && t.Now().Sub(o.last) < overrunEvery {
		return
	}
	t.Trace("overrun", int64(o.lost))
	say(t, out, node, event.Overrun{Port: port, Hops: o.lost})
	o.lost, o.last = 0, t.Now()
}
