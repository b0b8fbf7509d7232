package report

import (
	"time"

	"orac/appliance/event"
)

// Of returns an event of the appliance as a moment on the timeline, and whether people are shown it there. It leaves out what was
// said in the room.
func Of(when time.Duration, e event.Event) (Event, bool) {
	w := e.Words()
	return Event{At: when.Seconds(), Lane: e.Node, Kind: e.Body.Kind(), Text: w.String(), Wrong: w.Severity >= event.Warning}, w.Severity > event.Detail
}

// title says what happened and when. The words of the appliance say the kind, too.
func (e Event) title() string {
	switch _, ok := event.Named(e.Kind); {
	case e.Text == "":
		return e.Kind + " at " + at(e.At)
	case ok:
		return at(e.At) + ": " + e.Text
	}
	return e.Kind + " at " + at(e.At) + ": " + e.Text
}

// worldly are the signs of what is no event of the appliance: what sim and chaos themselves see.
var worldly = map[string]string{
	"boot": "restart", "start": "restart", "replaced": "restart", "applied": "apply", "rolled back": "apply", "apply refused": "lost",
	"missed": "lost", "false_wake": "lost",
}

// glyph returns the symbol of an event.
func (e Event) glyph() string {
	if e.Wrong {
		return "lost"
	}
	sign := worldly[e.Kind]
	if k, ok := event.Named(e.Kind); ok {
		sign = string(k.Sign)
	}
	if sign == "" {
		return "other"
	}
	return sign
}
