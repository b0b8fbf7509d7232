package event

import (
	"cmp"
	"fmt"
	"time"

	"orac/appliance/health"
	"orac/appliance/record"
	"orac/runbook/hook"
)

// deliveries tell what becomes of a recording on its way to a service.
var deliveries = []Kind{
	kind("A recording is on its way to a service.", Kind{},
		func(b DeliveryStarted) Words {
			return plain("delivering", usual("to %s by %s", standIn(b.STT, b.By), b.Way))
		}),
	kind("A try has failed. The recording stays in the spool.", Kind{Hooks: []string{"delivery"}, about: itself},
		func(b DeliveryFailed) Words {
			return warning("not delivered", usual("%s: %s; again %s", standIn(b.STT, b.By), b.Cause, b.Retry))
		}),
	kind("A recording is sent again although the service may have acted on it: it may have had all of it, and its answer did not come, or could not be read.", Kind{},
		func(b DeliveryRepeated) Words {
			return warning("sent again", usual("%s may act on it twice: %s", b.STT, b.Cause))
		}),
	kind("The service has answered. This is the event with the text.", Kind{Sign: Arrived, Kept: true, Hooks: []string{"delivery", "transcript"}},
		Delivered.words),
}

// DeliveryStarted: an utterance is on its way to a speech-to-text service.
type DeliveryStarted struct {
	Utterance string `json:"utterance"`
	STT       string `json:"stt"`
	By        string `json:"by,omitempty"` // the service that stands in for it: see Fallback
	Way       string `json:"way"`          // ws, http, exec, engine; check: asked for proof that nobody spoke
	Attempt   int    `json:"attempt"`
}

func (DeliveryStarted) Kind() string { return "delivery_started" }

// DeliveryFailed: an attempt failed; the utterance stays in the spool.
type DeliveryFailed struct {
	Utterance string `json:"utterance"`
	STT       string `json:"stt"`
	By        string `json:"by,omitempty"` // the service that stands in for it: see Fallback
	Way       string `json:"way"`
	Attempt   int    `json:"attempt"`
	Cause     string `json:"cause"`
	Retry     string `json:"retry"`            // what comes next
	Denied    bool   `json:"denied,omitempty"` // the service does not recognise us, or rejects us
	Of        Origin `json:"-"`
}

func (DeliveryFailed) Kind() string { return "delivery_failed" }

// notice: the first failure is enough, until there is an answer.
func (b DeliveryFailed) notice(e Event) Notice {
	n := tell(e.delivery(b.Of, hook.Delivery{State: "waiting", Utterance: b.Utterance, Service: cmp.Or(b.By, b.STT), Attempts: b.Attempt, Cause: b.Cause}))
	n.First = b.Utterance + " " + b.STT
	return n
}

// told: one exchange may fail, but a refusal lasts until a person fixes it, so a refusal is an incident. Its cause names the peer.
func (b DeliveryFailed) told() Told {
	t := poor(b.Cause)
	if b.Denied {
		t.Level = health.Unhealthy
	}
	return t
}

// DeliveryRepeated: an utterance is sent again although the service may have acted on it. The service may have received all of
// it, and its answer did not come, or could not be read.
type DeliveryRepeated struct {
	Utterance string  `json:"utterance"`
	STT       string  `json:"stt"`
	Attempt   int     `json:"attempt"`
	Waited    float64 `json:"waited"` // seconds, until nothing of it can be under way any more
	Cause     string  `json:"cause"`
}

func (DeliveryRepeated) Kind() string { return "delivery_repeated" }

func (b DeliveryRepeated) told() Told {
	return Told{
		Past:  "utterance " + b.Utterance + " may be acted on twice: " + b.Cause,
		After: fmt.Sprintf("it was sent again to %s after %.0f s, so that it is not lost", b.STT, b.Waited),
	}
}

// Delivered: the service answered; the utterance has left the spool.
type Delivered struct {
	Utterance  string  `json:"utterance"`
	STT        string  `json:"stt"`
	By         string  `json:"by,omitempty"` // the service that stands in for it: see Fallback
	Way        string  `json:"way"`
	Attempts   int     `json:"attempts"`
	Outcome    string  `json:"outcome"`            // delivered, empty, failed
	Text       string  `json:"text"`               // what was said, without the markers of the service
	Original   string  `json:"original,omitempty"` // the service's own text, if it differs
	Confidence float64 `json:"confidence"`
	Language   string  `json:"language,omitempty"`
	Seconds    float64 `json:"seconds"`       // from the end of the recording to the answer
	Cut        bool    `json:"cut,omitempty"` // the recording was cut off: the text may lack its end
	Why        string  `json:"why,omitempty"` // why it was cut off; see RecordingEnded
	Cause      string  `json:"cause,omitempty"`
	Repeated   bool    `json:"repeated,omitempty"` // see DeliveryRepeated: it may have been acted on more than once
	Of         Origin  `json:"-"`
}

func (Delivered) Kind() string { return "delivered" }

func (b Delivered) rows(at time.Time) []record.Row {
	r := record.Row{Delivery: &record.Delivery{
		UtteranceID: b.Utterance, STT: b.STT, Outcome: record.Outcome(b.Outcome), Attempts: b.Attempts, Way: b.Way, At: at, Error: b.Cause, Seconds: b.Seconds,
	}}
	if r.Delivery.Outcome == record.Delivered || b.Original != "" { // the text behind an answer without speech is kept, too
		r.Transcript = &record.Transcript{UtteranceID: b.Utterance, STT: b.STT, Text: b.Text, Original: b.Original, Confidence: b.Confidence, Language: b.Language}
	}
	return []record.Row{r}
}

// notice: what was said and that it was delivered, or that it was set aside.
func (b Delivered) notice(e Event) Notice {
	d := hook.Delivery{State: "delivered", Utterance: b.Utterance, Service: cmp.Or(b.By, b.STT), Attempts: b.Attempts, Cause: b.Cause}
	if b.Outcome == "failed" {
		d.State = "aside"
	}
	n := tell(e.delivery(b.Of, d))
	if n.Over = b.Utterance + " " + b.STT; b.Outcome != "failed" {
		n.Events = append(n.Events, &hook.Transcript{
			Head: e.head(b.Of), Utterance: b.Utterance, Wake: b.Of.Wake, WakeWord: b.Of.WakeWord,
			Topic: b.Of.Topic, Service: d.Service, Text: b.Text, Original: cmp.Or(b.Original, b.Text), Confidence: b.Confidence, Language: b.Language, Empty: b.Text == "", Cut: b.Cut,
		})
	}
	return n
}

// told: an utterance that was set aside is over, and the next one is on its way.
func (b Delivered) told() Told {
	t := well()
	if b.Outcome == "failed" {
		t.Past = "utterance " + b.Utterance + " was set aside: " + b.Cause
		t.After = "kept in spool/refused; to see it: orac spool list; to try again: orac spool retry " + b.Utterance
	}
	return t
}

func (b Delivered) unspoken() Body {
	b.Text, b.Original = "", ""
	return b
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
