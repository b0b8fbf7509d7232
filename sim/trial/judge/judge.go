package judge

import (
	"fmt"
	"slices"
	"time"

	"orac/runbook"
	"orac/runbook/scenario"
	"orac/sim/trial/report"
)

// Fault is a fault that happens in a run.
type Fault struct {
	Address runbook.Address // of the scenario's block; "" if it was drawn
	Kind    scenario.Kind
	Target  string
	Lasts   bool // until Ended; otherwise it is instantaneous
}

// View shows how things stand at an instant.
type View interface {
	State() scenario.State // costly: asked for only when an expression needs it
	// Sound counts the hops of a device that have reached its models since the start of the run; "" means the first device.
	Sound(device string) uint64
	Health() string
	Waiting() int // utterances in the spool
	Up() bool     // the process is running
	Memory() int64
	Tasks() int
}

const (
	// probeEvery is how often the judge checks whether something has recovered. pauseMost is the longest time without a new
	// hop that does not interrupt a row of good probes: a hop lasts 80 ms, and a loaded machine is late.
	probeEvery = 100 * time.Millisecond
	pauseMost  = 400 * time.Millisecond
	// sampleEvery is how often memory and tasks are sampled.
	sampleEvery = 10 * time.Second

	mostJudged = 20_000
	mostBreaks = 1_000
)

// Judge checks whether one run of a scenario keeps its promises. Times count from the start of the run and never go back.
type Judge struct {
	sc      *scenario.Scenario
	faults  []*fault
	pending []*recovery
	steady  []*steady
	waiting []*sometimes // not reached yet
	flat    flat
	looked  time.Duration // when the situations were last checked

	Judged  []report.Judgement
	Breaks  []report.Break
	Reached []report.Reached
	Omitted int // judgements and breaks beyond the limits
}

type fault struct {
	Fault
	begin, end time.Duration
	over       bool
	noticed    time.Duration // -1: not yet
}

// deafens tells whether sound is certain to stop. If so, probes count only once the appliance has reported it.
func (f *fault) deafens() bool { i := f.Kind.Info(); return i.Family.Deafens && !i.Harmless }

// New returns a judge of a run of a scenario.
func New(sc *scenario.Scenario) *Judge {
	j := &Judge{sc: sc}
	for i := range sc.Steady {
		x := &sc.Steady[i]
		j.steady = append(j.steady, &steady{Steady: x, ask: x.Holds.Watch(), due: x.From, since: -1})
	}
	for i := range sc.Sometimes {
		x := &sc.Sometimes[i]
		j.waiting = append(j.waiting, &sometimes{x, x.Holds.Watch()})
	}
	return j
}

// Began notes that a fault begins and returns its number, for Ended.
func (j *Judge) Began(at time.Duration, f Fault) int {
	id := len(j.faults)
	j.faults = append(j.faults, &fault{Fault: f, begin: at, noticed: -1, over: !f.Lasts, end: at})
	for _, p := range j.pending {
		if p.fault != id && f.Kind.Info().Disturbs(p.promise.Means) {
			p.disturbed(j, id, at)
		}
	}
	for i := range j.sc.Recoveries {
		if r := &j.sc.Recoveries[i]; asked(r, f) {
			j.pending = append(j.pending, j.recovery(r, id, at))
		}
	}
	return id
}

// asked tells whether a promise applies to a fault.
func asked(r *scenario.Recovery, f Fault) bool {
	if len(r.After) == 0 && len(r.Kinds) == 0 {
		return !f.Kind.Info().Harmless
	}
	return f.Address != "" && slices.Contains(r.After, f.Address) || slices.Contains(r.Kinds, string(f.Kind))
}

// Ended notes that a fault is over: what it took away is back.
func (j *Judge) Ended(at time.Duration, id int) {
	f := j.faults[id]
	if f.over {
		return
	}
	f.over, f.end = true, at
	for _, p := range j.pending {
		p.freed(id, at)
	}
}

