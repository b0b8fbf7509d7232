package api

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"orac/appliance/store"
	"orac/runbook"
	"orac/web/schema"
)

// judgedFor is how long a verdict counts.
const judgedFor = 90 * 24 * time.Hour

const (
	// A suggestion needs this many verdicts on wakes that reach the present threshold. Ten good wakes that all pass leave
	// a chance of one in twelve that the next one does not; with fewer, a suggestion would be a guess.
	leastFalse, leastTrue = 3, 10
	// mostMissed limits the share of good wakes that a suggestion may miss: one in mostMissed.
	mostMissed = 20
	// missWeight is how many false wakes are as bad as one missed command.
	missWeight = 2
	// margin is how far a suggestion may go above the lowest threshold of the same cost, in
	// hundredths.
	margin = 1
	// longestPatience and strictestGate limit what is offered: beyond them a model hardly hears its word.
	longestPatience, usualGate, strictestGate = 5, 0.5, 0.7
)

// Threshold is what the verdicts say about a model.
type Threshold struct {
	Model        string   `json:"model"`
	Threshold    float64  `json:"threshold"`
	True         int      `json:"true_wakes"`
	False        int      `json:"false_wakes"`
	Highest      float64  `json:"highest_false" doc:"The highest score of a false wake; 0 if there is none."`
	Lowest       float64  `json:"lowest_true" doc:"The lowest score of an intended wake; 0 if there is none."`
	State        string   `json:"state" doc:"fine: no false wake reaches the threshold. few: a suggestion needs more verdicts. threshold: a higher one helps. other: a threshold is not enough, or does not help."`
	MissingFalse int      `json:"missing_false" doc:"How many more verdicts on false wakes a suggestion needs."`
	MissingTrue  int      `json:"missing_true" doc:"How many more verdicts on intended wakes a suggestion needs."`
	Suggestion   *float64 `json:"suggestion" doc:"The threshold at which false wakes and missed wakes cost least; a missed one counts as two, and at most one in 20 may be missed. Null if no higher one costs less, or too little is known."`
	Misses       int      `json:"misses" doc:"How many intended wakes the suggestion would have missed."`
	Costs        []Cost   `json:"costs" doc:"Costs of the present threshold, then of the suggestion. Empty if no false wake reaches the threshold."`
	Offers       []Offer  `json:"offers" doc:"Settings to try, best first."`
}

// Cost is the effect of a threshold on the judged wakes that reach the present one.
type Cost struct {
	Threshold float64 `json:"threshold"`
	False     int     `json:"false_wakes" doc:"How many of the judged false wakes fire."`
	Missed    int     `json:"missed" doc:"How many of the judged intended wakes do not fire."`
	FalseRate float64 `json:"false_rate" doc:"The expected share of the present false wakes that still fire, 0 to 1."`
	MissRate  float64 `json:"miss_rate" doc:"The expected share of intended wakes that are missed in addition to those missed now, 0 to 1."`
}

// Offer is a suggested value of an attribute.
type Offer struct {
	Block     string `json:"block"`
	Attribute string `json:"attribute"`
	Value     string `json:"value" doc:"An expression."`
	Was       string `json:"was"`
	Why       string `json:"why"`
}

func getThresholds(c *Call, _ schema.None) ([]Threshold, error) {
	h, err := c.history()
	if err != nil {
		return nil, err
	}
	judged, err := h.Judged(time.Now().Add(-judgedFor))
	if err != nil {
		return nil, historyProblem(err)
	}
	out := []Threshold{}
	rb := c.Server.o.App.Declared.Runbook()
	for _, m := range rb.Models {
		out = append(out, suggest(m, rb.Listeners, judged[m.Name]))
	}
	return out, nil
}

