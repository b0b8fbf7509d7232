package report

import (
	"fmt"
	"html/template"
	"strings"

	"orac/runbook/cells"
)

// htmlScenario is what the page shows of a scenario.
type htmlScenario struct {
	Badge     badge
	Doc       string
	Where     string
	Facts     []string
	Why       []string // reasons why it is unknown
	Broken    []htmlBreak
	More      int // broken promises that are not shown
	Differs   []htmlDiffer
	Promises  []htmlPromise
	Spread    bool // some promise has a distribution
	Unshown   int  // promises that are not shown
	Sometimes []htmlSometimes
	Seeds     []htmlSeed
	SeedsNote string
	Runs      []template.HTML
	Drawn     int
	LeftOut   string
}

type htmlBreak struct {
	Title, Saw, Where, Source, Also, Command, Anchor, When string
	Seed                                                   uint64
	Line                                                   int
	Shrunk                                                 []string
	Enough                                                 string
}

type htmlDiffer struct {
	Seed    uint64
	Lines   []string
	Command string
}

type htmlPromise struct {
	Badge                              badge
	Title, Text, Where                 string
	Bound, N, Median, P99, Worst, Seed string
	Note                               string // shown instead of a distribution
	Percent                            string // margin
	Margin                             template.HTML
	Spread                             template.HTML
}

type htmlSometimes struct {
	Badge                    badge
	Name, Text, Share, First string
}

type htmlSeed struct {
	Seed   uint64
	Badge  badge
	Title  string
	Anchor string
}

func newHTMLScenario(r *Report, i int) *htmlScenario {
	sc := &r.Scenarios[i]
	v := &htmlScenario{Badge: newBadge(sc, i), Doc: clean(sc.Doc), Where: clean(place(sc.File, sc.Line)), Why: unknowns(sc)}
	for _, f := range facts(sc, r.Backend) {
		v.Facts = append(v.Facts, clean(f))
	}
	for j := range v.Why {
		v.Why[j] = clean(v.Why[j])
	}
	v.Why = v.Why[:min(len(v.Why), 50)]
	drawn := map[int]bool{}
	for _, c := range choose(sc) {
		drawn[c.index] = true
	}
	v.breaks(sc, i)
	for _, run := range sc.Runs {
		if run.Verdict == NotSame && len(v.Differs) < 3 {
			d := htmlDiffer{Seed: run.Seed, Command: clean(run.Command)}
			for line := range strings.SplitSeq(strings.TrimRight(run.Differs, "\n"), "\n") {
				if len(d.Lines) < 20 {
					d.Lines = append(d.Lines, clean(line))
				}
			}
			v.Differs = append(v.Differs, d)
		}
	}
	rows := shown(sc)
	for n, p := range rows {
		if n == maxPromisesShown {
			v.Unshown = len(rows) - n
			break
		}
		h := newHTMLPromise(p)
		v.Spread = v.Spread || h.Spread != ""
		v.Promises = append(v.Promises, h)
	}
	for n, s := range sc.Sometimes {
		if n == maxPromisesShown {
			break
		}
		h := htmlSometimes{Badge: badgeOf(Kept), Name: clean(s.Name), Text: clean(s.Text), Share: fmt.Sprintf("%d of %s", s.Runs, count(len(sc.Runs), "run")), First: fmt.Sprintf("first by seed %d at %s", s.First, at(s.At))}
		if s.Runs == 0 {
			h.Badge, h.First = badgeOf(Unknown), "never reached"
		}
		v.Sometimes = append(v.Sometimes, h)
	}
	if len(sc.Runs) > 1 {
		v.seeds(sc, i, drawn)
	}
	return v
}

func (v *htmlScenario) breaks(sc *Scenario, i int) {
	for n, g := range breaksOf(sc) {
		if n == maxBroken {
			v.More = len(breaksOf(sc)) - n
			return
		}
		h := htmlBreak{Title: clean(g.title()), Saw: clean(g.saw()), Where: clean(place(g.File, g.Line)), Source: clean(strings.TrimSpace(g.Source)), Line: g.Line,
			Also: g.others(sc), Command: clean(g.run.Command), Seed: g.run.Seed, When: at(g.At), Anchor: anchor(i, g.index)}
		for m, f := range g.run.Shrunk {
			if m == 12 {
				h.Shrunk = append(h.Shrunk, fmt.Sprintf("and %d more", len(g.run.Shrunk)-m))
				break
			}
			h.Shrunk = append(h.Shrunk, clean(f.Sentence()))
		}
		h.Enough = enough(g.run)
		v.Broken = append(v.Broken, h)
	}
}

