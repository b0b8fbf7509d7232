package judge

import (
	"fmt"
	"slices"
	"time"

	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/report"
)

// steady is an expression that must hold throughout the run.
type steady struct {
	*scenario.Steady
	ask    func(scenario.State) (bool, error)
	due    time.Duration
	since  time.Duration // when it became false; -1: it is true
	broken bool          // this stretch has been reported
	times  int
	worst  time.Duration // longest stretch
}

func (s *steady) see(j *Judge, at time.Duration, state func() scenario.State) {
	if at < s.due {
		return
	}
	s.due = at + s.Every
	now := state()
	if s.Healed && !now.Healed {
		return
	}
	ok, err := s.ask(now)
	s.times++
	if ok && err == nil {
		s.since, s.broken = -1, false
		return
	}
	if s.since < 0 {
		s.since = at
	}
	s.worst = max(s.worst, at-s.since)
	if at-s.since >= s.Most && !s.broken {
		s.broken = true
		text := s.Holds.Explain(now)
		if err != nil {
			text = err.Error()
		}
		if at > s.since {
			text = fmt.Sprintf("for %s: %s", seconds(at-s.since), text)
		}
		j.judge(report.Judgement{Promise: s.Name, What: "steady", At: at.Seconds(), Text: text})
	}
}

func (s *steady) finish(j *Judge, at time.Duration) {
	if !slices.ContainsFunc(j.Breaks, func(b report.Break) bool { return b.Promise == s.Name && b.What == "steady" }) {
		j.judge(report.Judgement{Promise: s.Name, What: "steady", At: at.Seconds(), Kept: s.times > 0, Text: fmt.Sprintf("looked at %d times", s.times)})
	}
}

// sometimes is a situation that the run must reach.
type sometimes struct {
	*scenario.Sometimes
	ask func(scenario.State) (bool, error)
}

// reach checks whether situations have been reached.
func (j *Judge) reach(at time.Duration, state func() scenario.State) {
	if len(j.waiting) == 0 {
		return
	}
	now := state()
	j.waiting = slices.DeleteFunc(j.waiting, func(s *sometimes) bool {
		ok, err := s.ask(now)
		if err != nil || !ok {
			return false
		}
		j.Reached = append(j.Reached, report.Reached{Name: s.Name, At: at.Seconds()})
		return true
	})
}

// flat keeps samples of a value that must not grow.
type flat struct {
	at     []time.Duration
	memory []int64
	tasks  []int
}

// mostSamples bounds the samples: when they are full, every second one is dropped.
const mostSamples = 4096

func (f *flat) see(at time.Duration, v View) {
	if n := len(f.at); !v.Up() || n > 0 && at-f.at[n-1] < sampleEvery {
		return
	}
	if len(f.at) == mostSamples {
		for i := range mostSamples / 2 {
			f.at[i], f.memory[i], f.tasks[i] = f.at[2*i], f.memory[2*i], f.tasks[2*i]
		}
		f.at, f.memory, f.tasks = f.at[:mostSamples/2], f.memory[:mostSamples/2], f.tasks[:mostSamples/2]
	}
	f.at, f.memory, f.tasks = append(f.at, at), append(f.memory, v.Memory()), append(f.tasks, v.Tasks())
}

// finish compares the median of the first quarter after the warm-up with that of the last quarter, so that a
// peak does not count as growth.
func (f *flat) finish(j *Judge, p *scenario.Flat, at time.Duration) {
	from, _ := slices.BinarySearch(f.at, p.WarmUp)
	n := len(f.at) - from
	if n < 8 {
		j.judge(report.Judgement{Promise: p.Name, What: "memory", At: at.Seconds(), Text: "the run is too short after the warm-up to say anything"})
		return
	}
	if p.Memory > 0 {
		grown := max(0, median(f.memory[len(f.at)-n/4:])-median(f.memory[from:from+n/4]))
		j.judge(report.Judgement{
			Promise: p.Name, What: "memory", At: at.Seconds(), Value: float64(grown), Kept: grown <= int64(p.Memory),
			Text: fmt.Sprintf("memory has grown by %v", language.Size(grown)),
		})
	}
	if p.Tasks >= 0 {
		grown := max(0, median(f.tasks[len(f.at)-n/4:])-median(f.tasks[from:from+n/4]))
		j.judge(report.Judgement{
			Promise: p.Name, What: "tasks", At: at.Seconds(), Value: float64(grown), Kept: grown <= p.Tasks,
			Text: fmt.Sprintf("there are %d tasks more", grown),
		})
	}
}

func median[T int | int64](list []T) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
