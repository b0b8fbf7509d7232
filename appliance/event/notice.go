package event

import "orac/runbook/hook"

// Notice is what webhooks are told of an event.
type Notice struct {
	Events []hook.Event
	// First: webhooks are told only the first event with these words, until one with the same words in Over.
	First string
	Over  string
}

// Notice returns what webhooks are told of an event. A wake is not among it: the trigger itself tells them of that, with more than the
// event has.
func (e Event) Notice() Notice {
	if b, ok := e.Body.(interface{ notice(Event) Notice }); ok {
		return b.notice(e)
	}
	return Notice{}
}

// tell is a notice of one webhook event.
func tell(h hook.Event) Notice { return Notice{Events: []hook.Event{h}} }

// head is the head of a webhook event about where an utterance comes from.
func (e Event) head(of Origin) hook.Head { return hook.About(e.At, of.Device, of.Listener) }

// delivery fills in what every webhook event about a delivery says.
func (e Event) delivery(of Origin, d hook.Delivery) hook.Event {
	d.Head, d.Wake = e.head(of), of.Wake
	return &d
}