// Noticed notes that the appliance reported a problem with a component: its address or name, or "process" when a process
// ends by itself or is restarted.
func (j *Judge) Noticed(at time.Duration, component string) {
	for _, f := range j.faults {
		if f.noticed < 0 && f.Kind.Info().About(f.Target, component) && (!f.over || at-f.end <= time.Minute) {
			f.noticed = at
		}
	}
	for _, p := range j.pending {
		p.good = 0
	}
}

// Next returns when See must be called next, after at.
func (j *Judge) Next(at time.Duration) time.Duration {
	next := at + sampleEvery
	if len(j.sc.Flats) == 0 {
		next = at + time.Hour
	}
	if len(j.waiting) > 0 {
		next = min(next, at+time.Second)
	}
	for _, p := range j.pending {
		if p.running() {
			return at + probeEvery
		}
		if !p.told { // when the time to notice it is up
			next = min(next, max(j.faults[p.fault].begin+p.promise.Detect, at)+time.Millisecond)
		}
	}
	for _, s := range j.steady {
		next = min(next, max(s.due, at+time.Millisecond))
	}
	return next
}

// See checks how things stand.
func (j *Judge) See(at time.Duration, v View) {
	j.pending = slices.DeleteFunc(j.pending, func(p *recovery) bool { return p.see(j, at, v) })
	var s *scenario.State
	state := func() scenario.State {
		if s == nil {
			now := v.State()
			s = &now
		}
		return *s
	}
	for _, x := range j.steady {
		x.see(j, at, state)
	}
	if len(j.waiting) > 0 && at-j.looked >= time.Second {
		j.looked = at
		j.reach(at, state)
	}
	if len(j.sc.Flats) > 0 {
		j.flat.see(at, v)
	}
}

// Finish judges what can only be judged at the end.
func (j *Judge) Finish(at time.Duration, v View) {
	for _, p := range j.pending {
		p.finish(j, at)
	}
	j.pending = nil
	state := v.State()
	for _, x := range j.steady {
		x.finish(j, at)
	}
	for i := range j.sc.Holds {
		h := &j.sc.Holds[i]
		ok, err := h.Holds.Eval(state)
		text := "at the end: " + h.Holds.Explain(state)
		if err != nil {
			text = err.Error()
		}
		j.judge(report.Judgement{Promise: h.Name, What: "holds", At: at.Seconds(), Kept: ok && err == nil, Text: text})
	}
	for i := range j.sc.Flats {
		j.flat.finish(j, &j.sc.Flats[i], at)
	}
	j.reach(at, func() scenario.State { return state })
}

// Break notes that a safety demand, which is always judged, was not met.
func (j *Judge) Break(at time.Duration, name, text string) {
	j.judge(report.Judgement{Promise: "safety/" + name, What: "safety", At: at.Seconds(), Text: text})
}

// Safe notes that safety demands were met for the whole run, except those that were broken.
func (j *Judge) Safe(at time.Duration, names ...string) {
	for _, name := range names {
		if !slices.ContainsFunc(j.Breaks, func(b report.Break) bool { return b.Promise == "safety/"+name }) {
			j.judge(report.Judgement{Promise: "safety/" + name, What: "safety", At: at.Seconds(), Kept: true})
		}
	}
}

// Fault returns what is known of a fault by its number.
func (j *Judge) Fault(id int) (begin, end, noticed time.Duration, over bool) {
	f := j.faults[id]
	return f.begin, f.end, f.noticed, f.over
}

// judge records a judgement, and a break if the promise was not kept.
func (j *Judge) judge(g report.Judgement) {
	if len(j.Judged) >= mostJudged {
		j.Omitted++
	} else {
		j.Judged = append(j.Judged, g)
	}
	if g.Kept {
		return
	}
	if len(j.Breaks) >= mostBreaks {
		j.Omitted++
		return
	}
	j.Breaks = append(j.Breaks, report.Break{Promise: g.Promise, What: g.What, At: g.At, Text: g.Text})
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