// suggest weighs the false wakes that a higher threshold of a model would avoid against the good ones it would miss. The
// suggestion is the lowest threshold with the lowest cost, in hundredths, plus up to the margin while the cost stays the same. It
// is above the present threshold and at most 0.99, and all but one in mostMissed of the good wakes reach it. If more than half of
// the false wakes would remain, suggest offers patience and the voice gate.
func suggest(m runbook.Model, listeners []runbook.Listener, judged []store.Judged) Threshold {
	t := Threshold{Model: m.Name, Threshold: m.Threshold, State: "fine", Costs: []Cost{}, Offers: []Offer{}}
	var wrong, right []float64 // scores of the wakes that reach the present threshold
	for _, j := range judged {
		passes := reaches(j.Score, m.Threshold)
		if j.FalseWake {
			t.False++
			t.Highest = max(t.Highest, j.Score)
			if passes {
				wrong = append(wrong, j.Score)
			}
			continue
		}
		if t.True++; t.Lowest == 0 || j.Score < t.Lowest {
			t.Lowest = j.Score
		}
		if passes {
			right = append(right, j.Score)
		}
	}
	if len(wrong) == 0 {
		return t
	}
	now := Cost{Threshold: m.Threshold, False: len(wrong), FalseRate: 1}
	t.Costs = append(t.Costs, now)
	t.MissingFalse, t.MissingTrue = max(0, leastFalse-len(wrong)), max(0, leastTrue-len(right))
	if t.MissingFalse > 0 || t.MissingTrue > 0 {
		t.State = "few"
		return t
	}
	left := len(wrong)
	if best, ok := cheapest(now, wrong, right); ok {
		t.State, t.Suggestion, t.Misses, left = "threshold", &best.Threshold, best.Missed, best.False
		t.Costs = append(t.Costs, best)
		t.Offers = append(t.Offers, Offer{string(m.Address), "threshold", shortNumber(best.Threshold), shortNumber(m.Threshold), "Scores below it do not fire."})
	}
	if 2*left > len(wrong) {
		t.State = "other"
		t.Offers = append(t.Offers, besides(m, listeners)...)
	}
	return t
}

// cheapest returns the threshold with the lowest cost, or false if none costs less than the present
// one.
func cheapest(now Cost, wrong, right []float64) (best Cost, ok bool) {
	weight := func(c Cost) int { return c.False + missWeight*c.Missed }
	best = now
	first := 0
	for h := int(math.Floor(now.Threshold*100)) + 1; h <= 99; h++ {
		c := costOf(float64(h)/100, wrong, right)
		if c.Threshold <= now.Threshold {
			continue
		}
		if c.Missed*mostMissed > len(right) {
			break // every higher threshold misses too many as well
		}
		if weight(c) < weight(best) {
			best, first, ok = c, h, true
		} else if ok && weight(c) == weight(best) && c.False == best.False && h <= first+margin {
			best = c
		}
	}
	return best, ok
}

// costOf counts, and estimates by the rule of succession: after k of n, the probability of the next
// is (k+1)/(n+2).
func costOf(threshold float64, wrong, right []float64) Cost {
	c := Cost{Threshold: threshold}
	for _, s := range wrong {
		if reaches(s, threshold) {
			c.False++
		}
	}
	for _, s := range right {
		if !reaches(s, threshold) {
			c.Missed++
		}
	}
	c.FalseRate = float64(c.False+1) / float64(len(wrong)+2)
	c.MissRate = float64(c.Missed+1) / float64(len(right)+2)
	return c
}

// reaches compares as the trigger does.
func reaches(score, threshold float64) bool { return float32(score) >= float32(threshold) }

// besides offers what helps if false wakes score as high as good ones.
func besides(m runbook.Model, listeners []runbook.Listener) (list []Offer) {
	if p := m.Patience + 1; p <= longestPatience {
		list = append(list, Offer{string(m.Address), "patience", strconv.Itoa(p), strconv.Itoa(m.Patience),
			fmt.Sprintf("The score must hold for %d ms: a short sound that resembles the word does not fire.", p*80)})
	}
	for _, l := range listeners {
		gate := usualGate
		if l.VADThreshold > 0 {
			gate = strictestGate
		}
		if l.VADThreshold < gate && slices.Contains(l.Models, m.Address) {
			list = append(list, Offer{string(l.Address), "vad_threshold", shortNumber(gate), shortNumber(l.VADThreshold), "The voice gate: only voices fire."})
		}
	}
	return list
}

// shortNumber writes a number in the shortest form that reads back as the same float32, the type in which thresholds
// are compared.
func shortNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 32) }
