package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/runbook"
	"orac/runbook/scenario"
)

// account follows every command from the mouth to the answer, and checks what must always be true of the
// appliance.
type account struct {
	m          *machine
	utterances map[string]*fate
	order      []string // their IDs, as their recordings ended

	spoken, recorded, delivered, refused, dropped int
	wakes, falseWakes, missed                     int
	restarts, duplicated                          int
	acted, doubled                                int                      // utterances that Core acted on, and those on which it acted more than once
	woke                                          map[string]time.Duration // last wake, by device, listener and model
	opened                                        map[string]time.Duration // devices
	answer                                        time.Duration            // time of the last answer
	ends                                          map[string]listenerEnd   // end of the last recording, by listener
	spoke                                         map[string]bool          // wakes that were followed by a command, with nothing disturbing it

	dues   []*due         // events that webhooks must receive
	told   int            // events that webhooks have accepted
	untold map[string]int // events that were reported as dropped, by webhook
}

// fate is what has happened to an utterance.
type fate struct {
	began    time.Duration // start of its recording; 0 if it was never reported
	ended    time.Duration
	listener string
	samples  int             // recorded samples; 0 while unknown
	where    string          // disk or memory; "" while it was not reported
	sealed   bool            // the spool has reported that all of it is durably on disk
	cut      bool            // the process ended before it was sealed: part of its end may be missing
	answers  map[string]int  // answers that reached the appliance, by service
	acked    time.Duration   // time of the last answer
	over     map[string]bool // services that are reported to have answered or refused it
	refused  map[string]bool // the services among them that have refused it
	dropped  bool            // it was given up, and that was reported
	aside    time.Duration   // when it was reported as set aside; 0: never
	excused  string          // why it may be lost
	counted  bool            // it was counted as delivered
	told     bool            // it has waited too long, and that was reported
	acts     map[string]int  // how often Core acted on it, by service
	repeated map[string]int  // how often it was reported as sent again in doubt, by service
	claim    *claim          // what it must be; nil while nothing is known
}

func newAccount(m *machine) *account {
	return &account{m: m, utterances: map[string]*fate{}, woke: map[string]time.Duration{}, opened: map[string]time.Duration{}, ends: map[string]listenerEnd{}, spoke: map[string]bool{}, untold: map[string]int{}}
}

func (a *account) of(id string) *fate {
	f, ok := a.utterances[id]
	if !ok {
		f = &fate{answers: map[string]int{}, over: map[string]bool{}, refused: map[string]bool{}, acts: map[string]int{}, repeated: map[string]int{}}
		a.utterances[id] = f
		a.order = append(a.order, id)
		a.forget()
	}
	return f
}

// answered notes that an answer for this many samples of an utterance has reached the appliance.
func (a *account) answered(at time.Duration, service, id string, samples int) {
	f := a.of(id)
	if f.answers[service]++; f.answers[service] == 1 {
		a.ordered(at, service, id)
	} else {
		// A killed process forgets an answer that was not on disk: only "at least once" can be demanded.
		known := max(f.acked, a.m.diskBad)
		if forgotten := a.m.booted > f.acked && a.m.stopped-known < diskPatience; !forgotten {
			a.duplicated++
			a.m.judge.Break(at, "once", fmt.Sprintf("%s was answered by %s a second time, %v after the first", id, service, (at-f.acked).Round(time.Millisecond)))
		}
	}
	f.acked, a.answer = at, at
	a.counts(f)
	if f.samples > 0 && samples < f.samples {
		a.m.judge.Break(at, "lost", fmt.Sprintf("of %s the service %s was given %v; %v had been recorded", id, service, audio.Time(samples), audio.Time(f.samples)))
	}
}

// ordered checks that no earlier recording still waits when an utterance gets its first answer.
func (a *account) ordered(at time.Duration, service, id string) {
	listener := a.of(id).listener
	for _, earlier := range a.order[:slices.Index(a.order, id)] {
		f := a.utterances[earlier]
		switch {
		case f.over[service] || f.dropped || f.answers[service] > 0 || f.ended == 0 || f.excused != "" || f.listener != listener || listener == "":
		case !slices.Contains(a.pending(f), service):
		case f.began < a.m.booted && (a.m.refusal() != nil || a.m.diskBad >= a.m.booted): // it is on a disk that could not be read at the start
		default:
			a.m.judge.Break(at, "order", fmt.Sprintf("%s was answered by %s before %s, which was recorded before it", id, service, earlier))
			return
		}
	}
}

// diskPatience is how long after the disk has recovered everything must be on it: the appliance
// retries every 2 s.
const diskPatience = 3 * time.Second

