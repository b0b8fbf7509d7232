package satellite

import (
	"time"

	"orac/appliance/rt"
)

const (
	// ringEvery and ringFor are how a timer rings that has ended: until somebody stops it, and not for ever.
	ringEvery = 3 * time.Second
	ringFor   = 2 * time.Minute
)

// ringing is a timer of Home Assistant that has ended. The timers themselves are kept there.
type ringing struct {
	on          bool
	next, until rt.Instant
}

func (r *ringing) due() rt.Instant {
	if !r.on {
		return rt.Never
	}
	return min(r.next, r.until)
}

// timer takes what Home Assistant tells of a timer.
func (r *ringing) timer(now rt.Instant, t Timer) []Do {
	if t.Type != TimerFinished {
		return nil
	}
	*r = ringing{on: true, next: now, until: now.Add(ringFor)}
	return r.tick(now)
}

// tick rings again.
func (r *ringing) tick(now rt.Instant) []Do {
	switch {
	case !r.on || now < r.due():
		return nil
	case now >= r.until:
		r.on = false
		return nil
	}
	r.next = now.Add(ringEvery)
	return []Do{Chime{ChimeTimer}}
}

// stop ends the ringing; nil if there is none.
func (r *ringing) stop() []Do {
	if !r.on {
		return nil
	}
	r.on = false
	return []Do{Silence{ID: ChimeTimer}}
}
