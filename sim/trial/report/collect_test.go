package report

import (
	"math"
	"strings"
	"testing"

	"orac/runbook/cells"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestCollect(t *testing.T) {
	j := func(what string, v float64, kept bool) Judgement {
		return Judgement{Promise: "p", What: what, Value: v, Kept: kept}
	}
	sc := Scenario{
		Promises: []Promise{{Name: "p", What: "recover", Unit: "s", Bound: 3, Text: "t"}, {Name: "q", What: "holds"}},
		Runs: []Run{
			{Seed: 9, Judged: []Judgement{j("recover", 1, true), j("recover", 2, true), j("recover", math.Inf(1), true)}},
			{Seed: 2, Judged: []Judgement{j("recover", 0.5, false), j("detect", math.NaN(), true)}, Breaks: []Break{{Promise: "p", What: "recover", File: "f", Line: 3}}},
			{Seed: 4, Breaks: []Break{{Promise: "safety/queues", What: "safety", Text: "q"}}, Reached: []Reached{{"s", 7}}},
		},
	}
	Collect(&sc)
	want := []Promise{
		{Name: "p", What: "recover", Unit: "s", Bound: 3, Text: "t", File: "f", Line: 3, N: 4, Broken: 1, Median: 1.5, P99: maxNumber, Worst: 0.5, WorstAt: 2, Values: []float64{0.5, 1, 2, maxNumber}},
		{Name: "q", What: "holds", Kept: true},
		{Name: "p", What: "detect", N: 1, Worst: 0, WorstAt: 2, Values: []float64{0}, Kept: true},
		{Name: "safety/queues", What: "safety", N: 3, Broken: 1, WorstAt: 4},
	}
	if d := cmp.Diff(want, sc.Promises, cmp.Transformer("none", func(v []float64) []float64 { return append([]float64{}, v...) })); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Sometimes{{Name: "s", Runs: 1, First: 4, At: 7}}, sc.Sometimes); d != "" {
		t.Error(d)
	}
	var verdicts []Verdict
	for _, r := range sc.Runs {
		verdicts = append(verdicts, r.Verdict)
	}
	if d := cmp.Diff([]Verdict{Broken, Broken, Kept}, verdicts); d != "" {
		t.Error(d)
	}
	if why := strings.Join(sc.Why, "; "); why != "p recover: broken 1 of 4 times, at worst by seed 2; safety/queues: broken 1 of 3 times, at worst by seed 4; q: never put to the test in 3 runs" {
		t.Errorf("why: %s", why)
	}
	again := sc
	Collect(&again)
	if d := cmp.Diff(sc, again); d != "" {
		t.Errorf("collected twice:\n%s", d)
	}
}

// TestVerdicts: the exit code is that of what is worst.
func TestVerdicts(t *testing.T) {
	kept := Run{Judged: []Judgement{{Promise: "p", What: "holds", Kept: true}}}
	with := func(change func(*Scenario)) Report {
		sc := Scenario{Runs: []Run{kept}}
		change(&sc)
		Collect(&sc)
		return Report{Scenarios: []Scenario{sc}}
	}
	ended := with(func(*Scenario) {})
	ended.Ended = "interrupted"
	for name, c := range map[string]struct {
		r    Report
		want int
	}{
		"kept":             {with(func(*Scenario) {}), ExitKept},
		"nothing ran":      {Report{}, ExitUnknown},
		"ended early":      {ended, ExitUnknown},
		"no run":           {with(func(sc *Scenario) { sc.Runs = nil }), ExitUnknown},
		"runs are missing": {with(func(sc *Scenario) { sc.Asked = 2 }), ExitUnknown},
		"unsupported":      {with(func(sc *Scenario) { sc.Runs[0].Unsupported = []string{"x"} }), ExitUnknown},
		"never reached":    {with(func(sc *Scenario) { sc.Sometimes = []Sometimes{{Name: "s"}} }), ExitUnknown},
		"never tested":     {with(func(sc *Scenario) { sc.Promises = []Promise{{Name: "q", What: "holds"}} }), ExitUnknown},
		"broken": {with(func(sc *Scenario) {
			sc.Runs[0].Breaks = []Break{{Promise: "b"}}
			sc.Sometimes = []Sometimes{{Name: "s"}}
		}), ExitBroken},
		"judged not kept":   {with(func(sc *Scenario) { sc.Runs = []Run{{Judged: []Judgement{{Promise: "p"}}}} }), ExitBroken},
		"not deterministic": {with(func(sc *Scenario) { sc.Runs[0].Differs = "x"; sc.Runs[0].Breaks = []Break{{Promise: "b"}} }), ExitNotSame},
		"said by the run":   {with(func(sc *Scenario) { sc.Runs[0].Verdict = NotSame }), ExitNotSame},
		"said by scenario":  {with(func(sc *Scenario) { sc.Verdict = Broken }), ExitBroken},
	} {
		if got := c.r.Exit(); got != c.want {
			t.Errorf("%s: exit %d, not %d", name, got, c.want)
		}
	}
}

