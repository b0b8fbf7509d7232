package play

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/chaos/sttserver"
	"orac/runbook"
)

// account follows every command from the mouth to the answer. It knows what the appliance reports and what the servers
// have heard. The run's mutex guards it.
type account struct {
	r          *run
	utterances map[string]*fate
	order      []string // the IDs of utterances, in the order in which they became known
	plays      []*play  // in the order in which they begin

	spoken, recorded, delivered, refused, dropped int
	wakes, falseWakes, missed                     int
	restarts, duplicated                          int
	done, doubled                                 int                      // utterances that Core acted on, and those it acted on more than once
	said                                          map[string]int           // acts on an utterance that were announced, or reported as a break
	told                                          int                      // events that webhooks have accepted
	woke                                          map[string]time.Duration // last wake, by device, listener and model
	opened                                        map[string]time.Duration // devices, by name
	proven                                        map[string]bool          // recordings whose sound was checked
	exact                                         int                      // the number of these that were complete
	claimed                                       map[string]time.Duration // by service and wake time: when the service answered
}

// fate is what became of an utterance.
type fate struct {
	listener string
	woke     time.Duration // when its recording began
	follows  bool          // right after the previous one
	samples  int           // the number recorded; 0 while unknown
	why      string        // it ended
	sound    []int16       // as the first service received it
	refused  bool          // by a service
	counted  bool          // as delivered
	ended    time.Duration
	where    string          // disk or memory; "" while nothing was reported
	done     map[string]bool // services that have answered, or refused it permanently
	again    map[string]int  // how often a repetition in doubt was announced, by service
	acked    time.Duration
	dropped  bool   // discarded, and reported as such
	excused  string // why it may be lost
}

func newAccount(r *run) *account {
	return &account{r: r, utterances: map[string]*fate{}, woke: map[string]time.Duration{}, opened: map[string]time.Duration{}, claimed: map[string]time.Duration{}, said: map[string]int{}, proven: map[string]bool{}}
}

func (a *account) of(id string) *fate {
	f, ok := a.utterances[id]
	if !ok {
		f = &fate{done: map[string]bool{}, again: map[string]int{}}
		a.utterances[id] = f
		a.order = append(a.order, id)
	}
	return f
}

// event records what the appliance reports. When the process ends, what only it knew is lost: after a start, only
// the spool is left.
func (a *account) event(at time.Duration, e event.Event) {
	switch b := e.Body.(type) {
	case event.WebhookTaken:
		a.told++
	case event.DeviceOpened:
		a.opened[deviceOf(e.Node)] = at
		if b.Opens > 1 {
			a.restarts++
		}
	case event.NodeFailed:
		a.restarts++
	case event.Wake:
		a.wake(at, b)
	case event.RecordingStarted:
		f := a.of(b.Utterance)
		f.listener, f.woke = b.Listener, at
		for _, id := range a.order {
			other := a.utterances[id]
			f.follows = f.follows || other != f && other.listener == f.listener && other.ended > at-2*time.Second
		}
	case event.RecordingEnded:
		a.recorded++
		f := a.of(b.Utterance)
		f.ended, f.why, f.samples = at, b.Why, int(math.Round(b.Seconds*rate))
	case event.Salvaged:
		f := a.of(b.Utterance)
		f.where = "disk"
		if f.ended == 0 {
			f.ended = at
		}
	case event.Spooled:
		a.of(b.Utterance).where = b.Where
	case event.Dropped:
		if f := a.of(b.Utterance); !f.dropped {
			f.dropped = true
			a.dropped++
		}
	case event.DeliveryRepeated:
		a.of(b.Utterance).again[b.STT]++
	case event.Delivered:
		f := a.of(b.Utterance)
		if f.done[b.STT] && !a.forgotten(f.acked) {
			a.twice(at, fmt.Sprintf("%s was delivered to %s a second time", b.Utterance, b.STT))
		}
		f.done[b.STT] = true
		f.acked = at
		if b.Outcome == "failed" {
			if !f.refused {
				a.refused++
			}
			f.refused = true
		}
		if len(a.pending(f)) == 0 && !f.refused && !f.counted { // every service that must have it has answered
			f.counted = true
			a.delivered++
		}
	}
}

// forgotten tells whether the process was ended so soon after an answer that it need not know of it: the appliance can only
// promise delivery at least once.
func (a *account) forgotten(acked time.Duration) bool {
	return a.r.bootedAt > acked && a.r.stoppedAt-acked < time.Second
}

func (a *account) twice(at time.Duration, text string) {
	a.duplicated++
	a.r.judge.Break(at, "once", text)
}

// deviceOf returns the name in an address such as source.usb.
func deviceOf(address string) string { return address[strings.LastIndexByte(address, '.')+1:] }

// wakeLate is how long after the end of its sound a wake may be reported.
const wakeLate = 1500 * time.Millisecond

