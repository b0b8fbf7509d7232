package event

import (
	"fmt"
	"strings"

	"orac/appliance/utterance"
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
	switch b := e.Body.(type) {
	case Delivered:
		b.Text, b.Original = "", ""
		e.Body = b
	case Partial:
		b.Text = ""
	case Served:
		b.Text, b.Original = "", ""
		e.Body = b
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

// endings says why a recording ended.
var endings = map[utterance.Why]string{
	utterance.Silence:    "ended by silence",
	utterance.Limit:      "cut off: it reached the longest time allowed",
	utterance.DeviceLost: "cut off: the device was lost",
	utterance.SoundOver:  "ended with the sound",
	utterance.Stopped:    "cut off: the appliance stops",
	utterance.Restarted:  "cut off: the recorder was restarted",
	utterance.Cut:        "cut off by a restart",
	utterance.Part:       "cut off: the disk held only a part of it",
}

func (b Wake) words() Words {
	class := ""
	if b.Class != "" {
		class = " " + b.Class
	}
	return plain("wake", strong("%s", b.Model), usual("%s  score %.3f, threshold %.2f  ", class, b.Score, b.Threshold), faint("%s", b.Listener))
}

func (b Spooled) words() Words {
	switch b.Where {
	case "disk":
		return fine("on disk", usual("the disk accepts utterances again: %s", b.Utterance))
	case "memory":
		return warning("in memory", usual("%s: the disk refuses it: %s", b.Utterance, b.Cause))
	case "nowhere":
		return warning("not kept", usual("%s: %s", b.Utterance, b.Cause))
	}
	return warning("set aside", usual("%s as %s: %s", b.Utterance, b.Where, b.Cause))
}

func (b Salvaged) words() Words {
	what := "found in the spool"
	if b.Cut {
		what = "found unfinished in the spool"
	}
	return fine("salvaged", usual("%s, %.1f s, %s", b.Utterance, b.Seconds, what))
}

func (b Engine) words() Words {
	switch b.State {
	case "failed":
		return warning("engine", usual("%s (%s): %s; started again %s", b.STT, b.Model, b.Cause, b.Retry))
	case "ready":
		return plain("engine", usual("%s is ready", b.Model), faint("  %s, loaded in %.1f s", b.STT, b.Seconds))
	}
	return detail("engine", usual("%s (%s): %s", b.STT, b.Model, b.State))
}

func (b Delivered) words() Words {
	how := "to " + standIn(b.STT, b.By)
	if b.Seconds > 0 {
		how += fmt.Sprintf(", %.1f s after the end", b.Seconds)
	}
	if b.Way == "ws" || b.Way == "wyoming" {
		how += ", streamed"
	}
	if b.Cut {
		how += ", cut off (" + b.Why + ")"
	}
	if b.Attempts > 1 {
		how += fmt.Sprintf(", attempt %d", b.Attempts)
	}
	switch b.Outcome {
	case "delivered":
		return fine("transcript", speech("“%s”", b.Text), usual("  "), faint("delivered %s", how))
	case "empty":
		if b.Cause != "" {
			return plain("nothing understood", usual("%s: %s", how, b.Cause))
		}
		return plain("no speech", usual("%s", how))
	}
	return failure("given up", usual("%s: %s", how, b.Cause))
}

// standIn names a service, or the one that stands in for it.
func standIn(stt, by string) string {
	if by == "" {
		return stt
	}
	return by + " in place of " + stt
}

func (b Served) words() Words {
	how := fmt.Sprintf("%s, %.1f s of sound", b.Peer, b.Seconds)
	switch {
	case b.Busy:
		return warning("busy", usual("%s was told to come back: %s", b.Peer, b.Cause))
	case b.Cause != "":
		return warning("not understood", usual("%s: %s", how, b.Cause))
	case b.Text == "":
		return plain("no speech", usual("%s: %s", how, b.Nothing))
	}
	return fine("served", speech("“%s”", b.Text), usual("  "), faint("%s, in %.1f s", how, b.Took+b.Waited))
}

func (b Instance) words() Words {
	if b.Present {
		return fine("instance", strong("%s", b.Instance), usual("  listens for %d active models  ", b.Models), faint("%s, %s", b.Peer, b.Address))
	}
	return warning("instance", strong("%s", b.Instance), usual("  sends no heartbeats any more  "), faint("%s, %s", b.Peer, b.Address))
}

func (b Forwarded) words() Words {
	switch b.Outcome {
	case "done":
		return fine("forwarded", usual("%s has the text  ", b.Core), faint("%s", b.Event))
	case "waiting":
		return warning("not forwarded", usual("%s: %s", b.Core, b.Cause))
	case "lost":
		return failure("lost", usual("text %s for %s: %s", b.Event, b.Core, b.Cause))
	}
	if b.Unknown {
		return warning("unknown", usual("whether %s has acted on text %s; it is not sent again: %s", b.Core, b.Event, b.Cause))
	}
	return warning("set aside", usual("text %s for %s: %s", b.Event, b.Core, b.Cause))
}
