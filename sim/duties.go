package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/incident"
)

// duties are what the appliance must do all the time, even when nobody looks: write down what happened, say when it is unwell,
// end its incidents, send its heartbeats, call failing peers sparingly, and use no more tasks than it needs.
type duties struct {
	m     *machine
	due   []entryDue
	sound map[string]progress      // hops that have reached the models, by device
	well  map[string]time.Duration // since when a peer has had no fault, by name; absent: it has a fault
	tasks int                      // of the process when it first settled; 0: it has not settled yet
	boot  int                      // the boot that tasks belongs to
}

// entryDue is an entry that the history must soon have.
type entryDue struct {
	what string
	at   time.Duration
}

type progress struct {
	n  uint64
	at time.Duration
}

const (
	// entryTime is how long an entry may take to reach the history.
	entryTime = 5 * time.Second
	// settled is how long the appliance needs to settle after a start or a change.
	settled = 20 * time.Second
	// deafTime is longer than health takes to report missing sound: the watchdog's time, and the delay before
	// it shows.
	deafTime = 10 * time.Second
	// waitTime is how long an utterance may wait without any answer while the appliance calls
	// itself healthy.
	waitTime = time.Minute
	// openTime is how long an incident may stay open after its component has recovered.
	openTime = time.Minute
	// moreTasks is how many tasks a settled process may have beyond those it had when it first
	// settled.
	moreTasks = 6
	// beatLate is how late a heartbeat may be.
	beatLate = 7 * time.Second
	// mostCalls is how often a peer may be called within a minute.
	mostCalls = 60
)

func newDuties(m *machine) *duties {
	return &duties{m: m, sound: map[string]progress{}, well: map[string]time.Duration{}}
}

// event notes the entries that the history must have.
func (d *duties) event(at time.Duration, e event.Event) {
	for _, what := range written(e.Body) {
		d.due = append(d.due, entryDue{what, at})
	}
}

// written returns the entries that the history must have for an event.
func written(b event.Body) []string {
	switch b := b.(type) {
	case event.Wake:
		return []string{fmt.Sprintf("detection %s %s %s %q", b.ID, b.Listener, b.Model, b.WakeWord)}
	case event.RecordingEnded:
		return []string{fmt.Sprintf("utterance %s %.2f %s", b.Utterance, b.Seconds, b.Why)}
	case event.Delivered:
		return []string{fmt.Sprintf("delivery %s %s %s", b.Utterance, b.STT, b.Outcome)}
	case event.Acted:
		return []string{fmt.Sprintf("command %s %s %s", b.Topic, b.Request, b.Result)}
	case event.Muted:
		if !b.Start {
			return []string{fmt.Sprintf("muted %s by %s", b.Listener, b.By)}
		}
	case event.Unmuted:
		return []string{fmt.Sprintf("unmuted %s by %s", b.Listener, b.By)}
	case event.Dropped:
		return []string{fmt.Sprintf("delivery %s  dropped", b.Utterance)}
	}
	return nil
}

// see checks the duties; it runs once a second.
func (d *duties) see(at time.Duration) {
	d.written(at)
	d.honest(at)
	d.beats(at)
	d.rests(at)
}

func (d *duties) broken(at time.Duration, name, format string, args ...any) {
	d.m.judge.Break(at, name, fmt.Sprintf(format, args...))
}

// written looks for entries that the history lacks. An entry may be missing if the disk may have refused it, or if the process
// ended before it could write it.
func (d *duties) written(at time.Duration) {
	for len(d.due) > 0 && at-d.due[0].at > entryTime {
		e := d.due[0]
		d.due = d.due[1:]
		excused := !d.m.Up() || d.m.booted > e.at || d.m.refusal() != nil || d.m.diskBad+entryTime >= e.at && d.m.diskBad > 0 || d.m.starved(e.at, at)
		if at, ok := d.m.ledger.wrote[e.what]; (!ok || at < e.at) && !excused {
			d.broken(e.at+entryTime, "history", "%v after it happened the history does not have it: %s", entryTime, e.what)
		}
	}
	maps.DeleteFunc(d.m.ledger.wrote, func(_ string, wrote time.Duration) bool { return at-wrote > 2*entryTime })
}

