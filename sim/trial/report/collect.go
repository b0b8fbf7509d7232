package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// maxValues bounds the judgements that a promise keeps one by one.
const maxValues = 10000

// maxNumber is the greatest number that a judgement may have: JSON and drawings cannot show larger ones, or what is not a
// number.
const maxNumber = 1e15

// badness orders verdicts from good to bad.
func (v Verdict) badness() int { return slices.Index([]Verdict{Kept, Unknown, Broken, NotSame}, v) }

// worse returns the worse of two verdicts.
func worse(a, b Verdict) Verdict {
	if b.badness() > a.badness() {
		return b
	}
	return a
}

// Verdict returns the worst verdict of all scenarios. A report without scenarios, or one that ended early, is
// unknown at best.
func (r Report) Verdict() Verdict {
	v := Kept
	if len(r.Scenarios) == 0 || r.Ended != "" {
		v = Unknown
	}
	for _, sc := range r.Scenarios {
		v = worse(v, sc.Verdict)
	}
	return v
}

// Exit returns the exit code of the command that made the report.
func (r Report) Exit() int {
	switch r.Verdict() {
	case NotSame:
		return ExitNotSame
	case Broken:
		return ExitBroken
	case Unknown:
		return ExitUnknown
	}
	return ExitKept
}

// Collect derives the results of a scenario from its runs: the verdict of each run, Promises, Sometimes, Verdict and Why.
//
// Promises and Sometimes that are already there are what the scenario declares: their name, what, place, text, unit and
// bound stay, and their figures are made anew. A declared promise that was never judged therefore shows, and makes the
// scenario unknown. What is judged or broken without being declared gets a row of its own. A verdict that a run or the
// scenario already has can only get worse. Calling Collect again changes nothing.
func Collect(sc *Scenario) {
	slices.SortStableFunc(sc.Runs, func(a, b Run) int { return cmp.Compare(a.Seed, b.Seed) })
	rows := newRows(sc.Promises)
	for i := range sc.Runs {
		r := &sc.Runs[i]
		for j := range r.Judged {
			r.Judged[j].Value = finite(r.Judged[j].Value)
			rows.judge(r.Seed, r.Judged[j])
		}
		for _, b := range r.Breaks {
			rows.broken(r, b)
		}
		for _, samples := range [][]Sample{r.Memory, r.Level} {
			for j := range samples {
				samples[j].Value = finite(samples[j].Value)
			}
		}
		r.Verdict = worse(r.Verdict, verdictOf(r))
	}
	sc.Promises = rows.promises(len(sc.Runs))
	collectSometimes(sc)
	sc.Why, sc.Verdict = nil, worse(Kept, sc.Verdict)
	for _, reason := range reasons(sc) {
		sc.Verdict = worse(sc.Verdict, reason.verdict)
		sc.Why = append(sc.Why, reason.text)
	}
}

// verdictOf returns the verdict that follows from what a run has seen.
func verdictOf(r *Run) Verdict {
	switch {
	case r.Differs != "":
		return NotSame
	case len(r.Breaks) > 0 || slices.ContainsFunc(r.Judged, func(j Judgement) bool { return !j.Kept }):
		return Broken
	case len(r.Unsupported) > 0:
		return Unknown
	}
	return Kept
}

// reason is why a scenario is not called kept.
type reason struct {
	verdict Verdict
	text    string
}

// reasons returns the reasons for a verdict, the worst first.
func reasons(sc *Scenario) (list []reason) {
	if len(sc.Runs) == 0 {
		return []reason{{Unknown, "no run of it ended"}}
	}
	for _, r := range sc.Runs {
		if r.Verdict == NotSame {
			list = append(list, reason{NotSame, fmt.Sprintf("seed %d gives two different traces", r.Seed)})
		}
	}
	for _, p := range sc.Promises {
		if !p.Kept && p.Broken > 0 {
			list = append(list, reason{Broken, fmt.Sprintf("%s: broken %d of %d times, at worst by seed %d", p.Title(), p.Broken, p.N, p.WorstAt)})
		}
	}
	unsupported, order := map[string]int{}, []string{}
	for _, r := range sc.Runs {
		for _, u := range r.Unsupported {
			if unsupported[u]++; unsupported[u] == 1 {
				order = append(order, u)
			}
		}
	}
	for _, u := range order {
		list = append(list, reason{Unknown, fmt.Sprintf("unsupported here, in %s: %s", count(unsupported[u], "run"), u)})
	}
	for _, s := range sc.Sometimes {
		if s.Runs == 0 {
			list = append(list, reason{Unknown, fmt.Sprintf("sometimes %s: never reached in %s", s.Name, count(len(sc.Runs), "run"))})
		}
	}
	for _, p := range sc.Promises {
		if p.N == 0 {
			list = append(list, reason{Unknown, fmt.Sprintf("%s: never put to the test in %s", p.Title(), count(len(sc.Runs), "run"))})
		}
	}
	if sc.Asked > len(sc.Runs) {
		list = append(list, reason{Unknown, fmt.Sprintf("only %d of %s ended", len(sc.Runs), count(sc.Asked, "run"))})
	}
	return list
}

