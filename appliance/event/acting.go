package event

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"orac/appliance/record"
	"orac/runbook/hook"
)

// acting tell how texts become deeds.
var acting = []Kind{
	kind("A text was acted on, or could not be: what was understood, what was called, and what truly came of it.", Kind{Sign: Arrived, Kept: true, Hooks: []string{"acted"}},
		Acted.words),
	kind("A timer has ended.", Kind{Sign: Arrived, Hooks: []string{"timer_ended"}},
		func(b TimerEnded) Words {
			what := "the timer"
			if b.Name != "" {
				what += " for " + b.Name
			}
			if b.Late > 0 {
				return warning("timer", usual("%s has ended %.0f s ago, while ORAC did not run", what, b.Late))
			}
			return fine("timer", usual("%s has ended", what))
		}),
	kind("A backend is connected, or is not any more.", Kind{about: itself},
		func(b BackendHealth) Words {
			return either(b.OK, "backend", usual("%s is connected  %s", b.Backend, b.Version), usual("%s: %s; trying again %s", b.Backend, b.Cause, b.Retry))
		}),
	kind("A language model answers again, or does not any more.", Kind{about: itself},
		func(b ModelHealth) Words {
			return either(b.OK, "model", usual("%s answers again", b.Model), usual("%s: %s", b.Model, b.Cause))
		}),
}

// Acted: a text was acted on, or could not be. Times are absent if that was not reached.
type Acted struct {
	Topic      string      `json:"topic"`
	Request    string      `json:"request"`             // its ID
	Utterance  string      `json:"utterance,omitempty"` // ID of the recording, or of the transcript of a server
	Trace      string      `json:"trace,omitempty"`     // ID of the request, which stands in every log from the listener to the backend
	From       string      `json:"from,omitempty"`      // who asked
	Text       string      `json:"text"`
	Tier       string      `json:"tier,omitempty"`  // how it was understood: correction, sentence, near, learnt, model, handed
	Model      string      `json:"model,omitempty"` // the language model that was asked
	Result     string      `json:"result"`          // done, unproven, unknown, failed, unclear or refused
	Understood bool        `json:"understood"`
	Executed   bool        `json:"executed"` // the backend has accepted all of it
	Verified   bool        `json:"verified"` // all of it is proven, or was so already
	Unknown    bool        `json:"unknown,omitempty"`
	Reason     string      `json:"reason,omitempty"`
	Speech     string      `json:"speech,omitempty"` // what people are told
	Calls      []ActedCall `json:"calls,omitempty"`
	Took       float64     `json:"took"` // seconds from the text to the end
	Said       time.Time   `json:"said,omitzero"`
	Came       time.Time   `json:"came,omitzero"`
	ReadAt     time.Time   `json:"read_at,omitzero"`
	ExecutedAt time.Time   `json:"executed_at,omitzero"`
	VerifiedAt time.Time   `json:"verified_at,omitzero"`

	Parent string `json:"-"` // the step that asked: see thread
	Answer string `json:"-"` // all that is known, for the history: an act.Answer as JSON. Not part of an event's JSON
}

// ActedCall is a call to a backend, and what came of it.
type ActedCall struct {
	Backend string   `json:"backend,omitempty"`
	Intent  string   `json:"intent"`
	Service string   `json:"service"`
	Targets []string `json:"targets,omitempty"`
	Verdict string   `json:"verdict"` // proven, already, unproven, failed, unknown, not tried
	Reason  string   `json:"reason,omitempty"`

	Number                int       `json:"-"` // among the calls for the request, from 1; 0 if it was not made
	Sent, Answered, Proof time.Time `json:"-"` // zero: not reached
}

func (Acted) Kind() string { return "acted" }

func (b Acted) rows(time.Time) []record.Row {
	return []record.Row{{Command: &record.Command{
		ID: b.Request, Topic: b.Topic, At: b.Came, Utterance: b.Utterance, From: b.From, Tier: b.Tier, Result: b.Result, Answer: []byte(b.Answer),
	}}}
}

