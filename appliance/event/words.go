package event

import (
	"fmt"
	"strings"
)

// Severity is how bad an event is. The log, the colours of a terminal and the marks of a timeline follow from it.
type Severity int

// The severities.
const (
	Detail  Severity = iota // for programs: people are not shown it
	Plain                   // part of the day's work
	Fine                    // something works, or works again
	Warning                 // something went wrong, and nothing is lost yet
	Failure                 // something is lost, or cannot be used
)

// Words are what a person reads about an event.
type Words struct {
	Severity Severity
	Label    string // one or two words for the first column
	Parts    []Part // the sentence; their texts follow each other without anything in between
}

// Part is a part of a sentence. Its text may come from outside, and may hold anything.
type Part struct {
	Role Role
	Text string
}

// Role is what a part of a sentence is.
type Role int

// The roles.
const (
	Usual  Role = iota
	Strong      // what to look at
	Faint       // what helps to find more
	Speech      // what was said in the room: it is shown to whoever is in front of the appliance, and kept out of logs and reports
)

// String returns label and sentence on one line, without what was said in the room.
func (w Words) String() string {
	var b strings.Builder
	for _, p := range w.Parts {
		if p.Role != Speech {
			b.WriteString(p.Text)
		}
	}
	if text := strings.Join(strings.Fields(b.String()), " "); text != "" {
		return w.Label + ": " + text
	}
	return w.Label
}

// Unspoken returns the event without what was said in the room.
func (e Event) Unspoken() Event {
	if b, ok := e.Body.(interface{ unspoken() Body }); ok {
		e.Body = b.unspoken()
	}
	return e
}

func usual(format string, args ...any) Part  { return Part{Usual, fmt.Sprintf(format, args...)} }
func strong(format string, args ...any) Part { return Part{Strong, fmt.Sprintf(format, args...)} }
func faint(format string, args ...any) Part  { return Part{Faint, fmt.Sprintf(format, args...)} }
func speech(format string, args ...any) Part { return Part{Speech, fmt.Sprintf(format, args...)} }

func detail(label string, parts ...Part) Words  { return Words{Detail, label, parts} }
func plain(label string, parts ...Part) Words   { return Words{Plain, label, parts} }
func fine(label string, parts ...Part) Words    { return Words{Fine, label, parts} }
func warning(label string, parts ...Part) Words { return Words{Warning, label, parts} }
func failure(label string, parts ...Part) Words { return Words{Failure, label, parts} }

// either returns the words of a thing that works or does not.
func either(ok bool, label string, good, bad Part) Words {
	if ok {
		return fine(label, good)
	}
	return warning(label, bad)
}
