package event

import (
	"fmt"
	"time"

	"orac/appliance/record"
	"orac/appliance/thread"
)

// serving tell what this appliance does for other machines.
var serving = []Kind{
	kind("An STT server has answered an utterance of another machine, or could not.", Kind{Kept: true, about: Event.engine},
		Served.words),
	kind("Another appliance has begun to send heartbeats to an STT server, or has stopped.", Kind{},
		Instance.words),
	kind("What became of a text that an STT server has for a Core.", Kind{about: Event.forward},
		Forwarded.words),
	kind("A service for other programs is offered on the network.", Kind{about: itself},
		func(b DoorOpened) Words { return fine("serving", usual("%s at %s", b.Serves, b.Listen)) }),
	kind("A client of such a service got its answer.", Kind{},
		Answered.words),
	kind("A service for other programs cannot be offered.", Kind{about: itself},
		func(b DoorFailed) Words {
			return failure("not serving", usual("at %s: %s; trying again %s", b.Listen, b.Cause, b.Retry))
		}),
}

// Served: an STT server answered an utterance of another machine, or could not.
type Served struct {
	Server     string  `json:"server"`
	Utterance  string  `json:"utterance,omitempty"` // the ID of the transcript
	Peer       string  `json:"peer"`                // who sent it: a service account, an API key, or a peer without a login
	Address    string  `json:"address"`
	Topic      string  `json:"topic"`
	Text       string  `json:"text"`               // empty: nothing was understood, or it failed
	Original   string  `json:"original,omitempty"` // before the wake word was removed
	Confidence float64 `json:"confidence"`
	Language   string  `json:"language,omitempty"`
	Seconds    float64 `json:"seconds"` // of sound
	Took       float64 `json:"took"`    // seconds that the engine needed
	Waited     float64 `json:"waited"`  // seconds that the utterance waited for the engine
	Streamed   bool    `json:"streamed"`
	Nothing    string  `json:"nothing,omitempty"`  // why there is no text
	Cause      string  `json:"cause,omitempty"`    // why it failed
	InARow     int     `json:"in_a_row,omitempty"` // failures of the engine since it worked
	Busy       bool    `json:"busy,omitempty"`     // the queue was full; the peer was told to come back

	Of    thread.Thread `json:"-"` // what it belongs to
	Ended time.Time     `json:"-"` // when the engine was done; zero if it was not asked
}

func (Served) Kind() string { return "served" }

// rows: what found no room comes again.
func (b Served) rows(at time.Time) []record.Row {
	if b.Busy {
		return nil
	}
	ended := at.Add(-took(b.Waited + b.Took))
	u := record.Utterance{ID: b.Utterance, Started: ended.Add(-took(b.Seconds)), Ended: ended, Seconds: b.Seconds, Server: b.Server, Peer: b.Peer}
	d := record.Delivery{UtteranceID: b.Utterance, STT: b.Server, Outcome: record.Delivered, Attempts: 1, Way: "peer", At: at, Error: b.Cause, Seconds: b.Waited + b.Took}
	switch {
	case b.Cause != "":
		d.Outcome = record.Failed
	case b.Text == "":
		d.Outcome, d.Error = record.Empty, b.Nothing
	}
	answer := record.Row{Delivery: &d}
	if b.Text != "" || b.Original != "" {
		answer.Transcript = &record.Transcript{UtteranceID: b.Utterance, STT: b.Server, Text: b.Text, Original: b.Original, Confidence: b.Confidence, Language: b.Language, ProcessingTime: took(b.Took)}
	}
	return []record.Row{{Utterance: &u}, answer}
}

func (b Served) told() Told {
	switch {
	case b.Busy:
		return Told{}
	case b.Cause == "":
		return well()
	case b.InARow < refusals: // it may be that sound alone
		return poor("the engine failed: " + b.Cause)
	}
	return down("the engine fails: " + b.Cause)
}

func (b Served) unspoken() Body {
	b.Text, b.Original = "", ""
	return b
}

