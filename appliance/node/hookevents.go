package node

import (
	"cmp"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/runbook/hook"
)

// translator makes the events of webhooks from the events of nodes.
type translator struct {
	waiting map[string]bool // utterances, with their service, that were reported as waiting
}

// maxWaiting bounds what a translator remembers.
const maxWaiting = 1000

func (r *translator) start() { r.waiting = map[string]bool{} }

func at(t time.Time) string { return t.Format(time.RFC3339Nano) }

func (r *translator) wake(w Wake) hook.Event {
	return &hook.Wake{
		Head: headOf(w.At, w.Device, w.Listener), Wake: w.ID, Model: w.Model, WakeWord: w.WakeWord, Topic: w.Topic,
		Score: amount.Decimal(w.Score), Threshold: amount.Decimal(w.Threshold), Scores: w.Scores, MultiTrigger: w.Multi,
	}
}

func headOf(when time.Time, device, listener string) hook.Head {
	return hook.Head{Timestamp: at(when), Device: device, Listener: listener}
}

// news are the webhook events that follow from an event of a node.
func (r *translator) news(e event.Event) []hook.Event {
	switch b := e.Body.(type) {
	case event.RecordingStarted:
		return []hook.Event{&hook.Recording{Head: headOf(e.At, b.Of.Device, b.Listener), State: "started", Utterance: b.Utterance, Wake: b.Wake}}
	case event.RecordingEnded:
		return []hook.Event{&hook.Recording{
			Head: headOf(e.At, b.Of.Device, b.Listener), State: "ended", Utterance: b.Utterance, Wake: b.Wake,
			Seconds: b.Seconds, Why: b.Why, Cut: b.Cut,
		}}
	case event.Salvaged:
		if !b.Cut { // its end was reported before the restart
			return nil
		}
		return []hook.Event{&hook.Recording{
			Head: headOf(e.At, b.Of.Device, b.Of.Listener), State: "ended", Utterance: b.Utterance, Wake: b.Of.Wake,
			Seconds: b.Seconds, Why: b.Why, Cut: true,
		}}
	case event.DeliveryFailed:
		key := b.Utterance + " " + b.STT
		if r.waiting[key] { // reported at its first failure
			return nil
		}
		if len(r.waiting) >= maxWaiting {
			r.start()
		}
		r.waiting[key] = true
		return []hook.Event{delivery(e.At, b.Of, hook.Delivery{State: "waiting", Utterance: b.Utterance, Service: cmp.Or(b.By, b.STT), Attempts: b.Attempt, Cause: b.Cause})}
	case event.Dropped:
		return []hook.Event{delivery(e.At, b.Of, hook.Delivery{State: "lost", Utterance: b.Utterance, Cause: b.Cause})}
	case event.Delivered:
		return r.delivered(e.At, b)
	case event.Acted:
		return []hook.Event{acted(e.At, b)}
	case event.TimerEnded:
		return []hook.Event{&hook.TimerEnded{Head: headOf(e.At, "", ""), Topic: b.Topic, Name: b.Name, Seconds: b.Seconds, Late: b.Late}}
	case event.IncidentTold:
		i := &hook.Incident{Head: headOf(e.At, b.Of.Device, b.Of.Listener), State: "opened", Incident: b.ID, Component: b.Component, Cause: b.Cause, Seconds: b.Seconds}
		if b.Closed {
			i.State = "closed"
		}
		return []hook.Event{i}
	case event.Muted:
		m := &hook.Mute{Head: headOf(e.At, "", b.Listener), State: "muted", By: b.By}
		if !b.Until.IsZero() {
			m.Until = at(b.Until)
		}
		return []hook.Event{m}
	case event.Unmuted:
		return []hook.Event{&hook.Mute{Head: headOf(e.At, "", b.Listener), State: "unmuted", By: b.By}}
	case event.HealthTold:
		return []hook.Event{&hook.Health{
			Head: headOf(e.At, b.Of.Device, b.Of.Listener), Component: b.Component, From: b.From, To: b.To, Why: b.Why,
		}}
	}
	return nil
}

// acted reports what came of a text.
func acted(when time.Time, b event.Acted) hook.Event {
	listener, _ := strings.CutPrefix(b.From, listenerPrefix)
	if listener == b.From {
		listener = ""
	}
	a := &hook.Acted{
		Head: headOf(when, "", listener), Request: b.Request, Utterance: b.Utterance, Topic: b.Topic, From: b.From, Text: b.Text, Result: b.Result, Tier: b.Tier,
		Model: b.Model, Understood: b.Understood, Executed: b.Executed, Verified: b.Verified, Why: b.Reason, Speech: b.Speech, Calls: len(b.Calls), Seconds: b.Took,
	}
	var services, targets []string
	for _, c := range b.Calls {
		services, targets = append(services, c.Service), append(targets, c.Targets...)
	}
	a.Services, a.Targets = strings.Join(services, ", "), strings.Join(targets, ", ")
	return a
}

// delivered reports what was said and that it was delivered, or that it was set aside.
func (r *translator) delivered(when time.Time, b event.Delivered) []hook.Event {
	delete(r.waiting, b.Utterance+" "+b.STT)
	d := hook.Delivery{State: "delivered", Utterance: b.Utterance, Service: cmp.Or(b.By, b.STT), Attempts: b.Attempts, Cause: b.Cause}
	if b.Outcome == "failed" {
		d.State = "aside"
		return []hook.Event{delivery(when, b.Of, d)}
	}
	original := b.Original
	if original == "" {
		original = b.Text
	}
	return []hook.Event{delivery(when, b.Of, d), &hook.Transcript{
		Head: headOf(when, b.Of.Device, b.Of.Listener), Utterance: b.Utterance, Wake: b.Of.Wake, WakeWord: b.Of.WakeWord,
		Topic: b.Of.Topic, Service: cmp.Or(b.By, b.STT), Text: b.Text, Original: original, Confidence: b.Confidence, Language: b.Language, Empty: b.Text == "", Cut: b.Cut,
	}}
}

func delivery(when time.Time, of event.Origin, d hook.Delivery) hook.Event {
	d.Head, d.Wake = headOf(when, of.Device, of.Listener), of.Wake
	return &d
}
