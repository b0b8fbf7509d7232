package tally

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
	"orac/sim/trial/judge"
)

// World is where the appliance runs.
type World interface {
	Life() Life
	Runbook() *runbook.Runbook // that the appliance runs
	Mark(lane, kind, text string)
}

// Life is what a World knows of the process and its disk at an instant. All times count from the start of the run.
type Life struct {
	Up      bool // the process runs
	Boots   int
	Booted  time.Duration // when the process was last started
	Stopped time.Duration // when it last ended
	Refuses bool          // the disk may refuse what is written
	DiskBad time.Duration // when it last did; 0: never
	Faults  int           // that are active and not harmless
}

// Tally follows the commands of one run.
type Tally struct {
	// Sees is set if the world reports each answer that reaches the appliance, by Answered. Otherwise what the appliance says of
	// an answer has to do.
	Sees bool
	// Late is by how much the times of two events may be wrong in relation to each other.
	Late time.Duration

	Spoken, Recorded, Delivered, Refused, Dropped int
	Wakes, FalseWakes, Missed                     int
	Restarts, Duplicated                          int
	Acted, ActedTwice                             int                      // utterances that Core acted on, and those on which it acted more than once
	Told                                          int                      // events that webhooks have accepted
	Opened                                        map[string]time.Duration // when devices were last opened
	Answer                                        time.Duration            // time of the last answer

	spoken

	world      World
	judge      *judge.Judge
	utterances map[string]*Fate
	order      []string                 // their IDs, as they became known
	first      map[string]int64         // the first hop of a device since it was last opened
	woke       map[string]time.Duration // last wake, by device, listener and model
	spoke      map[string]bool          // wakes that were followed by a command, with nothing disturbing it
	devices    []*device                // that hear sounds
	trouble    []*Stretch               // when sound was disturbed
}

// New returns the tally of a run.
func New(w World, j *judge.Judge) *Tally {
	return &Tally{
		world: w, judge: j, utterances: map[string]*Fate{}, Opened: map[string]time.Duration{}, first: map[string]int64{}, woke: map[string]time.Duration{}, spoke: map[string]bool{},
		spoken: spoken{awoke: map[string]time.Duration{}, errands: map[string]*errand{}, serves: map[string]bool{}, did: map[string]bool{}},
	}
}

// Fate is what has happened to an utterance.
type Fate struct {
	Listener string
	Began    time.Duration // start of its recording; 0 if it was never reported
	Ended    time.Duration
	Samples  int             // recorded samples; 0 while unknown
	Why      string          // it ended
	Where    string          // disk or memory; "" while it was not reported
	Sealed   bool            // all of it is known to be durably on disk
	Cut      bool            // the process ended before it was sealed: part of its end may be missing
	Deliver  []string        // its services, as its listener had them when the recording began; the first of each list
	Answers  map[string]int  // answers that reached the appliance, by service
	Refused  map[string]bool // the services that have refused it
	Dropped  bool            // it was given up, and that was reported
	Aside    time.Duration   // when it was reported as set aside; 0: never
	Excused  string          // why it may be lost

	instead  map[string]string // the first of its list, by a service that may answer in its place
	acked    time.Duration     // time of the last answer
	over     map[string]bool   // services that are reported to have answered or refused it
	counted  bool              // it was counted as delivered
	acts     map[string]int    // how often Core acted on it, by service
	repeated map[string]int    // how often it was reported as sent again in doubt, by service
}

// Of returns the fate of an utterance; it begins one if the utterance is new.
func (a *Tally) Of(id string) *Fate {
	f := a.utterances[id]
	if f == nil {
		f = &Fate{Answers: map[string]int{}, over: map[string]bool{}, Refused: map[string]bool{}, acts: map[string]int{}, repeated: map[string]int{}, instead: map[string]string{}}
		a.utterances[id] = f
		a.order = append(a.order, id)
	}
	return f
}

// Known returns the fate of an utterance; nil if nobody has spoken of it.
func (a *Tally) Known(id string) *Fate { return a.utterances[id] }

