package play

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/chaos/sttserver"
	"orac/runbook"
	"orac/sim/trial/tally"
)

// account is the tally of a live run, with what the servers have heard. The run's mutex guards it.
type account struct {
	*tally.Tally
	r       *run
	plays   []*play                  // in the order in which they begin
	said    map[string]int           // acts on an utterance that were noted, by service and utterance
	claimed map[string]time.Duration // by service and wake time: when the service answered
	called  map[string]time.Duration // deliveries that a service must know of, by service and utterance
	proven  map[string]bool          // recordings whose sound was checked
	exact   int                      // the number of these that were complete
	sound   map[string][]int16       // of recordings, as the first service received it
	follows map[string]bool          // recordings that began right after the previous one
}

// eventLate is how much later than another an event may be seen: events come through a pipe and a scheduler.
const eventLate = 170 * time.Millisecond

func newAccount(r *run) *account {
	a := &account{
		Tally: tally.New(r, r.judge), r: r, said: map[string]int{}, claimed: map[string]time.Duration{}, called: map[string]time.Duration{}, proven: map[string]bool{},
		sound: map[string][]int16{}, follows: map[string]bool{},
	}
	a.Late = eventLate
	return a
}

// Life implements tally.World.
func (r *run) Life() tally.Life {
	return tally.Life{
		Up: r.up, Boots: r.w.booted() + r.reexecs, Booted: r.bootedAt, Stopped: r.stoppedAt, Refuses: r.refusing > 0, DiskBad: r.diskBad, Faults: r.lasting,
	}
}

// Runbook implements tally.World.
func (r *run) Runbook() *runbook.Runbook { return r.w.book.rb }

// Mark implements tally.World: it adds an event to the timeline.
func (r *run) Mark(lane, kind, text string) { r.event(kind, lane, text) }

// event records what the appliance reports.
func (a *account) event(at time.Duration, e event.Event) {
	switch b := e.Body.(type) {
	case event.RecordingStarted:
		a.follows[b.Utterance] = slices.ContainsFunc(a.Order(), func(id string) bool {
			f := a.Of(id)
			return f.Listener == b.Listener && f.Ended > at-2*time.Second
		})
	case event.Delivered:
		if b.Outcome != "failed" {
			a.called["stt."+cmp.Or(b.By, b.STT)+" "+b.Utterance] = at
		}
	}
	a.Event(at, e)
}

// deviceOf returns the name in an address such as source.usb.
func deviceOf(address string) string { return address[strings.LastIndexByte(address, '.')+1:] }

// heard compares a server's record with what the appliance knows. An utterance counts as answered once its answer has arrived
// and there was time to write it down; any later answer is a second one.
func (a *account) heard(service string, list []sttserver.Heard) {
	a.acted(service, list)
	a.founded(service, list)
	for _, h := range list {
		if h.Answered.IsZero() || h.Wake == "" {
			continue
		}
		key := service + " " + h.Wake
		first, known := a.claimed[key]
		began, answered := h.Began.Sub(a.r.began), h.Answered.Sub(a.r.began)
		switch {
		case !known:
			a.claimed[key] = answered
		case began > first+tally.Settle && !a.Forgotten(first) && !a.disturbed(first-tally.Settle, began):
			a.Twice(answered, fmt.Sprintf("%s answered the utterance of %s a second time", service, h.Wake))
			a.claimed[key] = answered
		}
	}
}

// founded checks that a service has heard of each utterance that the appliance calls delivered to it.
func (a *account) founded(service string, list []sttserver.Heard) {
	if slices.ContainsFunc(list, func(h sttserver.Heard) bool { return h.ID == "" }) {
		return // it may be any
	}
	for key, at := range a.called {
		id, ours := strings.CutPrefix(key, service+" ")
		if !ours || a.r.clock()-at < 2*time.Second { // its record was read before
			continue
		}
		delete(a.called, key)
		if !slices.ContainsFunc(list, func(h sttserver.Heard) bool { return h.ID == id }) {
			a.r.judge.Break(at, "lost", fmt.Sprintf("%s is called delivered, and %s was given nothing of it", id, service))
		}
	}
}

// acted compares what Core was given with what was announced: an utterance may reach Core again when an answer was lost, but the
// appliance must have announced that before.
func (a *account) acted(service string, list []sttserver.Heard) {
	acts := map[string]int{}
	name := strings.TrimPrefix(service, "stt.")
	for _, h := range list {
		if h.Acted.IsZero() || h.ID == "" {
			continue
		}
		key := service + " " + h.ID
		acts[key]++
		if n := acts[key]; n > a.said[key] && (a.Announced(name, h.ID, n-1) || time.Since(h.Acted) >= time.Second) { // its announcement may still be on its way
			a.said[key] = n
			a.Acts(h.Acted.Sub(a.r.began), name, h.ID)
		}
	}
}

// disturbed tells whether a service or the process was disturbed in a stretch of time. If so, an answer may have been
// lost, and the appliance is right to send the utterance again.
func (a *account) disturbed(from, to time.Duration) bool {
	return slices.ContainsFunc(a.r.cuts, func(s *tally.Stretch) bool { return s.From < to && (s.To == 0 || s.To > from) })
}
