package sim

import (
	"encoding/json"
	"fmt"
	"strings"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/sim/trial/report"
)

// record handles a record of the trace.
func (m *machine) record(r rt.Record) {
	m.records++
	if m.o.trace != nil {
		r.At += rt.Instant(m.booted)
		m.o.trace(r)
	}
	if r.What == "spooled" { // the spool has done all that it does for a finished recording
		m.account.sealed(m.meta(fmt.Sprintf("spool/%016d.json", r.Args[0])))
	}
	if strings.Contains(r.What, canary) {
		m.judge.Break(m.now(), "secrets", "a secret stands in the trace of "+r.Task)
	}
}

// event handles an event of the appliance.
func (m *machine) event(e event.Event) {
	at := m.now()
	m.account.event(at, e)
	m.duties.event(at, e)
	switch b := e.Body.(type) {
	case event.DeviceLost, event.NodeFailed, event.NodeLeaked, event.StoreFailed, event.DeliveryFailed, event.WebhookFailed, event.WebhookAside:
		m.judge.Noticed(at, e.Node)
	case event.STTHealth:
		if !b.OK {
			m.judge.Noticed(at, "stt."+b.STT)
		}
	case event.Heartbeat:
		if !b.OK {
			m.judge.Noticed(at, e.Node)
		}
	case event.Spooled:
		if b.Where == "memory" {
			m.judge.Noticed(at, "spool")
		}
	}
	text, err := json.Marshal(e.Body)
	if err == nil && strings.Contains(string(text), canary) {
		m.judge.Break(at, "secrets", "a secret stands in an event of "+e.Node)
	}
	if _, taken := e.Body.(event.WebhookTaken); !taken { // there is one for every event that a webhook accepted
		m.mark(e.Node, e.Body.Kind(), words(e.Body))
	}
}

// mark adds an event to the timeline.
func (m *machine) mark(lane, kind, text string) {
	if len(m.out.Events) < m.sc.Limits.Events {
		m.out.Events = append(m.out.Events, report.Event{At: m.now().Seconds(), Lane: lane, Kind: kind, Text: text})
	}
}

// words returns the text of an event for the timeline.
func words(b event.Body) string {
	switch b := b.(type) {
	case event.DeviceOpened:
		return b.Identity
	case event.DeviceLost:
		return b.Cause
	case event.Wake:
		return b.Model
	case event.RecordingEnded:
		return fmt.Sprintf("%.1f s, %s", b.Seconds, b.Why)
	case event.DeliveryFailed:
		return b.Cause
	case event.DeliveryRepeated:
		return b.Cause
	case event.Delivered:
		return b.Outcome
	case event.WebhookFailed:
		return b.Cause
	case event.WebhookAside:
		return b.Cause
	case event.WebhookDropped:
		return b.Cause
	case event.Streaming:
		return map[bool]string{true: "on", false: "off"}[b.On]
	case event.NodeFailed:
		return b.Cause
	case event.Dropped:
		return b.Cause
	case event.Spooled:
		return b.Where
	}
	return ""
}