// engine is the about of Served: a full queue says nothing of the engine.
func (e Event) engine() string {
	if e.Body.(Served).Busy {
		return ""
	}
	return e.Node
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

// Instance: another appliance has begun to send heartbeats to an STT server, or has sent none for so long that it is forgotten.
type Instance struct {
	Server   string `json:"server"`
	Instance string `json:"instance"`
	Source   string `json:"source,omitempty"`
	Peer     string `json:"peer"`
	Address  string `json:"address"`
	Models   int    `json:"models"` // that are active
	Present  bool   `json:"present"`
}

func (Instance) Kind() string { return "instance" }

func (b Instance) words() Words {
	if b.Present {
		return fine("instance", strong("%s", b.Instance), usual("  listens for %d active models  ", b.Models), faint("%s, %s", b.Peer, b.Address))
	}
	return warning("instance", strong("%s", b.Instance), usual("  sends no heartbeats any more  "), faint("%s, %s", b.Peer, b.Address))
}

// Forwarded: what became of a text for a Core.
type Forwarded struct {
	Core     string `json:"core"`
	Event    string `json:"event"`   // the ID of the text in its queue
	Outcome  string `json:"outcome"` // done, waiting (tried again), aside (set aside for people), lost
	Cause    string `json:"cause,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	Denied   bool   `json:"denied,omitempty"`   // Core will refuse until a person changes something
	Unknown  bool   `json:"unknown,omitempty"`  // Core may have acted on it, so it is not sent again
	InARow   int    `json:"in_a_row,omitempty"` // how many were set aside since Core accepted one

	Of    thread.Thread `json:"-"` // what the text belongs to
	Began time.Time     `json:"-"` // when this try began; zero if there was none
	Under string        `json:"-"` // the ID of the step that it is a part of
}

func (Forwarded) Kind() string { return "forwarded" }

func (b Forwarded) told() Told {
	switch {
	case b.Outcome == "done":
		return well()
	case b.Outcome == "lost":
		return Told{}
	case b.Outcome == "waiting" && (b.Denied || b.Attempts >= refusals):
		return down(b.Cause)
	case b.Outcome == "waiting":
		return poor(b.Cause)
	case b.InARow >= refusals:
		return down("it accepts no texts: " + b.Cause)
	}
	return Told{ // the next text is on its way
		Past:  "text " + b.Event + " was set aside: " + b.Cause,
		After: "kept in forwards/" + b.Core + "/aside; to see it: orac spool list; to try again: orac spool retry " + b.Event,
	}
}

// forward is the about of Forwarded: a text that is lost was too old, or dropped by a person.
func (e Event) forward() string {
	if e.Body.(Forwarded).Outcome == "lost" {
		return ""
	}
	return e.Node
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

// DoorOpened: a service for other programs is offered on the network.
type DoorOpened struct {
	Listen string `json:"listen"`
	Serves string `json:"serves"` // stt or wake
}

func (DoorOpened) Kind() string { return "door_opened" }

func (b DoorOpened) told() Told { return well() }

// Answered: a client of such a service got an answer: a text, or a wake word.
type Answered struct {
	Address string  `json:"address"`           // of the client
	Text    string  `json:"text"`              // empty: nothing was understood, or it failed
	Model   string  `json:"model,omitempty"`   // whose wake word was heard
	Seconds float64 `json:"seconds,omitempty"` // of sound
	Took    float64 `json:"took,omitempty"`    // seconds from the end of the sound to the text
	Cause   string  `json:"cause,omitempty"`   // why it failed
}

func (Answered) Kind() string { return "answered" }

func (b Answered) unspoken() Body {
	b.Text = ""
	return b
}

func (b Answered) words() Words {
	switch {
	case b.Cause != "":
		return warning("not understood", usual("%s: %s", b.Address, b.Cause))
	case b.Model != "":
		return fine("told", usual("%s  ", b.Address), strong("%s", b.Model))
	case b.Text == "":
		return plain("no speech", usual("%s, %.1f s of sound", b.Address, b.Seconds))
	}
	return fine("answered", speech("“%s”", b.Text), usual("  "), faint("%s, %.1f s of sound, in %.1f s", b.Address, b.Seconds, b.Took))
}

// DoorFailed: it is not offered.
type DoorFailed struct {
	Listen string `json:"listen"`
	Cause  string `json:"cause"`
	Retry  string `json:"retry"`
}

func (DoorFailed) Kind() string { return "door_failed" }

func (b DoorFailed) told() Told {
	t := down("it cannot be served at " + b.Listen + ": " + b.Cause)
	t.Did = "tried again " + b.Retry
	return t
}
