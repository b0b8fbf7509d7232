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
	m.loud.event(at, e)
	if b, ok := e.Body.(event.Forwarded); ok {
		m.floor.told(b)
	}
	if b, ok := e.Body.(event.Acted); ok {
		m.floor.book.Reported(at, b)
	}
	if about := e.Complaint(); about != "" {
		m.judge.Noticed(at, about)
	}
	text, err := json.Marshal(e.Body)
	if err == nil && strings.Contains(string(text), canary) {
		m.judge.Break(at, "secrets", "a secret stands in an event of "+e.Node)
	}
	if shown, ok := report.Of(at, e); ok {
		m.draw(shown)
	}
}

// Mark implements tally.World: it adds an event to the timeline.
func (m *machine) Mark(lane, kind, text string) {
	m.draw(report.Event{At: m.now().Seconds(), Lane: lane, Kind: kind, Text: text})
}

func (m *machine) draw(e report.Event) {
	if len(m.out.Events) < m.sc.Limits.Events {
		m.out.Events = append(m.out.Events, e)
	}
}
