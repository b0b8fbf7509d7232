package play

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"orac/runbook"
	"orac/runbook/scenario"
)

// occurrence is a fault of a run: one of the scenario at one of its times, or one that was drawn.
type occurrence struct {
	scenario.Fault
	name  string // fault.KIND.NAME, or swarm.N
	begin time.Duration
	end   time.Duration // begin: it happens at an instant
}

func (o occurrence) lasts() bool { return o.end > o.begin }

// stream is the random stream of a name under a seed. The simulator draws the same way from the same names: one seed means the
// same faults at the same times in both.
func stream(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// mostOccurrences bounds how often anything happens in a run.
const mostOccurrences = 100_000

// times are when something happens that is at a time, or every so often, until an end.
func times(r *rand.Rand, at, every, late time.Duration, most int, until time.Duration) (list []time.Duration) {
	for n := 0; n < mostOccurrences && (most == 0 || n < most); n++ {
		due := at + time.Duration(n)*every
		if due >= until {
			break
		}
		if late > 0 {
			due += time.Duration(r.Int64N(int64(late) + 1))
		}
		list = append(list, due)
		if every <= 0 {
			break
		}
	}
	return list
}

// schedule is every fault of a run, in order of its begin.
func schedule(sc *scenario.Scenario, rb *runbook.Runbook, seed uint64) []occurrence {
	var list []occurrence
	for _, f := range sc.Faults {
		r := stream(seed, "fault "+string(f.Address))
		for _, at := range times(r, f.At, f.Every, f.Jitter, f.Times, sc.Head.Heal) {
			list = append(list, occurrence{Fault: f, name: string(f.Address), begin: at, end: min(at+f.For, max(sc.Head.Heal, at))})
		}
	}
	list = append(list, swarm(sc, rb, seed)...)
	for i := range list {
		aim(&list[i], rb)
	}
	slices.SortStableFunc(list, func(a, b occurrence) int { return cmp.Compare(a.begin, b.begin) })
	return list
}

// swarm draws faults. Each seed takes a subset of the kinds first.
func swarm(sc *scenario.Scenario, rb *runbook.Runbook, seed uint64) (list []occurrence) {
	s := sc.Swarm
	if s.Every <= 0 || len(s.Weights) == 0 {
		return nil
	}
	r := stream(seed, "swarm")
	kinds := slices.DeleteFunc(sorted(s.Weights), func(k string) bool {
		kind := scenario.Kind(k)
		return kind.Info().Target != "" && len(targets(kind, rb)) == 0
	})
	if s.Subset {
		kept := slices.DeleteFunc(slices.Clone(kinds), func(string) bool { return r.IntN(2) == 0 })
		if len(kept) > 0 {
			kinds = kept
		}
	}
	total := 0.0
	for _, k := range kinds {
		total += s.Weights[k]
	}
	busy := map[string]time.Duration{} // when the last fault of a kind and target ends
	for at := s.From; total > 0 && len(list) < mostOccurrences; {
		at += time.Duration(float64(s.Every) * math.Min(8, -math.Log(1-r.Float64())))
		if at >= sc.Head.Heal {
			return list
		}
		pick, kind := r.Float64()*total, kinds[len(kinds)-1]
		for _, k := range kinds {
			if pick -= s.Weights[k]; pick < 0 {
				kind = k
				break
			}
		}
		f := drawn(scenario.Kind(kind), rb, r)
		long := time.Duration(float64(s.Least) * math.Pow(float64(max(s.Most, s.Least))/float64(max(s.Least, 1)), r.Float64()))
		o := occurrence{Fault: f, name: fmt.Sprint("swarm.", len(list)+1), begin: at.Round(time.Millisecond)}
		if o.end = o.begin; f.Kind.Info().Lasts {
			o.end = min(o.begin+long.Round(time.Millisecond), sc.Head.Heal)
		}
		if key := kind + " " + f.Target; busy[key] <= o.begin {
			busy[key] = o.end + 5*time.Second
			list = append(list, o)
		}
	}
	return list
}

// drawn is a fault of a kind with a target and an extent drawn from the stream.
func drawn(k scenario.Kind, rb *runbook.Runbook, r *rand.Rand) scenario.Fault {
	f := scenario.Fault{Kind: k}
	if names := targets(k, rb); len(names) > 0 {
		f.Target = names[r.IntN(len(names))]
	}
	switch k {
	case scenario.Drops:
		f.Rate = 0.02 + 0.2*r.Float64()
	case scenario.WrongRate:
		f.Rate = 0.8 + 0.4*r.Float64()
	case scenario.STTSlow, scenario.WebhookSlow:
		f.Delay = time.Duration(1+r.IntN(20)) * time.Second
	case scenario.DiskSlow:
		f.Delay = time.Duration(5+r.IntN(200)) * time.Millisecond
	case scenario.ClockJump:
		f.By, f.Back = time.Duration(1+r.IntN(7200))*time.Second, r.IntN(2) == 0
	case scenario.MemoryLeak:
		f.Size = runbook.Size(1+r.IntN(64)) << 20
	case scenario.MemoryRise:
		f.Size = runbook.Size(50+r.IntN(400)) << 20
	case scenario.Unplug:
		f.Other = r.IntN(2) == 0
	case scenario.PowerLoss, scenario.Kill:
		f.For = time.Duration(1+r.IntN(10)) * time.Second
	}
	return f
}

// aim fills in what an empty target means: the first of its kind.
func aim(o *occurrence, rb *runbook.Runbook) {
	if names := targets(o.Kind, rb); o.Target == "" && len(names) > 0 {
		o.Target = names[0]
	}
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
