package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/appliance/outbox"
	"orac/sim/trial/tally"
)

// due is an event that must reach the webhooks that ask for its kind.
type due struct {
	kind    string // wake, recording, …
	subject string // see aboutEvent.subjects
	at      time.Duration
	excused bool // the process ended before it could reach the disk
}

// expect notes what webhooks must be told about an event.
func (a *account) expect(at time.Duration, e event.Event) {
	add := func(kind, subject string) { a.dues = append(a.dues, &due{kind: kind, subject: subject, at: at}) }
	switch b := e.Body.(type) {
	case event.Wake:
		add("wake", "wake "+b.ID)
	case event.RecordingStarted:
		add("recording", "recording started "+b.Utterance+" ")
	case event.RecordingEnded:
		add("recording", "recording ended "+b.Utterance+" ")
	case event.Dropped:
		add("delivery", "delivery lost "+b.Utterance+" ")
	case event.Delivered:
		state := "delivered"
		if b.Outcome == "failed" {
			state = "aside"
		} else {
			add("transcript", "transcript "+b.Utterance+" "+b.STT)
		}
		add("delivery", "delivery "+state+" "+b.Utterance+" "+b.STT)
	case event.WebhookDropped:
		a.untold[b.Webhook]++
	}
}

// ending excuses events that may not have reached the disk when the process ended.
func (a *account) ending() {
	for _, d := range a.dues {
		if a.m.clock-d.at < tally.DiskPatience || a.m.refusal() != nil || a.m.diskBad > 0 && a.m.diskBad+tally.DiskPatience > d.at {
			d.excused = true
		}
	}
}

// silent returns, by webhook, the events it was never told of that neither wait, nor were set aside, nor were reported as
// dropped.
func (a *account) silent() (list []string) {
	if a.m.core == nil || a.m.applied+a.m.rolledBack > 0 {
		return nil // a change may have altered what they are told
	}
	for _, w := range a.m.core.Graph().Runbook.Webhooks {
		if w.Body.IsSet() || w.Method == "GET" || len(w.Listeners) > 0 {
			continue // its requests do not say what they are about
		}
		r := a.m.receiver(w.Name)
		kept := a.m.queued(w.Name)
		var missing []string
		for _, d := range a.dues {
			if slices.Contains(w.Events, d.kind) && !d.excused && a.m.clock-d.at > tally.DiskPatience && !r.told[d.subject] && !kept[d.subject] {
				missing = append(missing, d.subject)
			}
		}
		if n := len(missing); n > a.untold[w.Name] {
			list = append(list, fmt.Sprintf("the webhook %s was not told of %d events: %s", w.Name, n, strings.Join(missing[:min(n, 3)], ", ")))
		}
	}
	return list
}

// queued returns the subjects of the events that wait on the disk for a webhook or were set aside.
func (m *machine) queued(name string) map[string]bool {
	all := map[string]bool{}
	for _, file := range m.disk.Files() {
		if !strings.HasPrefix(file, outbox.Hooks.Dir+"/"+name+"/") || !strings.HasSuffix(file, ".json") {
			continue
		}
		var e struct {
			aboutEvent
			Event aboutEvent
		}
		if json.Unmarshal(m.disk.Peek(file), &e) != nil {
			continue
		}
		for _, s := range append(e.aboutEvent.subjects(), e.Event.subjects()...) {
			all[s] = true
		}
	}
	return all
}