// Order lists the IDs of utterances, as they became known.
func (a *Tally) Order() []string { return a.order }

// Event handles an event of the appliance.
func (a *Tally) Event(at time.Duration, e event.Event) {
	a.speaks(at, e)
	switch b := e.Body.(type) {
	case event.WebhookTaken:
		a.Told++
	case event.DeviceOpened:
		a.Opened[b.Device], a.first[b.Device] = at, b.Hop
		if b.Opens > 1 {
			a.Restarts++
		}
	case event.NodeFailed:
		a.Restarts++
	case event.Wake:
		a.Of(b.ID)
		a.wake(at, b)
	case event.RecordingStarted:
		f := a.Of(b.Utterance)
		f.Began, f.Listener = at, b.Listener
		if l, ok := a.world.Runbook().Listener(runbook.Address("listener." + b.Listener)); ok {
			for _, s := range l.Routes() {
				f.Deliver = append(f.Deliver, s[0].Name())
				for _, instead := range s[1:] {
					f.instead[instead.Name()] = s[0].Name()
				}
			}
		}
	case event.RecordingEnded:
		a.Recorded++
		f := a.Of(b.Utterance)
		f.Ended, f.Why, f.Samples = at, b.Why, Samples(b.Seconds)
	case event.Salvaged:
		a.salvaged(at, b)
	case event.Spooled:
		a.Of(b.Utterance).Where = b.Where
	case event.Dropped:
		if f := a.Of(b.Utterance); !f.Dropped {
			if f.Dropped = true; !b.Muted { // otherwise somebody wanted it so
				a.Dropped++
			}
		}
	case event.DeliveryRepeated:
		a.Of(b.Utterance).repeated[b.STT]++
	case event.Delivered:
		a.delivered(at, b)
	}
}

// State returns what expressions see of the tally; the world adds the rest.
func (a *Tally) State() scenario.State {
	l := a.world.Life()
	s := scenario.State{
		Components: map[string]string{}, Nodes: map[string]scenario.Node{}, Faults: l.Faults, Up: l.Up, Boots: l.Boots,
		Spoken: a.Spoken, Recorded: a.Recorded, Delivered: a.Delivered, Refused: a.Refused, Lost: a.Dropped, Duplicated: a.Duplicated,
		Acted: a.Acted, ActedTwice: a.ActedTwice, Told: a.Told, Wakes: a.Wakes, FalseWakes: a.FalseWakes, Missed: a.Missed, Restarts: a.Restarts,
	}
	a.spoken.addTo(&s)
	return s
}

// Counts returns the figures of the report.
func (a *Tally) Counts() map[string]int {
	return map[string]int{
		"spoken": a.Spoken, "recorded": a.Recorded, "delivered": a.Delivered, "refused": a.Refused, "dropped": a.Dropped, "duplicated": a.Duplicated,
		"acted": a.Acted, "acted_twice": a.ActedTwice, "wakes": a.Wakes, "false_wakes": a.FalseWakes, "missed": a.Missed, "restarts": a.Restarts,
		"boots": a.world.Life().Boots,
	}
}

// Samples converts seconds of sound to samples.
func Samples(seconds float64) int { return int(math.Round(seconds * audio.Rate)) }

func (a *Tally) salvaged(at time.Duration, b event.Salvaged) {
	f, n := a.Of(b.Utterance), Samples(b.Seconds)
	f.Where, f.Sealed = "disk", true
	f.Ended = cmp.Or(f.Ended, at)
	if !f.Cut && len(f.over) == 0 && len(f.Answers) == 0 && f.Samples > n {
		a.judge.Break(at, "lost", fmt.Sprintf("of %s only %v are left on the disk", b.Utterance, audio.Time(n)))
	}
}

