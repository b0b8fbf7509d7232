package act

import (
	"maps"
	"slices"
	"time"
)

// Buckets are the bounds of the histograms of a Tally, in seconds: from a sentence that is read at once to a shutter that closes.
var Buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// Histogram counts durations. The zero value is empty.
type Histogram struct {
	Counts []uint64 // up to each of Buckets, and at last those above
	Sum    float64  // seconds
}

// Count is how many durations there are.
func (h Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

func (h Histogram) with(d time.Duration) Histogram {
	seconds := max(0, d.Seconds())
	at, _ := slices.BinarySearch(Buckets, seconds)
	counts := make([]uint64, len(Buckets)+1)
	copy(counts, h.Counts)
	counts[at]++
	return Histogram{counts, h.Sum + seconds}
}

// Tally is what came of the texts of a topic since it was built. It is immutable: With makes another. It is bounded: its keys are tiers,
// results, verdicts and names of blocks.
type Tally struct {
	Texts map[TextKind]uint64
	Calls map[CallKind]uint64
	// ToCall is from a text to its first call, the time in line included; ToProof is from a call to its proof.
	ToCall, ToProof Histogram
}

// TextKind is how a text was understood and what came of it.
type TextKind struct {
	Tier   Tier
	Result Result
}

// CallKind is who was called and what came of it.
type CallKind struct {
	Backend string // "" for what ORAC does itself
	Verdict Verdict
}

// With counts an answer.
func (y Tally) With(a Answer) Tally {
	out := Tally{maps.Clone(y.Texts), maps.Clone(y.Calls), y.ToCall, y.ToProof}
	if out.Texts == nil {
		out.Texts, out.Calls = map[TextKind]uint64{}, map[CallKind]uint64{}
	}
	out.Texts[TextKind{a.Reading.Tier, a.Result()}]++
	var first time.Time
	for _, o := range slices.Concat(a.Outcomes, a.Undone) {
		out.Calls[CallKind{o.Call.Backend, o.Verdict}]++
		if o.Sent.IsZero() || o.Call.Backend == "" {
			continue
		}
		if first.IsZero() || o.Sent.Before(first) {
			first = o.Sent
		}
		if !o.Proof.IsZero() {
			out.ToProof = out.ToProof.with(o.Proof.Sub(o.Sent))
		}
	}
	if !first.IsZero() {
		out.ToCall = out.ToCall.with(first.Sub(a.Came))
	}
	return out
}