// TestABreakStandsWhereItsPromiseStands, if it does not say so itself.
func TestABreakStandsWhereItsPromiseStands(t *testing.T) {
	sc := Scenario{Promises: []Promise{{Name: "p", What: "holds", File: "f.hcl", Line: 3, Source: "  holds = false"}},
		Runs: []Run{{Judged: []Judgement{{Promise: "p", What: "holds"}}}, {Breaks: []Break{{Promise: "p", What: "holds"}}}, {Breaks: []Break{{Promise: "safety/x", What: "safety"}}}}}
	for i, want := range []Break{{Promise: "p", What: "holds", File: "f.hcl", Line: 3, Source: "  holds = false"}, {Promise: "p", What: "holds", File: "f.hcl", Line: 3, Source: "  holds = false"}, {Promise: "safety/x", What: "safety"}} {
		if d := cmp.Diff([]Break{want}, sc.Runs[i].allBreaks(&sc)); d != "" {
			t.Error(d)
		}
	}
}

// TestRunsWithOneSeed are told apart: each has its own timeline and counts on its own.
func TestRunsWithOneSeed(t *testing.T) {
	b := []Break{{Promise: "p", What: "holds"}}
	sc := Scenario{Runs: []Run{{Seed: 1}, {Seed: 1, Breaks: b}, {Seed: 1, Breaks: append(b, b...)}}}
	Collect(&sc)
	g := breaksOf(&sc)
	if len(g) != 1 || g[0].index != 1 || g[0].others(&sc) != "other runs with this seed broke it, too: 2 of 3 runs" {
		t.Errorf("%+v", g)
	}
	if got := facts(&sc, "sim"); got[0] != "3 runs (seeds 1)" {
		t.Errorf("%q", got)
	}
	page := string(render(t, Report{Scenarios: []Scenario{sc}}))
	for _, id := range []string{`id="s0-0"`, `id="s0-1"`, `id="s0-2"`} {
		if strings.Count(page, id) != 1 {
			t.Errorf("%s is there %d times", id, strings.Count(page, id))
		}
	}
}

func TestPercentile(t *testing.T) {
	var hundred []float64
	for i := range 100 {
		hundred = append(hundred, float64(i+1))
	}
	for _, c := range []struct {
		values []float64
		share  float64
		want   float64
	}{{nil, 0.99, 0}, {[]float64{5}, 0.99, 5}, {hundred, 0.99, 99}, {hundred, 0.5, 50}, {hundred, 1, 100}, {hundred, 0, 1}} {
		if got := Percentile(c.values, c.share); got != c.want {
			t.Errorf("%v of %d values: %v, not %v", c.share, len(c.values), got, c.want)
		}
	}
	if Median([]float64{1, 2, 4, 9}) != 3 || Median([]float64{1, 2, 9}) != 2 {
		t.Error("the median is not in the middle")
	}
	if got := thin(hundred, 10); len(got) != 10 || got[9] != 100 || got[0] != 10 {
		t.Errorf("thinned: %v", got)
	}
}

func TestWords(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0 s", 0.0000015: "2 µs", 0.34: "340 ms", 0.9996: "1 s", 2.144: "2.14 s", 3: "3 s", 12.34: "12.3 s", 59.96: "1 min", 200: "3 min 20 s",
		273600: "3 d 4 h", -2: "-2 s", -90: "-1 min 30 s", 1e12: "1e+12 s"} {
		if got := span(seconds); got != want {
			t.Errorf("span(%v) = %q, not %q", seconds, got, want)
		}
	}
	for seconds, want := range map[float64]string{7.25: "7.25 s", 60: "1:00", 806.4: "13:26.4", 3661: "1:01:01", 100000: "27:46:40"} {
		if got := at(seconds); got != want {
			t.Errorf("at(%v) = %q, not %q", seconds, got, want)
		}
	}
	for n, want := range map[int]string{7: "7", 1234: "1234", 12345: "12 345", 1234567: "1 234 567", -12345: "-12345"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, not %q", n, got, want)
		}
	}
	if got := seedsOf([]Run{{Seed: 1}, {Seed: 1}, {Seed: 2}, {Seed: 4}, {Seed: 4}}); got != "1-2, 4" {
		t.Errorf("repeated seeds: %s", got)
	}
	if got := seedsOf([]Run{{Seed: 1}, {Seed: 2}, {Seed: 3}, {Seed: 7}}); got != "1-3, 7" {
		t.Errorf("seeds: %s", got)
	}
	for _, text := range cells.Wrap("漢字漢字漢字 aaa bbbbbbbbbbbbbbbbbbbbbb", 7) {
		if ansi.StringWidth(text) > 7 {
			t.Errorf("too wide: %q", text)
		}
	}
}
