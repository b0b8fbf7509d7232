package report

import (
	"fmt"
	"slices"
	"strings"
)

// broken is one promise that broke, with the run that shows it best: the first with shrunk faults, else the first.
type broken struct {
	Break
	run   *Run
	index int      // of the run
	runs  int      // how many broke it
	seeds []uint64 // that broke it, each once
}

// breaksOf groups the breaks of a scenario by promise, in order of appearance.
func breaksOf(sc *Scenario) (list []*broken) {
	by := map[[2]string]*broken{}
	for i := range sc.Runs {
		r := &sc.Runs[i]
		counted := map[*broken]bool{}
		for _, b := range r.allBreaks(sc) {
			key := [2]string{b.Promise, b.What}
			g := by[key]
			if g == nil {
				g = &broken{Break: b, run: r, index: i}
				by[key] = g
				list = append(list, g)
			}
			if len(g.run.Shrunk) == 0 && len(r.Shrunk) > 0 {
				g.Break, g.run, g.index = b, r, i
			}
			if !counted[g] {
				counted[g] = true
				g.runs++
			}
			if !slices.Contains(g.seeds, r.Seed) {
				g.seeds = append(g.seeds, r.Seed)
			}
		}
	}
	return list
}

// allBreaks returns the breaks of a run, and adds one for each promise that was judged as not kept and has none yet. A
// break without a place gets that of its promise.
func (r *Run) allBreaks(sc *Scenario) []Break {
	list := slices.Clone(r.Breaks)
	for _, j := range r.Judged {
		if !j.Kept && !slices.ContainsFunc(list, func(b Break) bool { return b.Promise == j.Promise && b.What == j.What }) {
			list = append(list, Break{Promise: j.Promise, What: j.What, At: j.At, Text: j.Text})
		}
	}
	for i := range list {
		b := &list[i]
		if b.File != "" {
			continue
		}
		if n := slices.IndexFunc(sc.Promises, func(p Promise) bool { return p.Name == b.Promise && p.What == b.What }); n >= 0 {
			b.File, b.Line, b.Source = sc.Promises[n].File, sc.Promises[n].Line, sc.Promises[n].Source
		}
	}
	return list
}

// title names what broke.
func (b Break) title() string { return Promise{Name: b.Promise, What: b.What}.Title() }

// saw returns what was seen, for people.
func (b Break) saw() string {
	if b.Text == "" {
		return "not kept"
	}
	return b.Text
}

// others says which other seeds broke the same promise.
func (g *broken) others(sc *Scenario) string {
	var names []string
	for _, s := range g.seeds {
		if s != g.run.Seed {
			names = append(names, fmt.Sprint(s))
		}
	}
	switch {
	case len(names) == 0 && g.runs > 1:
		return fmt.Sprintf("other runs with this seed broke it, too: %d of %s", g.runs, count(len(sc.Runs), "run"))
	case len(names) == 0:
		return ""
	}
	more := ""
	if rest := len(names) - 8; rest > 0 {
		names, more = names[:8], fmt.Sprintf(" and %d more", rest)
	}
	return fmt.Sprintf("seed %s%s broke it, too: %d of %s", strings.Join(names, ", "), more, g.runs, count(len(sc.Runs), "run"))
}

// shown returns the promises of a scenario as a person reads them: the demands of safety that were all kept share
// one row.
func shown(sc *Scenario) (list []Promise) {
	safety := Promise{Name: "safety", What: "safety", Kept: true}
	var names []string
	for _, p := range sc.Promises {
		if p.What != "safety" || !p.Kept || p.N == 0 {
			list = append(list, p)
			continue
		}
		names = append(names, strings.TrimPrefix(p.Name, "safety/"))
		safety.N = max(safety.N, p.N)
	}
	if len(names) > 0 {
		safety.Text = strings.Join(names, ", ")
		list = append(list, safety)
	}
	return list
}

// enough introduces the smallest set of faults of a run.
func enough(r *Run) string {
	n, all := len(r.Shrunk), len(r.Faults)
	switch {
	case n == 0:
		return ""
	case all > n && n == 1:
		return fmt.Sprintf("1 of %d faults is enough:", all)
	case all > n:
		return fmt.Sprintf("%d of %d faults are enough:", n, all)
	case n == 1:
		return "1 fault is enough:"
	}
	return fmt.Sprintf("%d faults are enough:", n)
}

// Sentence says what a fault does, and when: "unplug mic at 10:00 for 40 s".
func (f Fault) Sentence() string {
	text := f.Kind
	if text == "" {
		text = f.Name
	}
	if f.Target != "" {
		text += " " + f.Target
	}
	text += " at " + at(f.Begin)
	if f.End > f.Begin {
		text += " for " + span(f.End-f.Begin)
	}
	return text
}

// seedsOf names the seeds of a scenario's runs: "1", "1-200", "1, 5-9".
func seedsOf(runs []Run) string {
	var parts []string
	for i := 0; i < len(runs); {
		j := i
		for j+1 < len(runs) && (runs[j+1].Seed == runs[j].Seed+1 || runs[j+1].Seed == runs[j].Seed) {
			j++
		}
		part := fmt.Sprint(runs[i].Seed)
		if runs[j].Seed > runs[i].Seed {
			part += fmt.Sprintf("-%d", runs[j].Seed)
		}
		parts = append(parts, part)
		i = j + 1
	}
	if len(parts) > 6 {
		parts = append(parts[:6], "…")
	}
	return strings.Join(parts, ", ")
}

// tally counts the runs of each verdict.
func tally(runs []Run) map[Verdict]int {
	n := map[Verdict]int{}
	for _, r := range runs {
		n[r.Verdict]++
	}
	return n
}

// distinct counts the different seeds of runs, which are sorted by seed.
func distinct(runs []Run) int {
	n := 0
	for i := range runs {
		if i == 0 || runs[i].Seed != runs[i-1].Seed {
			n++
		}
	}
	return n
}