// wake matches a wake with the sound that caused it.
func (a *account) wake(at time.Duration, e event.Wake) {
	a.wakes++
	device := deviceOf(e.Device)
	model, _ := a.r.w.book.rb.Model(runbook.Address("model." + e.Model))
	key := device + " " + e.Listener + " " + e.Model
	// Events come through a pipe and a scheduler, so comparing the times of two of them needs some tolerance.
	const slack = 250 * time.Millisecond
	if last, known := a.woke[key]; known && at-last < model.Cooldown-slack && last > a.r.bootedAt {
		a.r.judge.Break(at, "cooldown", fmt.Sprintf("%s woke %v after it last did; its cooldown is %v", e.Model, (at-last).Round(time.Millisecond), model.Cooldown))
	}
	a.woke[key] = at
	for _, p := range a.plays {
		if p.begun > 0 && p.device == device && p.wakes && !p.heard && p.begun <= at && at <= p.ended+wakeLate {
			p.heard = true
			return
		}
	}
	a.falseWakes++
	a.r.event("wake", device, "false wake")
}

// sweep judges the sounds that can no longer wake anything.
func (a *account) sweep(now time.Duration) {
	for _, p := range a.plays {
		if p.begun == 0 || p.judged || now <= p.ended+2*wakeLate {
			continue
		}
		p.judged = true
		if !p.wakes {
			continue
		}
		a.spoken++
		if !p.heard && a.couldHear(p) {
			a.missed++
			a.r.event("missed", p.device, "a wake word was not heard")
		}
	}
}

// couldHear tells whether nothing prevented a sound from being heard.
func (a *account) couldHear(p *play) bool {
	from, to := p.begun-3*time.Second, p.ended+wakeLate
	if !a.r.up || a.r.bootedAt+5*time.Second > p.begun || a.opened[p.device]+2*time.Second > p.begun {
		return false
	}
	return !slices.ContainsFunc(a.r.trouble, func(s stretch) bool { return s.from < to && (s.to == 0 || s.to+2*time.Second > from) })
}

// pending lists the services that must get an utterance and have neither answered nor refused it. If an utterance was found at
// a start, it is not known which services need it: then one answer is enough.
func (a *account) pending(f *fate) (list []string) {
	l, ok := a.r.w.book.rb.Listener(runbook.Address("listener." + f.listener))
	if !ok {
		if len(f.done) == 0 {
			return []string{""}
		}
		return nil
	}
	for _, s := range l.Deliver {
		if !f.done[s.Name()] {
			list = append(list, s.Name())
		}
	}
	return list
}

// waiting lists the known utterances that are not finished.
func (a *account) waiting() (ids []string) {
	for _, id := range a.order {
		if f := a.utterances[id]; !f.dropped && len(a.pending(f)) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// killed notes that the process has ended abruptly: the loss of utterances that were only in memory is excused.
func (a *account) killed() {
	for _, id := range a.waiting() {
		if f := a.utterances[id]; f.where == "memory" {
			f.excused = "the disk had refused it when the process ended"
		}
	}
}

// lost lists the utterances that are missing at the end: kept are the IDs in the spool, and inMemory is how many
// more wait in memory.
func (a *account) lost(kept []string, inMemory int) (ids []string) {
	for _, id := range a.waiting() {
		if f := a.utterances[id]; f.excused == "" && f.ended > 0 && !slices.Contains(kept, id) {
			ids = append(ids, id)
		}
	}
	return ids[min(inMemory, len(ids)):]
}

// heard compares a server's record with what the appliance knows. An utterance counts as answered once its answer has arrived
// and there was time to write it down; any later answer is a second one.
func (a *account) heard(service string, list []sttserver.Heard) {
	a.acted(service, list)
	const settle = time.Second
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
		case began > first+settle && !a.forgotten(first) && !a.disturbed(first-settle, began):
			a.twice(answered, fmt.Sprintf("%s answered the utterance of %s a second time", service, h.Wake))
			a.claimed[key] = answered
		}
	}
}

// acted compares what Core was given with what was announced: an utterance may reach Core again when an answer was lost, but the
// appliance must have announced that before.
func (a *account) acted(service string, list []sttserver.Heard) {
	acts := map[string]int{}
	again := func(id, name string) int {
		if f := a.utterances[id]; f != nil {
			return f.again[name]
		}
		return 0
	}
	name := strings.TrimPrefix(service, "stt.")
	for _, h := range list {
		if h.Acted.IsZero() || h.ID == "" {
			continue
		}
		key := service + " " + h.ID
		acts[key]++
		n := acts[key]
		if n <= a.said[key] || again(h.ID, name) < n-1 && time.Since(h.Acted) < time.Second { // its announcement may still be on its way
			continue
		}
		a.said[key] = n
		switch n {
		case 1:
			a.done++
		case 2:
			a.doubled++
		}
		if again(h.ID, name) < n-1 {
			a.r.judge.Break(h.Acted.Sub(a.r.began), "twice", fmt.Sprintf("Core acts on %s %d times, and nothing announced that it may be repeated", h.ID, n))
		}
	}
}

// disturbed tells whether a service or the process was disturbed in a stretch of time. If so, an answer may have been
// lost, and the appliance is right to send the utterance again.
func (a *account) disturbed(from, to time.Duration) bool {
	return slices.ContainsFunc(a.r.cuts, func(s stretch) bool { return s.from < to && (s.to == 0 || s.to > from) })
}