// resting tells whether the process has run undisturbed for a while.
func (d *duties) resting(at, least time.Duration) bool {
	return d.m.Up() && at-d.m.booted >= least && !d.m.starved(at-least, at)
}

// honest checks that the appliance does not call itself healthy while it is deaf or while an
// utterance waits.
func (d *duties) honest(at time.Duration) {
	for _, name := range d.m.micNames {
		if n := d.m.Sound(name); n != d.sound[name].n || !d.resting(at, settled) {
			d.sound[name] = progress{n, at}
		}
	}
	if d.m.Health() != "healthy" {
		return
	}
	for _, name := range d.m.micNames {
		if deaf := at - d.sound[name].at; deaf > deafTime {
			d.broken(at, "honest", "no sound of %s has reached its models for %v, and the appliance is called healthy", name, deaf)
			d.sound[name] = progress{d.sound[name].n, at}
		}
	}
	a := d.m.account
	for _, id := range a.Waiting() {
		f := a.Of(id)
		if since := max(f.Ended, d.m.booted, a.Answer); f.Ended > 0 && f.Excused == "" && a.Owed(f) && at-since > waitTime && !a.waited[f] && d.resting(at, waitTime) {
			a.waited[f] = true
			d.broken(at, "honest", "%s waits, and nothing was answered for %v, and the appliance is called healthy", id, (at - since).Round(time.Second))
		}
	}
}

// beats checks that healthy servers have received their heartbeats in time.
func (d *duties) beats(at time.Duration) {
	for _, h := range d.m.Runbook().Heartbeats {
		p := d.m.peer("heartbeat " + h.Name)
		if !d.resting(at, settled) || len(p.ailments.list) > 0 || d.m.unreached("", "") != nil || d.m.applying > 0 {
			delete(d.well, h.Name)
			continue
		}
		since, known := d.well[h.Name]
		if !known {
			since, d.well[h.Name] = at, at
		}
		if silent := at - max(since, p.called); silent > h.Every+beatLate {
			d.broken(at, "beats", "heartbeat %s was silent for %v; it is sent every %v", h.Name, silent.Round(time.Second), h.Every)
			d.well[h.Name] = at
		}
	}
}

// rests notes how many tasks a process has once it has settled.
func (d *duties) rests(at time.Duration) {
	if d.m.boots != d.boot {
		d.boot, d.tasks = d.m.boots, 0
	}
	if d.tasks == 0 && d.resting(at, settled) && d.m.Health() == "healthy" {
		d.tasks = d.m.Tasks()
	}
}

// finish checks what remains at the end.
func (d *duties) finish(at time.Duration) {
	if !d.resting(at, settled) || d.m.Health() != "healthy" {
		return
	}
	if n := d.m.Tasks(); d.tasks > 0 && d.boot == d.m.boots && d.m.applied == 0 && n > d.tasks+moreTasks {
		d.broken(at, "tasks", "%d tasks run at the end, and %d did when all had come to rest", n, d.tasks)
	}
	for _, id := range d.m.incidentIn {
		i := d.m.incidents[id]
		if open := at - time.Duration(i.Begin*float64(time.Second)); i.End == 0 && open > openTime && !incident.IsAlert(i.Cause) {
			d.broken(at, "closed", "the incident of %s has been open for %v, and all is well: %s", i.Component, open.Round(time.Second), i.Cause)
		}
	}
}

// calls counts how often a peer is called.
type calls struct{ recent []time.Duration }

// call notes a call, and reports when there are too many.
func (c *calls) call(m *machine, who string) {
	now := m.now()
	c.recent = append(slices.DeleteFunc(c.recent, func(at time.Duration) bool { return now-at > time.Minute }), now)
	if len(c.recent) > mostCalls {
		m.judge.Break(now, "patient", fmt.Sprintf("%s was called %d times within a minute", who, len(c.recent)))
		c.recent = nil
	}
}
