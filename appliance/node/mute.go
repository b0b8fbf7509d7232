package node

import "orac/appliance/rt"

// Mute is a time in which a listener does not listen.
type Mute struct {
	Listener string     // its name; "" means all of them
	From     rt.Instant // the first moment …
	Until    rt.Instant // … and the one after the last; rt.Never until somebody ends it
}

// Mutes are the mutes that hold or have lately ended. The graph asks them with the time of the sound, not with the time at which a node
// gets to it: what was heard during a mute stays unheard, however late it arrives. A mute ends at its time even if nobody is there to
// end it. The value in a cell never changes; it is replaced.
type Mutes []Mute

// Deaf tells whether a listener did not listen at a moment.
func (m Mutes) Deaf(listener string, at rt.Instant) bool {
	for _, x := range m {
		if (x.Listener == "" || x.Listener == listener) && x.From <= at && at < x.Until {
			return true
		}
	}
	return false
}

// AllDeaf tells whether none of some listeners listened at a moment. A device that no listener uses is deaf when all listeners are.
func (m Mutes) AllDeaf(listeners []string, at rt.Instant) bool {
	if len(m) == 0 {
		return false
	}
	for _, l := range listeners {
		if !m.Deaf(l, at) {
			return false
		}
	}
	return len(listeners) > 0 || m.Deaf("", at)
}

// Heard is the end of the last mute of a listener before a moment, 0 if there was none: sound from before it is not used.
func (m Mutes) Heard(listener string, at rt.Instant) (since rt.Instant) {
	for _, x := range m {
		if (x.Listener == "" || x.Listener == listener) && x.Until <= at {
			since = max(since, x.Until)
		}
	}
	return since
}