func (v *htmlScenario) seeds(sc *Scenario, i int, drawn map[int]bool) {
	t := tally(sc.Runs)
	var parts []string
	for _, verdict := range []Verdict{Kept, Broken, Unknown, NotSame} {
		if t[verdict] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d %s", badgeOf(verdict).Mark, t[verdict], verdict))
		}
	}
	v.SeedsNote = strings.Join(parts, " · ")
	for j := range sc.Runs {
		if j == maxSeedsShown {
			v.SeedsNote += fmt.Sprintf(" · the first %d are drawn", j)
			break
		}
		r := &sc.Runs[j]
		s := htmlSeed{Seed: r.Seed, Badge: badgeOf(r.Verdict), Title: fmt.Sprintf("seed %d: %s, %s", r.Seed, r.Verdict, count(len(r.Faults), "fault"))}
		if len(r.Breaks) > 0 {
			s.Title += ": " + cells.Shorten(clean(r.Breaks[0].title()), 60)
		}
		if drawn[j] {
			s.Anchor = anchor(i, j)
		}
		v.Seeds = append(v.Seeds, s)
	}
}

// unlink removes links to timelines that are not drawn.
func (v *htmlScenario) unlink(drawn map[string]bool) {
	for i := range v.Seeds {
		if !drawn[v.Seeds[i].Anchor] {
			v.Seeds[i].Anchor = ""
		}
	}
	for i := range v.Broken {
		if !drawn[v.Broken[i].Anchor] {
			v.Broken[i].Anchor = ""
		}
	}
}

// leftOut says which timelines are missing from the page.
func (v *htmlScenario) leftOut(sc *Scenario) {
	rest := len(sc.Runs) - v.Drawn
	if rest == 0 {
		return
	}
	broke := 0
	for _, r := range sc.Runs {
		if r.Verdict != Kept {
			broke++
		}
	}
	v.LeftOut = fmt.Sprintf("The timelines of %s are left out", count(rest, "run"))
	if rest == 1 {
		v.LeftOut = "The timeline of one run is left out"
	}
	if broke > v.Drawn {
		v.LeftOut += ", some that were not kept among them"
	}
	v.LeftOut += ". Drawn are runs that were not kept, and of the others those that came nearest to a bound; --json has them all."
}

func newHTMLPromise(p Promise) htmlPromise {
	h := htmlPromise{Badge: badgeOf(Kept), Title: clean(p.Title()), Text: clean(p.Text), Where: clean(place(p.File, p.Line)), N: thousands(p.N)}
	if h.Text == h.Title {
		h.Text = ""
	}
	if p.Bound != 0 {
		h.Bound = quantity(p.Bound, p.Unit)
	}
	switch {
	case p.N == 0:
		h.Badge, h.Note = badgeOf(Unknown), "never put to the test"
		return h
	case !p.Kept:
		h.Badge, h.Note = badgeOf(Broken), fmt.Sprintf("broken %d of %d times, at worst by seed %d", p.Broken, p.N, p.WorstAt)
	}
	if p.Unit == "" || len(p.Values) == 0 {
		if p.Kept {
			h.Note = "kept every time"
		}
		return h
	}
	h.Median, h.P99, h.Worst, h.Seed = quantity(p.Median, p.Unit), quantity(p.P99, p.Unit), quantity(p.Worst, p.Unit), fmt.Sprint(p.WorstAt)
	if p.Bound > 0 && p.Kept {
		h.Percent = fmt.Sprintf("%.0f %%", 100*max(0, min(1, p.Margin())))
		h.Margin = marginBar(p.Margin())
	}
	if !p.Kept {
		h.Note = fmt.Sprintf("broken %d of %s times", p.Broken, thousands(p.N))
	}
	h.Spread = spread(p)
	return h
}

// anchor names the place of a run's timeline by its numbers in the report, because several runs may have the
// same seed.
func anchor(scenario, run int) string { return fmt.Sprintf("s%d-%d", scenario, run) }