// delivered notes that a service is done with an utterance. The utterance is delivered when all its services have answered.
func (a *Tally) delivered(at time.Duration, b event.Delivered) {
	f := a.Of(b.Utterance)
	again := f.over[b.STT] && !a.Forgotten(f.acked)
	switch {
	case b.Outcome == "failed":
		if again {
			a.Twice(at, fmt.Sprintf("%s was given up for %s a second time", b.Utterance, b.STT))
		}
		if f.Aside = at; len(f.Refused) == 0 {
			a.Refused++
		}
		f.Refused[b.STT] = true
	case !a.Sees:
		a.Answered(at, b.STT, b.Utterance, f.Samples)
	case f.Answers[b.STT] == 0 && b.Outcome != "empty":
		a.judge.Break(at, "lost", fmt.Sprintf("%s is called delivered, and %s was given nothing of it", b.Utterance, b.STT))
	case again && f.Answers[b.STT] == 1:
		a.Twice(at, fmt.Sprintf("%s is called delivered to %s a second time", b.Utterance, b.STT))
	}
	if b.Outcome == "empty" && a.spoke[b.Utterance] && !f.Cut && !a.Troubled(f.Began, f.Ended) { // a fault may have begun in the middle
		a.judge.Break(at, "silence", fmt.Sprintf("a command was spoken in %s, and it is taken for silence", b.Utterance))
	}
	f.over[b.STT], f.acked = true, at
	a.counts(f)
}

// head is the first of the list that a service belongs to: whichever of them answers, the others must not.
func (f *Fate) head(service string) string { return cmp.Or(f.instead[service], service) }

// Answered notes that an answer for this many samples of an utterance has reached the appliance.
func (a *Tally) Answered(at time.Duration, service, id string, samples int) {
	f := a.Of(id)
	service = f.head(service)
	if f.Answers[service]++; f.Answers[service] == 1 {
		a.ordered(at, service, id)
	} else if !a.Forgotten(f.acked) {
		a.Twice(at, fmt.Sprintf("%s was answered by %s a second time, %v after the first", id, service, (at-f.acked).Round(time.Millisecond)))
	}
	f.acked, a.Answer = at, at
	a.counts(f)
	if f.Samples > 0 && samples < f.Samples {
		a.judge.Break(at, "lost", fmt.Sprintf("of %s the service %s was given %v; %v had been recorded", id, service, audio.Time(samples), audio.Time(f.Samples)))
	}
}

// DiskPatience is how long after the disk has recovered everything must be on it: the appliance retries every 2 s. Settle is how
// long the appliance needs to write an answer down while the disk is well.
const (
	DiskPatience = 3 * time.Second
	Settle       = time.Second
)

// Forgotten tells whether the process has ended so soon after an answer that it need not know of it: the appliance can only
// promise delivery at least once.
func (a *Tally) Forgotten(acked time.Duration) bool {
	l := a.world.Life()
	return l.Booted > acked && (l.Stopped-acked < Settle || l.DiskBad > 0 && l.Stopped-max(acked, l.DiskBad) < DiskPatience)
}

// Twice notes that a service has answered an utterance more than once.
func (a *Tally) Twice(at time.Duration, text string) {
	a.Duplicated++
	a.judge.Break(at, "once", text)
}

// ordered checks that no earlier recording still waits when an utterance gets its first answer.
func (a *Tally) ordered(at time.Duration, service, id string) {
	listener, l := a.Of(id).Listener, a.world.Life()
	for _, earlier := range a.order[:slices.Index(a.order, id)] {
		f := a.utterances[earlier]
		switch {
		case f.over[service] || f.Dropped || f.Answers[service] > 0 || f.Ended == 0 || f.Excused != "" || f.Listener != listener || listener == "":
		case !slices.Contains(a.Pending(f), service):
		case f.Began < l.Booted && (l.Refuses || l.DiskBad > 0 && l.DiskBad >= l.Booted): // it is on a disk that could not be read at the start
		default:
			a.judge.Break(at, "order", fmt.Sprintf("%s was answered by %s before %s, which was recorded before it", id, service, earlier))
			return
		}
	}
}

// counts counts an utterance as delivered once all its services have answered and none has refused it.
func (a *Tally) counts(f *Fate) {
	if !f.counted && !a.Owed(f) && len(f.Refused) == 0 {
		f.counted = true
		a.Delivered++
	}
}