// event handles an event of the appliance.
func (a *account) event(at time.Duration, e event.Event) {
	a.expect(at, e)
	switch b := e.Body.(type) {
	case event.DeviceOpened:
		a.opened[b.Device] = at
		if d := a.m.mics[b.Device]; d != nil {
			d.heard.named(b.Hop)
		}
		if b.Opens > 1 {
			a.restarts++
		}
	case event.NodeFailed:
		a.restarts++
	case event.Wake:
		a.claims(at, e.At, b)
		a.wake(at, b)
	case event.RecordingStarted:
		f := a.of(b.Utterance)
		f.began, f.listener = at, b.Listener
		a.starts(f, b.Listener)
	case event.RecordingEnded:
		a.recorded++
		f := a.of(b.Utterance)
		f.ended, f.samples = at, sampled(b.Seconds)
		a.recordedAs(at, e.At, b.Utterance, f, b.Why)
	case event.Salvaged:
		f := a.of(b.Utterance)
		f.where, f.sealed = "disk", true
		if f.ended == 0 {
			f.ended = at
		}
		a.salvaged(at, b.Utterance, f, sampled(b.Seconds))
		if !f.cut && len(f.over) == 0 && len(f.answers) == 0 && f.samples > sampled(b.Seconds) {
			a.m.judge.Break(at, "lost", fmt.Sprintf("of %s only %v are left on the disk", b.Utterance, audio.Time(sampled(b.Seconds))))
		}
	case event.Spooled:
		a.of(b.Utterance).where = b.Where
	case event.Dropped:
		if f := a.of(b.Utterance); !f.dropped {
			f.dropped = true
			a.dropped++
		}
	case event.DeliveryRepeated:
		a.of(b.Utterance).repeated[b.STT]++
	case event.Delivered:
		a.delivers(at, b)
	}
}

// delivers notes that a service is done with an utterance. The utterance is delivered when all its services have
// answered.
func (a *account) delivers(at time.Duration, b event.Delivered) {
	f := a.of(b.Utterance)
	f.over[b.STT] = true
	switch {
	case b.Outcome == "empty":
		if a.spoke[b.Utterance] && !f.cut {
			a.m.judge.Break(at, "silence", fmt.Sprintf("a command was spoken in %s, and it is taken for silence", b.Utterance))
		}
	case b.Outcome == "failed":
		if f.aside = at; len(f.refused) == 0 {
			a.refused++
		}
		f.refused[b.STT] = true
	case f.answers[b.STT] == 0:
		a.m.judge.Break(at, "lost", fmt.Sprintf("%s is called delivered, and %s was given nothing of it", b.Utterance, b.STT))
	}
	a.counts(f)
}

// counts counts an utterance as delivered once all its services have answered and none has refused it.
func (a *account) counts(f *fate) {
	if !f.counted && !a.owed(f) && len(f.refused) == 0 {
		f.counted = true
		a.delivered++
	}
}

// pending returns the services of an utterance that are not yet reported to have answered or refused it.
func (a *account) pending(f *fate) (list []string) {
	if f.claim == nil || len(f.claim.deliver) == 0 { // found at a start, with no record of its services: at least one must get it
		if len(f.over) == 0 {
			return []string{""}
		}
		return nil
	}
	rb := a.m.runbook()
	for _, s := range f.claim.deliver {
		if _, there := rb.STT(runbook.Address("stt." + s)); there && !f.over[s] {
			list = append(list, s)
		}
	}
	return list
}

// owed tells whether a service still owes an utterance: no answer was reported, and none was received.
func (a *account) owed(f *fate) bool {
	return slices.ContainsFunc(a.pending(f), func(s string) bool { return f.answers[s] == 0 && (s != "" || len(f.answers) == 0) })
}

// done tells whether an utterance no longer waits for any service.
func (a *account) done(f *fate) bool { return len(a.pending(f)) == 0 }

// sampled converts seconds of sound to samples.
func sampled(seconds float64) int { return int(math.Round(seconds * audio.Rate)) }

// sealed notes that the spool has reported all of an utterance as durably on disk.
func (a *account) sealed(id string) { a.of(id).sealed = true }

const (
	// maskedHops is how many hops a head is masked after a break: its window must hold only real sound.
	maskedHops = 15
	// wakeLate is how long after the end of its sound a wake word may still wake.
	wakeLate = 1500 * time.Millisecond
)