// notice: what came of a text.
func (b Acted) notice(e Event) Notice {
	listener, of := strings.CutPrefix(b.From, ListenerPrefix)
	if !of {
		listener = ""
	}
	a := &hook.Acted{
		Head: hook.About(e.At, "", listener), Request: b.Request, Utterance: b.Utterance, Topic: b.Topic, From: b.From, Text: b.Text, Result: b.Result, Tier: b.Tier,
		Model: b.Model, Understood: b.Understood, Executed: b.Executed, Verified: b.Verified, Why: b.Reason, Speech: b.Speech, Calls: len(b.Calls), Seconds: b.Took,
	}
	var services, targets []string
	for _, c := range b.Calls {
		services, targets = append(services, c.Service), append(targets, c.Targets...)
	}
	a.Services, a.Targets = strings.Join(services, ", "), strings.Join(targets, ", ")
	return tell(a)
}

// ListenerPrefix begins the name of a listener that asks: see Acted.From.
const ListenerPrefix = "listener."

func (b Acted) told() Told {
	if b.Unknown {
		return Told{
			Past:  fmt.Sprintf("what came of command %s is not known: %s", b.Request, b.Reason),
			After: "it is not repeated: look whether it was done, and say it again if it was not",
		}
	}
	return Told{}
}

func (b Acted) unspoken() Body {
	b.Reason = b.withheld(b.Reason)
	b.Calls = slices.Clone(b.Calls)
	for i := range b.Calls {
		b.Calls[i].Reason = b.withheld(b.Calls[i].Reason)
	}
	b.Text, b.Speech, b.Answer = "", "", ""
	return b
}

// withheld is a reason that does not repeat what was said: some come from programs and servers that were told it. A single word is no
// sentence, and stands in many reasons by chance.
func (b Acted) withheld(reason string) string {
	words := func(text string) string {
		return " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }), " ") + " "
	}
	if said := words(b.Text); strings.Count(said, " ") > 2 && strings.Contains(words(reason), said) {
		return "its reason repeats what was said"
	}
	return reason
}

func (b Acted) words() Words {
	said, how := speech("“%s”", b.Text), faint("  %s, %s, in %.2f s", b.Topic, b.Tier, b.Took)
	switch b.Result {
	case "refused":
		return warning("not acted on", said, usual("  %s", b.Reason), faint("  %s", b.Topic))
	case "unclear":
		if b.Reason != "" {
			return warning("unclear", said, usual("  %s", b.Reason), faint("  %s", b.Topic))
		}
		return warning("unclear", said, faint("  %s", b.Topic))
	case "unknown":
		return failure("not known", said, usual("  %s", b.Reason), how)
	case "done":
		if b.Speech != "" {
			return fine("done", said, speech("  %s", b.Speech), how)
		}
		return fine("done", said, how)
	case "unproven":
		return warning("not proven", said, usual("  %s", b.Reason), how)
	}
	return warning("not done", said, usual("  %s", b.Reason), how)
}

// TimerEnded: a timer has ended.
type TimerEnded struct {
	Topic   string  `json:"topic"`
	Name    string  `json:"name,omitempty"`
	Seconds float64 `json:"seconds"`        // how long it ran
	Late    float64 `json:"late,omitempty"` // seconds since its end, if ORAC did not run then
}

func (TimerEnded) Kind() string { return "timer_ended" }

func (b TimerEnded) notice(e Event) Notice {
	return tell(&hook.TimerEnded{Head: e.head(Origin{}), Topic: b.Topic, Name: b.Name, Seconds: b.Seconds, Late: b.Late})
}

// BackendHealth: whether a backend is connected, on each change, and at each failed try.
type BackendHealth struct {
	Backend string `json:"backend"`
	OK      bool   `json:"ok"`
	Version string `json:"version,omitempty"`
	Cause   string `json:"cause,omitempty"`
	Retry   string `json:"retry,omitempty"`
	Again   bool   `json:"again,omitempty"` // it failed before, too
}

func (BackendHealth) Kind() string { return "backend_health" }

func (b BackendHealth) told() Told {
	if b.OK {
		return well()
	}
	t := down(b.Cause)
	t.Did = "tried again " + b.Retry
	return t
}

// ModelHealth: whether a language model answers, on each change.
type ModelHealth struct {
	Model string `json:"model"`
	OK    bool   `json:"ok"`
	Cause string `json:"cause,omitempty"`
}

func (ModelHealth) Kind() string { return "model_health" }

func (b ModelHealth) told() Told {
	if b.OK {
		return well()
	}
	return down(b.Cause)
}