// Pending returns the services of an utterance that are not yet reported to have answered or refused it. One that was found at a
// start, with no record of its services, must get to at least one: that is "".
func (a *Tally) Pending(f *Fate) (list []string) {
	if len(f.Deliver) == 0 {
		if len(f.over) == 0 {
			return []string{""}
		}
		return nil
	}
	rb := a.world.Runbook()
	for _, s := range f.Deliver {
		if _, there := rb.STT(runbook.Address("stt." + s)); there && !f.over[s] {
			list = append(list, s)
		}
	}
	return list
}

// owes tells whether a service has not answered; "" stands for all of them.
func (f *Fate) owes(s string) bool { return f.Answers[s] == 0 && (s != "" || len(f.Answers) == 0) }

// Owed tells whether a service still owes an utterance: no answer was reported, and none was received.
func (a *Tally) Owed(f *Fate) bool {
	return slices.ContainsFunc(a.Pending(f), f.owes)
}

// Waiting returns the known utterances that still wait for a service.
func (a *Tally) Waiting() (ids []string) {
	for _, id := range a.order {
		if f := a.utterances[id]; !f.Dropped && len(a.Pending(f)) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// Acts notes that Core acts on an utterance. The protocol cannot prevent a second time, but it must have been announced.
func (a *Tally) Acts(at time.Duration, service, id string) {
	f, l := a.Of(id), a.world.Life()
	service = f.head(service)
	f.acts[service]++
	n := f.acts[service]
	switch n {
	case 1:
		a.Acted++
		return
	case 2:
		a.ActedTwice++
	}
	forgotten := l.Boots > 1 && l.DiskBad > 0 && l.Stopped-l.DiskBad < DiskPatience // work under way could not be written down
	if f.repeated[service] < n-1 && !forgotten {
		a.judge.Break(at, "twice", fmt.Sprintf("Core acts on %s by %s for the %d. time, and nobody has said that it may", id, service, n))
	}
}

// Announced tells whether Core may act once more on an utterance that it has acted on n times.
func (a *Tally) Announced(service, id string, n int) bool {
	f := a.utterances[id]
	return n == 0 || f != nil && f.repeated[f.head(service)] >= n
}

// Killed notes that the process ends abruptly now: utterances that were only in memory may be lost, even if they were to be set
// aside. What had been recorded of a recording is on disk and becomes an utterance, unless the power fails. While the disk refuses,
// the beginning of an utterance that was answered from memory cannot be removed either: it may be found again, cut.
func (a *Tally) Killed(at time.Duration, powerLoss bool) {
	l := a.world.Life()
	clear(a.serves)
	for _, id := range a.order {
		f := a.utterances[id]
		refuses := l.Refuses || l.DiskBad > 0 && at-l.DiskBad < DiskPatience
		switch {
		case f.Dropped:
		case len(a.Pending(f)) == 0 && (f.Where != "memory" || !refuses):
		case f.Where == "memory":
			f.Excused, f.Cut = "the disk had refused it when the process ended", true
		case powerLoss && !f.Sealed:
			f.Excused = "its recording had ended and was not on the disk yet"
		case !powerLoss && f.Ended == 0 && f.Began > l.Booted && a.Alone(at) && at-f.Began >= time.Second && at-f.Began <= Longest:
			f.Ended = at
		}
	}
}

// Longest is longer than any recording: what has not ended by then was cut off by something else.
const Longest = 15 * time.Second

// Lost returns, at the end, the utterances that a service will never get, each with what is wrong. kept are the IDs in the spool.
func (a *Tally) Lost(kept []string) (list []string) {
	for _, id := range a.Waiting() {
		f := a.utterances[id]
		if f.Excused != "" || f.Ended == 0 || slices.Contains(kept, id) {
			continue
		}
		for _, s := range a.Pending(f) {
			if f.owes(s) {
				list = append(list, fmt.Sprintf("%s does not wait any more, %s has not answered it, and nobody said so", id, cmp.Or(s, "a service")))
			}
		}
	}
	return list
}
