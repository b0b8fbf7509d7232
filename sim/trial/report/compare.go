package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"orac/runbook/cells"
)

// Tolerance is how far beyond the simulated range a real time may lie: by a share of the nearer end, or by Slack, whichever
// is more. Slack covers what a simulation of a quiet machine leaves out: the scheduler, a slow disk, the interval between
// looks at the real appliance.
type Tolerance struct {
	Share float64 `json:"share"`
	Slack float64 `json:"slack_seconds"`
}

// DefaultTolerance is a quarter of the end of the range, but at least 250 ms.
var DefaultTolerance = Tolerance{Share: 0.25, Slack: 0.25}

// How a pair of ranges compares.
const (
	Inside    = "inside"            // every real time lies within the simulated range
	Outside   = "outside the model" // some real time does not: a defect of the model
	OnlySim   = "only simulated"
	OnlyChaos = "only real"
)

// Comparison holds what both backends measured for the same scenarios, side by side.
type Comparison struct {
	Version   int       `json:"version"` // of this form: 1
	Tolerance Tolerance `json:"tolerance"`
	Pairs     []Pair    `json:"pairs"` // by scenario, promise and kind of fault
}

// Pair is one kind of time, such as that of recovery from one kind of fault, as both backends
// measured it.
type Pair struct {
	Scenario string    `json:"scenario"`
	Promise  string    `json:"promise"`
	What     string    `json:"what"` // detect or recover
	Kind     string    `json:"kind"` // of the fault
	Bound    float64   `json:"bound_seconds,omitempty"`
	Sim      Range     `json:"sim"`
	Chaos    Range     `json:"chaos"`
	Verdict  string    `json:"verdict"`
	Beyond   []float64 `json:"beyond_seconds,omitempty"` // the real times outside the simulated range
}

// Range is the range of the times of one kind, in seconds.
type Range struct {
	N      int     `json:"n"`
	Min    float64 `json:"min_seconds"`
	Median float64 `json:"median_seconds"`
	Max    float64 `json:"max_seconds"`
}

func rangeOf(values []float64) Range {
	if len(values) == 0 {
		return Range{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return Range{len(sorted), sorted[0], Median(sorted), sorted[len(sorted)-1]}
}

// Holds tells whether a time lies within a range, give or take the tolerance.
func (t Tolerance) Holds(r Range, v float64) bool {
	return v >= r.Min-max(t.Slack, t.Share*r.Min) && v <= r.Max+max(t.Slack, t.Share*r.Max)
}

// key names a Pair.
type key struct{ scenario, promise, what, kind string }

// Compare sets the detection and recovery times of two reports side by side. Scenarios and promises are matched by name,
// faults by kind. Times that were judged without a fault cannot be matched and are left out. For a detection or recovery that
// never came, the time it was waited for counts, which is beyond the range of those that came.
func Compare(sim, chaos Report, t Tolerance) Comparison {
	a, bounds := times(sim)
	b, more := times(chaos)
	for k, bound := range more {
		if bounds[k] == 0 {
			bounds[k] = bound
		}
	}
	c := Comparison{Version: 1, Tolerance: t, Pairs: []Pair{}}
	for k, bound := range bounds {
		p := Pair{Scenario: k.scenario, Promise: k.promise, What: k.what, Kind: k.kind, Bound: bound, Sim: rangeOf(a[k]), Chaos: rangeOf(b[k]), Verdict: Inside}
		switch {
		case p.Chaos.N == 0:
			p.Verdict = OnlySim
		case p.Sim.N == 0:
			p.Verdict = OnlyChaos
		default:
			for _, v := range b[k] {
				if !t.Holds(p.Sim, v) {
					p.Beyond, p.Verdict = append(p.Beyond, v), Outside
				}
			}
		}
		c.Pairs = append(c.Pairs, p)
	}
	slices.SortFunc(c.Pairs, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(x.Scenario, y.Scenario), cmp.Compare(x.Promise, y.Promise), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.What, y.What))
	})
	return c
}

