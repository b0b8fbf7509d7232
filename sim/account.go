package sim

import (
	"time"

	"orac/appliance/event"
	"orac/runbook"
	"orac/runbook/scenario"
	"orac/sim/trial/proof"
	"orac/sim/trial/tally"
)

// account is the account of a simulated run. Because the simulator sees all that passes between the appliance and its world, it
// demands more: each recording must be what was heard (see claim), and webhooks must be told of everything.
type account struct {
	*tally.Tally
	m      *machine
	claims map[*tally.Fate]*claim // what utterances must be
	ends   map[string]listenerEnd // end of the last recording, by listener
	waited map[*tally.Fate]bool   // utterances that have waited too long, and that was reported
	looked int                    // how many utterances have been looked at by forget
	dues   []*due                 // events that webhooks must receive
	untold map[string]int         // events that were reported as dropped, by webhook
}

func newAccount(m *machine) *account {
	a := &account{
		Tally: tally.New(m, m.judge), m: m, claims: map[*tally.Fate]*claim{}, ends: map[string]listenerEnd{}, waited: map[*tally.Fate]bool{}, untold: map[string]int{},
	}
	a.Sees = true
	return a
}

// Life implements tally.World.
func (m *machine) Life() tally.Life {
	return tally.Life{
		Up: m.driver != nil, Boots: m.boots, Booted: m.booted, Stopped: m.stopped, Refuses: m.refusal() != nil, DiskBad: m.diskBad, Faults: m.faulty,
	}
}

// Runbook implements tally.World: the runbook that the process runs, or the first one while no process runs.
func (m *machine) Runbook() *runbook.Runbook {
	if m.core == nil {
		return m.first
	}
	return m.core.Graph().Runbook
}

// event handles an event of the appliance.
func (a *account) event(at time.Duration, e event.Event) {
	a.expect(at, e)
	if b, ok := e.Body.(event.Wake); ok {
		a.claimed(at, e.At, b)
		a.m.muting.heard(a.m, at, b)
	}
	a.Event(at, e)
	switch b := e.Body.(type) {
	case event.DeviceOpened:
		if d := a.m.mics[b.Device]; d != nil {
			d.heard.named(b.Hop)
		}
	case event.RecordingStarted:
		if r, ok := a.m.Runbook().Listener(runbook.Address("listener." + b.Listener)); ok {
			a.claim(a.Of(b.Utterance)).rules = proof.Rules{Record: r.Record}
		}
	case event.RecordingEnded:
		a.recordedAs(at, e.At, b.Utterance, a.Of(b.Utterance))
	case event.Salvaged:
		a.salvaged(at, b.Utterance, a.Of(b.Utterance), tally.Samples(b.Seconds))
	}
	a.forget()
}

// sealed notes that the spool has reported all of an utterance as durably on disk.
func (a *account) sealed(id string) { a.Of(id).Sealed = true }

// power notes a loss of power or a kill: it excuses the loss of what was not durable.
func (a *account) power(kind scenario.Kind) {
	a.ending()
	for _, id := range a.Order() {
		f := a.Of(id)
		f.Cut = f.Cut || !f.Sealed
		c := a.claims[f]
		if c == nil {
			continue
		}
		if f.Began > 0 && f.Ended == 0 {
			a.cutOff(f, kind == scenario.Kill && f.Began > a.m.booted && a.Alone(a.m.clock) && f.Where != "memory")
		}
		c.torn = c.torn || kind == scenario.PowerLoss && !f.Sealed
	}
	a.Killed(a.m.clock, kind == scenario.PowerLoss)
}