// Title names a promise fully: one block may promise several things.
func (p Promise) Title() string {
	switch p.What {
	case "detect", "recover", "memory", "tasks":
		return p.Name + " " + p.What
	}
	return p.Name
}

// collectSometimes counts the runs that reached each situation.
func collectSometimes(sc *Scenario) {
	at := map[string]int{}
	for i := range sc.Sometimes {
		s := &sc.Sometimes[i]
		s.Runs, s.First, s.At = 0, 0, 0
		at[s.Name] = i
	}
	for _, r := range sc.Runs {
		for _, reached := range r.Reached {
			i, ok := at[reached.Name]
			if !ok {
				i = len(sc.Sometimes)
				at[reached.Name] = i
				sc.Sometimes = append(sc.Sometimes, Sometimes{Name: reached.Name})
			}
			s := &sc.Sometimes[i]
			if s.Runs++; s.Runs == 1 {
				s.First, s.At = r.Seed, reached.At
			}
		}
	}
}

// rows are promises while they are being counted.
type rows struct {
	order []*row
	by    map[[2]string]*row
}

type row struct {
	Promise
	values []float64
	kept   bool // the worst one was kept
}

func newRows(declared []Promise) *rows {
	rs := &rows{by: map[[2]string]*row{}}
	for _, p := range declared {
		p.N, p.Broken, p.Median, p.P99, p.Worst, p.WorstAt, p.Values, p.Kept = 0, 0, 0, 0, 0, 0, nil, true
		rs.add(p)
	}
	return rs
}

func (rs *rows) add(p Promise) *row {
	r := &row{Promise: p, kept: true}
	rs.order = append(rs.order, r)
	rs.by[[2]string{p.Name, p.What}] = r
	return r
}

func (rs *rows) judge(seed uint64, j Judgement) {
	r := rs.by[[2]string{j.Promise, j.What}]
	if r == nil {
		r = rs.add(Promise{Name: j.Promise, What: j.What, Kept: true})
	}
	r.N++
	// What was not kept is worse than everything that was, whatever its value.
	if r.N == 1 || r.kept && !j.Kept || r.kept == j.Kept && j.Value > r.Worst {
		r.Worst, r.WorstAt, r.kept = j.Value, seed, j.Kept
	}
	r.values = append(r.values, j.Value)
	if !j.Kept {
		r.Broken++
		r.Kept = false
	}
}

// broken counts a break that has no judgement, and adopts its place.
func (rs *rows) broken(run *Run, b Break) {
	r := rs.by[[2]string{b.Promise, b.What}]
	if r == nil {
		r = rs.add(Promise{Name: b.Promise, What: b.What, Kept: true})
	}
	if r.File == "" {
		r.File, r.Line, r.Source = b.File, b.Line, b.Source
	}
	judged := slices.ContainsFunc(run.Judged, func(j Judgement) bool { return j.Promise == b.Promise && j.What == b.What && !j.Kept })
	if judged {
		return
	}
	r.N++
	r.Broken++
	if r.Kept {
		r.WorstAt, r.Kept, r.kept = run.Seed, false, false
	}
}

// promises returns the rows. Safety only shows when it breaks, so it counts as judged in every run.
func (rs *rows) promises(runs int) []Promise {
	list := make([]Promise, 0, len(rs.order))
	for _, r := range rs.order {
		p := r.Promise
		if len(r.values) == 0 && p.N > 0 {
			p.N = max(p.N, runs)
		}
		p.Values = thin(r.values, maxValues)
		sorted := slices.Sorted(slices.Values(r.values))
		p.Median, p.P99 = Median(sorted), Percentile(sorted, 0.99)
		list = append(list, p)
	}
	return list
}

// thin returns at most n values, evenly chosen, always with the last one.
func thin(values []float64, n int) []float64 {
	if len(values) <= n {
		return slices.Clone(values)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = values[(i+1)*len(values)/n-1]
	}
	return out
}

// Median returns the middle of sorted values, or the mean of the two in the middle; 0 if there are
// none.
func Median(sorted []float64) float64 {
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	}
	return sorted[n/2-1] + (sorted[n/2]-sorted[n/2-1])/2
}

// Percentile returns the smallest of sorted values that at least this share of them does not exceed (nearest rank); 0
// if there are none.
func Percentile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// finite replaces a number that not every form can hold.
func finite(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return max(-maxNumber, min(maxNumber, v))
}
