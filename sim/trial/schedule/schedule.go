// Package schedule draws what happens in a run of a scenario, and when: its faults, those of the swarm, and the times of
// its sounds.
//
// It guarantees that everything is a function of the scenario, the runbook and the seed: the simulator and the chaos
// runner break the same things at the same times.
package schedule

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"orac/runbook"
	"orac/runbook/scenario"
)

// Occurrence is a fault of a schedule: one of the scenario at one of its times, or one that was drawn. Times are since the
// start of the run.
type Occurrence struct {
	scenario.Fault
	Name  string // fault.KIND.NAME, or swarm.N
	Begin time.Duration
	End   time.Duration // equal to Begin if it is instantaneous
}

// Lasts tells whether a fault ends at a later time than it begins.
func (o Occurrence) Lasts() bool { return o.End > o.Begin }

// Stream returns the random stream of a name under a seed: adding a stream does not change the others.
func Stream(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// Jitter draws a time from 0 to most.
func Jitter(r *rand.Rand, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(r.Int64N(int64(most) + 1))
}

// Most limits how often anything happens in a run.
const Most = 100_000

// Times returns when something happens that is scheduled at a time, or at intervals, until an end.
func Times(r *rand.Rand, at, every, late time.Duration, most int, until time.Duration) (list []time.Duration) {
	for n := 0; n < Most && (most == 0 || n < most); n++ {
		due := at + time.Duration(n)*every
		if due >= until {
			break
		}
		list = append(list, due+Jitter(r, late))
		if every <= 0 {
			break
		}
	}
	return list
}

// Of returns all faults of a run, in the order in which they begin, each with its target.
func Of(sc *scenario.Scenario, rb *runbook.Runbook, seed uint64) []Occurrence {
	var list []Occurrence
	for _, f := range sc.Faults {
		if f.EveryWrite {
			continue // such a fault needs a separate run for each write
		}
		r := Stream(seed, "fault "+string(f.Address))
		for _, at := range Times(r, f.At, f.Every, f.Jitter, f.Times, sc.Head.Heal) {
			list = append(list, Occurrence{Fault: f, Name: string(f.Address), Begin: at, End: min(at+f.For, max(sc.Head.Heal, at))})
		}
	}
	list = append(list, swarm(sc, rb, seed)...)
	for i := range list {
		Aim(&list[i], rb)
	}
	slices.SortStableFunc(list, func(a, b Occurrence) int { return cmp.Compare(a.Begin, b.Begin) })
	return list
}

// swarm draws faults. Each seed first picks a subset of the kinds, so that faults that hide each other are apart in some seeds.
func swarm(sc *scenario.Scenario, rb *runbook.Runbook, seed uint64) (list []Occurrence) {
	s := sc.Swarm
	if s.Every <= 0 || len(s.Weights) == 0 {
		return nil
	}
	r := Stream(seed, "swarm")
	var kinds []scenario.Kind
	for k := range s.Weights {
		if kind := scenario.Kind(k); kind.Info().Target == "" || len(Targets(kind, rb)) > 0 {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	if s.Subset {
		kept := slices.DeleteFunc(slices.Clone(kinds), func(scenario.Kind) bool { return r.IntN(2) == 0 })
		if len(kept) > 0 {
			kinds = kept
		}
	}
	total := 0.0
	for _, k := range kinds {
		total += s.Weights[string(k)]
	}
	busy := map[string]time.Duration{} // when the last fault of a kind and target ends
	for at := s.From; total > 0 && len(list) < Most; {
		at += time.Duration(float64(s.Every) * math.Min(8, -math.Log(1-r.Float64())))
		if at >= sc.Head.Heal {
			return list
		}
		pick, kind := r.Float64()*total, kinds[len(kinds)-1]
		for _, k := range kinds {
			if pick -= s.Weights[string(k)]; pick < 0 {
				kind = k
				break
			}
		}
		target := ""
		if names := Targets(kind, rb); len(names) > 0 {
			target = names[r.IntN(len(names))]
		}
		f := kind.Draw(r, target)
		long := time.Duration(float64(s.Least) * math.Pow(float64(max(s.Most, s.Least))/float64(max(s.Least, 1)), r.Float64()))
		long = long.Round(time.Millisecond)
		o := Occurrence{Fault: f, Name: fmt.Sprint("swarm.", len(list)+1), Begin: at.Round(time.Millisecond)}
		if o.End = o.Begin; kind.Info().Lasts {
			o.End = min(o.Begin+long, sc.Head.Heal)
		}
		if key := string(kind) + " " + f.Target; busy[key] <= o.Begin {
			busy[key] = o.End + 5*time.Second
			list = append(list, o)
		}
	}
	return list
}