func (a *account) wake(at time.Duration, w event.Wake) {
	a.wakes++
	key := w.Device + " " + w.Listener + " " + w.Model
	rb := a.m.runbook()
	if m, ok := rb.Model(runbook.Address("model." + w.Model)); ok {
		if last, known := a.woke[key]; known && at-last < m.Cooldown-audio.HopTime && last > a.m.booted {
			a.m.judge.Break(at, "cooldown", fmt.Sprintf("%s woke %v after it last did; its cooldown is %v", w.Model, at-last, m.Cooldown))
		}
	}
	a.woke[key] = at
	if since := at - a.opened[w.Device]; since < maskedHops*audio.HopTime {
		a.m.judge.Break(at, "masked", fmt.Sprintf("%s woke %v after its device was opened: its window was not full", w.Model, since.Round(time.Millisecond)))
	}
	d := a.m.mics[w.Device]
	if d == nil {
		return
	}
	best := d.program.saying(w.Model, at)
	if best < 0 { // a node that could not run reports its wake later
		if since, ok := a.m.heldUp(at); ok {
			best = d.program.between(w.Model, since, at)
		}
	}
	if best < 0 {
		a.falseWakes++
		a.m.mark("world", "false_wake", "nobody had said "+w.Model)
		return
	}
	p := &d.program.plays[best]
	p.heard = true
	a.spoke[w.ID] = p.speaks && a.m.couldHear(d, p)
}

// acts notes that Core acts on an utterance. The protocol cannot prevent a second time, but it must have been announced.
func (a *account) acts(at time.Duration, service, id string) {
	f := a.of(id)
	f.acts[service]++
	switch n := f.acts[service]; {
	case n == 1:
		a.acted++
		return
	case n == 2:
		a.doubled++
	}
	forgotten := a.m.boots > 1 && a.m.diskBad > 0 && a.m.stopped-a.m.diskBad < diskPatience // work under way could not be written down
	if f.repeated[service] < f.acts[service]-1 && !forgotten {
		a.m.judge.Break(at, "twice", fmt.Sprintf("Core acts on %s by %s for the %d. time, and nobody has said that it may", id, service, f.acts[service]))
	}
}

// sweep judges the sounds that can no longer wake anything.
func (a *account) sweep(now time.Duration) {
	for _, name := range a.m.micNames {
		d := a.m.mics[name]
		for i := range d.program.plays {
			p := &d.program.plays[i]
			if p.at > now {
				break
			}
			if p.judged || now <= p.until+2*wakeLate {
				continue
			}
			p.judged = true
			if !p.wakes {
				continue
			}
			a.spoken++
			if !p.heard && a.m.couldHear(d, p) {
				a.missed++
				a.m.mark("world", "missed", fmt.Sprintf("%s was said at %v, and nothing woke", p.model, p.at))
			}
		}
	}
}

// longest is longer than any recording: what has not ended by then was cut off by something else.
const longest = 15 * time.Second

func between(d, least, most time.Duration) bool { return d >= least && d <= most }

// waiting returns the known utterances that still wait for a service.
func (a *account) waiting() (ids []string) {
	for _, id := range a.order {
		if f := a.utterances[id]; !f.dropped && !a.done(f) {
			ids = append(ids, id)
		}
	}
	return ids
}

// power notes a loss of power or a kill: it excuses the loss of what was not durable.
func (a *account) power(kind scenario.Kind) {
	a.ending()
	for _, id := range a.order {
		f := a.utterances[id]
		f.cut = f.cut || !f.sealed
		if f.began > 0 && f.ended == 0 && f.claim != nil {
			a.cutOff(f, kind == scenario.Kill && f.began > a.m.booted && a.m.alone() && f.where != "memory")
		}
		if kind == scenario.PowerLoss && !f.sealed && f.claim != nil {
			f.claim.torn = true
		}
		switch {
		case f.dropped || a.done(f):
		case f.where == "memory":
			f.excused, f.cut = "the disk had refused it when the process ended", true
		case kind == scenario.PowerLoss && !f.sealed:
			f.excused = "its recording had ended and was not on the disk yet"
		case kind == scenario.Kill && f.ended == 0 && f.began > a.m.booted && a.m.alone() && between(a.m.clock-f.began, time.Second, longest):
			f.ended = a.m.clock // the recorded part is on disk and becomes an utterance
		}
	}
}

// lost returns, at the end, the utterances that a service will never get, each with what is wrong.
func (a *account) lost() (list []string) {
	kept := a.m.spooled()
	for _, id := range a.waiting() {
		f := a.utterances[id]
		if f.excused != "" || f.ended == 0 || slices.Contains(kept, id) {
			continue
		}
		for _, s := range a.pending(f) {
			if f.answers[s] == 0 && (s != "" || len(f.answers) == 0) {
				list = append(list, fmt.Sprintf("%s does not wait any more, %s has not answered it, and nobody said so", id, cmp.Or(s, "a service")))
			}
		}
	}
	return list
}