// times returns all detection and recovery times of a report, in order, and the bounds of their
// promises.
func times(r Report) (map[key][]float64, map[key]float64) {
	values, bounds := map[key][]float64{}, map[key]float64{}
	for _, sc := range r.Scenarios {
		bound := map[[2]string]float64{}
		for _, p := range sc.Promises {
			bound[[2]string{p.Name, p.What}] = p.Bound
		}
		for _, run := range sc.Runs {
			for _, j := range run.Judged {
				if j.Kind == "" || j.What != "detect" && j.What != "recover" {
					continue
				}
				k := key{sc.Name, j.Promise, j.What, j.Kind}
				values[k] = append(values[k], finite(j.Value))
				bounds[k] = bound[[2]string{j.Promise, j.What}]
			}
		}
	}
	return values, bounds
}

// Outside returns the defects of the model.
func (c Comparison) Outside() (list []Pair) {
	for _, p := range c.Pairs {
		if p.Verdict == Outside {
			list = append(list, p)
		}
	}
	return list
}

// JSON writes a comparison on one line.
func (c Comparison) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(c)
}

// Terminal writes a comparison for a person: a table per scenario, and the times outside the model.
func (c Comparison) Terminal(w io.Writer, l Look) error {
	p := &page{Look: l}
	for i := 0; i < len(c.Pairs); {
		j := i
		for j < len(c.Pairs) && c.Pairs[j].Scenario == c.Pairs[i].Scenario {
			j++
		}
		p.line("%s", p.strong(cells.Shorten(clean(c.Pairs[i].Scenario), l.Width)))
		p.pairs(c.Pairs[i:j])
		p.line("")
		i = j
	}
	n := map[string]int{}
	for _, pair := range c.Pairs {
		n[pair.Verdict]++
	}
	for _, pair := range c.Outside() {
		var beyond []string
		for _, v := range pair.Beyond[:min(len(pair.Beyond), 6)] {
			beyond = append(beyond, span(v))
		}
		p.text(0, p.bad("✗"), fmt.Sprintf("outside the model: %s, %s: %s: %s in reality, %s to %s simulated", pair.Scenario, pair.title(), pair.Kind,
			strings.Join(beyond, ", "), span(pair.Sim.Min), span(pair.Sim.Max)), plain)
	}
	mark, paint := "✓", p.good
	switch {
	case n[Outside] > 0:
		mark, paint = "✗", p.bad
	case n[Inside] == 0:
		mark, paint = "?", p.warn
	}
	p.text(0, paint(mark), fmt.Sprintf("%d inside, %d outside the model, %d only simulated, %d only real; tolerated beyond the range: %.0f %%, at least %s",
		n[Inside], n[Outside], n[OnlySim], n[OnlyChaos], 100*c.Tolerance.Share, span(c.Tolerance.Slack)), plain)
	_, err := io.WriteString(w, p.b.String())
	return err
}

func (pair Pair) title() string { return Promise{Name: pair.Promise, What: pair.What}.Title() }

func (p *page) pairs(list []Pair) {
	rows := [][]string{{"FAULT, PROMISE", "BOUND", "SIMULATED", "REAL", "N", ""}}
	for _, pair := range list {
		mark, verdict := p.good("✓"), ""
		switch pair.Verdict {
		case Outside:
			mark, verdict = p.bad("✗"), p.bad("outside")
		case OnlySim, OnlyChaos:
			mark, verdict = p.faint("–"), p.faint(pair.Verdict)
		}
		row := []string{mark + " " + clean(pair.Kind+", "+pair.title()), "", pair.Sim.String(), pair.Chaos.String(), fmt.Sprintf("%d/%d", pair.Sim.N, pair.Chaos.N), verdict}
		if pair.Bound > 0 {
			row[1] = span(pair.Bound)
		}
		rows = append(rows, row)
	}
	var drop []int
	if p.Width > 0 && p.Width < 76 {
		drop = []int{1, 4}
	}
	p.table(rows, drop)
}

// String returns "1.2 s..2.3 s", or one time if both ends read the same.
func (r Range) String() string {
	switch {
	case r.N == 0:
		return ""
	case span(r.Min) == span(r.Max):
		return span(r.Min)
	}
	return span(r.Min) + ".." + span(r.Max)
}
