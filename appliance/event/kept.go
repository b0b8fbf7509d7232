package event

import (
	"time"

	"orac/appliance/record"
)

// Rows returns what the history keeps of an event, in the order in which it is written. A kind may be kept in some cases alone.
func (e Event) Rows() []record.Row {
	if b, ok := e.Body.(interface {
		rows(at time.Time) []record.Row
	}); ok {
		return b.rows(e.At)
	}
	return nil
}

// took is a number of seconds as a time.
func took(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
