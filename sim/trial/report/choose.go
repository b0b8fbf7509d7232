package report

import (
	"cmp"
	"slices"
)

// How many timelines of one scenario the page shows at most.
const (
	maxBrokenDrawn = 12
	maxWorstDrawn  = 3
)

// chosen is a run whose timeline is drawn, and why.
type chosen struct {
	index int
	why   string
}

// choose picks the runs whose timelines are drawn: first those that were not kept (beginning with the best example of each
// broken promise), then those that came nearest to a bound. If there are few runs, all are drawn.
func choose(sc *Scenario) (list []chosen) {
	have := map[int]bool{}
	add := func(i int, why string) {
		if i >= 0 && !have[i] {
			have[i] = true
			list = append(list, chosen{i, why})
		}
	}
	for _, g := range breaksOf(sc) {
		if len(list) < maxBrokenDrawn {
			add(g.index, "not kept")
		}
	}
	for _, want := range []Verdict{NotSame, Broken, Unknown} {
		for i := range sc.Runs {
			if sc.Runs[i].Verdict == want && len(list) < maxBrokenDrawn {
				add(i, "not kept")
			}
		}
	}
	worst := slices.Clone(sc.Promises)
	slices.SortStableFunc(worst, func(a, b Promise) int { return cmp.Compare(a.Margin(), b.Margin()) })
	kept := 0
	for _, p := range worst {
		if p.Bound <= 0 || p.N == 0 || kept == maxWorstDrawn {
			continue
		}
		i := slices.IndexFunc(sc.Runs, func(r Run) bool { return r.Seed == p.WorstAt && r.Verdict == Kept })
		if i >= 0 && !have[i] {
			kept++
			add(i, "nearest to the bound of "+p.Title())
		}
	}
	for i := range sc.Runs {
		if len(sc.Runs) <= maxWorstDrawn || len(list) == 0 {
			add(i, "")
		}
	}
	return list
}
