// Package event holds what happens in an appliance, as values. Nodes publish them; the store, the terminal, health and the
// console read them. An event is a report: nothing in the path from sound to delivery depends on one being read.
//
// Kinds is the one table of the kinds. A kind is its Go type and, in the file of its concern, its row. Whoever shows, logs, sends,
// reads or judges events asks the table instead of keeping a list. The package guarantees that an event survives its JSON (except
// for Origin, which is not in it), and that reading JSON from outside returns an event of the table or an error.
package event

import "time"

// Event is something that happened.
type Event struct {
	At   time.Time // time of day
	Node string    // address of the node that reports it
	Body Body
}

// Body is what happened; its Kind is stable, lower-case, and names the Go type.
type Body interface{ Kind() string }

// Origin is where an utterance comes from, for nodes that report it to others. It is not part of an event's
// JSON.
type Origin struct {
	Wake     string // ID of the detection
	Device   string
	Listener string
	WakeWord string
	Topic    string
}
