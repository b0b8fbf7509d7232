package event

import "orac/appliance/health"

// Told is what an event says of a component: how well it is, what was done about it, and what went wrong meanwhile. The monitor makes
// facts, incidents and counts of restarts from it, and knows no kind of event itself.
type Told struct {
	About string       // the component; empty: the node that reports
	Level health.Level // empty: the event does not say how well it is
	Why   string       // it is not healthy
	// Now: if it is unhealthy, that is an incident at once. It may be over before the monitor looks again.
	Now       bool
	Evidence  string // what was known of it before something was ended by force
	Did       string // what was done about its incident
	Restarted string // why it was restarted; empty: it was not
	Hangs     string // an instance of it did not stop; the incident lasts until it does
	// Past went wrong and is already over: an incident of its own. After is what was done about that.
	Past, After string
}

// Told returns what the event says of a component.
func (e Event) Told() Told {
	if b, ok := e.Body.(interface{ told() Told }); ok {
		return b.told()
	}
	return Told{}
}

// refusals is how many failures in a row make an incident where a single one is normal.
const refusals = 3

// well tells that the reporting node is well.
func well() Told { return Told{Level: health.Healthy} }

// poor tells that the reporting node is degraded.
func poor(why string) Told { return Told{Level: health.Degraded, Why: why} }

// down tells that the reporting node is unhealthy from now on.
func down(why string) Told { return Told{Level: health.Unhealthy, Why: why, Now: true} }

// opened tells of a microphone or a speaker that was opened so many times since the start.
func opened(noun, identity string, opens int) Told {
	t := well()
	if t.Did = "opened " + identity; opens > 1 {
		t.Restarted = "the " + noun + " was opened again"
	}
	return t
}

// lost tells of one that does not work until it is opened again.
func lost(cause, retry, evidence string) Told {
	t := down(cause)
	t.Evidence, t.Did = evidence, "tried again "+retry
	return t
}
