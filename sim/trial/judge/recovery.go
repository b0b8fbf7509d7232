package judge

import (
	"fmt"
	"slices"
	"time"

	"orac/runbook/scenario"
	"orac/sim/trial/report"
)

// recovery is a promise of recovery that a fault has triggered.
type recovery struct {
	promise *scenario.Recovery
	fault   int
	clock   time.Duration // when it started; -1: not yet
	held    []int         // faults that disturb it at present
	late    bool          // the bound is known to be missed
	back    bool          // it has recovered
	told    bool          // whether it was noticed has been judged, or no longer matters

	good    int           // probes in a row
	first   time.Duration // the first of them
	sound   uint64        // at the last probe
	probed  bool
	soundAt time.Duration // when there was last new sound
	paused  bool          // sound has stopped since the fault
}

func (j *Judge) recovery(r *scenario.Recovery, id int, at time.Duration) *recovery {
	p := &recovery{promise: r, fault: id, clock: -1, soundAt: at}
	if f := j.faults[id]; r.From == "begin" || !f.Lasts {
		p.clock = at
	}
	for other, f := range j.faults[:id] {
		if !f.over && f.Kind.Info().Disturbs(r.Means) {
			p.held = append(p.held, other)
		}
	}
	// If sound has already stopped, nothing more can stop: the appliance has reported it and need not do so again.
	p.paused = len(p.held) > 0 || slices.ContainsFunc(j.pending, func(q *recovery) bool {
		return !q.back && q.promise.Means == scenario.MeansSound && j.faults[q.fault].deafens()
	})
	return p
}

// disturbed notes a further fault.
func (p *recovery) disturbed(j *Judge, id int, at time.Duration) {
	p.good = 0
	p.paused = p.paused || j.faults[id].deafens()
	if j.faults[id].Lasts {
		p.held = append(p.held, id)
	} else if p.clock >= 0 {
		p.clock = at
	}
	p.late = p.late && p.clock < 0
}

// freed notes the end of a fault.
func (p *recovery) freed(id int, at time.Duration) {
	held := len(p.held)
	p.held = slices.DeleteFunc(p.held, func(x int) bool { return x == id })
	switch {
	case id == p.fault && p.promise.From == "end":
		p.clock, p.good = at, 0
	case len(p.held) < held && p.clock >= 0:
		p.clock, p.good = max(p.clock, at), 0
	}
}

// running tells whether the clock is running.
func (p *recovery) running() bool { return p.clock >= 0 && len(p.held) == 0 && !p.back }

// detects judges whether the fault was noticed, as soon as the answer is known: the fault was noticed, its time is up, or
// it is over and repaired, so that there is nothing left to notice.
func (p *recovery) detects(j *Judge, at time.Duration) {
	f, bound := j.faults[p.fault], p.promise.Detect
	switch {
	case p.told:
	case bound == 0:
		p.told = true
	case f.noticed >= 0:
		d := f.noticed - f.begin
		p.told = true
		j.judge(p.says(j, "detect", f.noticed, d, d <= bound, "noticed after "+seconds(d)))
	case f.over && p.back:
		p.told = true
	case at-f.begin > bound && len(p.held) == 0 && (!f.over || !f.Lasts):
		p.told = true
		j.judge(p.says(j, "detect", at, at-f.begin, false, fmt.Sprintf("%s after the fault began the appliance had said nothing of it", seconds(at-f.begin))))
	}
}

// see probes, and tells whether everything has been judged.
func (p *recovery) see(j *Judge, at time.Duration, v View) bool {
	p.detects(j, at)
	if !p.running() {
		return p.back && p.told
	}
	if p.probe(j, at, v); p.good < max(1, p.promise.Probes) {
		if bound := p.promise.Recover; bound > 0 && !p.late && at-p.clock > bound {
			p.late = true
			text := fmt.Sprintf("%s after the clock started there was still no %s", seconds(at-p.clock), words(p.promise.Means))
			j.Breaks = append(j.Breaks, report.Break{Promise: p.promise.Name, What: "recover", At: at.Seconds(), Text: p.named(j) + text})
		}
		return false
	}
	p.conclude(j)
	p.back = true
	p.detects(j, at)
	return p.told
}

// conclude judges a promise whose subject has recovered.
func (p *recovery) conclude(j *Judge) {
	took := max(0, p.first-p.clock)
	if bound := p.promise.Recover; bound > 0 {
		g := p.says(j, "recover", p.first, took, took <= bound && !p.late, words(p.promise.Means)+" after "+seconds(took))
		if p.late { // the break has been reported already
			j.Judged = append(j.Judged, g)
			return
		}
		j.judge(g)
	}
}

// finish judges what has not recovered by the end.
func (p *recovery) finish(j *Judge, at time.Duration) {
	p.detects(j, at)
	if p.back {
		return
	}
	if bound := p.promise.Recover; bound > 0 && p.clock >= 0 && at-p.clock > bound && !p.late {
		j.judge(p.says(j, "recover", at, at-p.clock, false, "there was no "+words(p.promise.Means)+" until the end"))
	} else if p.late {
		j.Judged = append(j.Judged, p.says(j, "recover", at, at-p.clock, false, "there was no "+words(p.promise.Means)+" until the end"))
	}
}

// probe checks once whether what was lost is back.
func (p *recovery) probe(j *Judge, at time.Duration, v View) {
	f := j.faults[p.fault]
	ok := v.Up()
	switch p.promise.Means {
	case scenario.MeansSound:
		mic := ""
		if f.Kind.Info().Target == scenario.Device {
			mic = f.Target
		}
		sound := v.Sound(mic)
		fresh := p.probed && sound != p.sound
		if fresh || !p.probed {
			p.soundAt = at
		}
		p.paused = p.paused || at-p.soundAt > pauseMost
		p.sound, p.probed = sound, true
		if at-p.soundAt > pauseMost {
			p.good = 0
		}
		// Sound that was in the pipe when the fault began does not count as recovery.
		ok = ok && fresh && (!f.deafens() || f.noticed >= 0 || p.paused || f.Lasts && f.over)
		if !ok {
			return // a probe between two hops is neither good nor bad
		}
	case scenario.MeansHealth:
		ok = ok && v.Health() == "healthy"
	case scenario.MeansDelivered:
		ok = ok && v.Waiting() == 0
	}
	if !ok {
		p.good = 0
		return
	}
	if p.good++; p.good == 1 {
		p.first = at
	}
}

func (p *recovery) named(j *Judge) string {
	f := j.faults[p.fault]
	name := string(f.Address)
	if name == "" {
		name = string(f.Kind)
	}
	return name + ": "
}

func (p *recovery) says(j *Judge, what string, at, value time.Duration, kept bool, text string) report.Judgement {
	f := j.faults[p.fault]
	return report.Judgement{
		Promise: p.promise.Name, What: what, Fault: string(f.Address), Kind: string(f.Kind), At: at.Seconds(), Value: value.Seconds(), Kept: kept,
		Text: p.named(j) + text,
	}
}

// words describes what a recovery means, for people.
func words(means string) string {
	switch means {
	case scenario.MeansHealth:
		return "good health"
	case scenario.MeansDelivered:
		return "empty spool"
	}
	return "steady sound"
}
