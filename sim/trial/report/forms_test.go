package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is mixed without the scenario that has many samples.
func small() Report {
	r := mixed()
	r.Scenarios = r.Scenarios[1:]
	return r
}

func TestJSON(t *testing.T) {
	golden(t, "small.json", func(w io.Writer) error { return JSON(w, small()) })
	for name, r := range map[string]Report{"mixed": mixed(), "hostile": hostile(), "empty": {}} {
		var first, again bytes.Buffer
		if err := JSON(&first, r); err != nil {
			t.Fatal(err)
		}
		back, err := Read(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := JSON(&again, back); err != nil || name != "hostile" && !bytes.Equal(first.Bytes(), again.Bytes()) { // invalid UTF-8 becomes U+FFFD
			t.Errorf("%s: what is read is not what was written (%v)", name, err)
		}
	}
	r := small()
	r.Wall = math.NaN()
	if err := JSON(io.Discard, r); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("a number that is none: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "it is empty; make one with --json",
		"{":                               "cut short",
		"[]":                              "make one with --json",
		"{}":                              "it has no version",
		`{"version":2,"orac":"9.0"}`:      "of version 2, and this orac reads version 1: use the orac that wrote it (9.0)",
		`{"version":1} {}`:                "something follows",
		`{"version":1,"wall_seconds":""}`: "wall_seconds",
		`{"version":1,"scenarios":[{"name":"a\u001b","verdict":"fine"}]}`:                                           "scenario a� has no verdict that there is: fine",
		`{"version":1,"scenarios":[{"name":"a","verdict":"kept","runs":[{"seed":3,"verdict":""}]}]}`:                "seed 3 of scenario a has no verdict",
		`{"version":1,"scenarios":[` + strings.Repeat(`{"verdict":"kept"},`, maxScenarios) + `{"verdict":"kept"}]}`: "too large",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, not %q", text, err, want)
		}
	}
	if _, err := read(io.MultiReader(strings.NewReader(`{"version":1,"orac":"`), endless{}), 1<<20); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a report without an end: %v", err)
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// FuzzRead: whatever is read, every form of it can be written, and the page stays within its size and holds no script.
func FuzzRead(f *testing.F) {
	for _, r := range []Report{small(), hostile()} {
		var b bytes.Buffer
		if err := JSON(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"version":1,"scenarios":[{"verdict":"broken","promises":[{"unit":"s","bound":1e308,"worst":-1e308,"n":3,"values":[1e308,-1e308]}],"runs":[{"seed":1,"verdict":"kept","virtual_seconds":-1,"faults":[{"begin_seconds":1e300,"end_seconds":-4}],"health":[{"at_seconds":9},{"at_seconds":1}]}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		for i := range r.Scenarios {
			Collect(&r.Scenarios[i])
		}
		for _, write := range []func(io.Writer, Report) error{JSON, JUnit, HTML, Annotations, func(w io.Writer, r Report) error { return Terminal(w, r, Look{Width: 80}) }} {
			var b bytes.Buffer
			if err := write(&b, r); err != nil {
				t.Fatal(err)
			}
			if b.Len() > MaxHTML && !bytes.HasPrefix(b.Bytes(), []byte("{")) && len(text) < 1<<20 {
				t.Errorf("%d bytes", b.Len())
			}
			if bytes.Contains(b.Bytes(), []byte("<script")) && bytes.HasPrefix(b.Bytes(), []byte("<!")) {
				t.Error("a script")
			}
		}
		if err := Compare(r, r, DefaultTolerance).Terminal(io.Discard, Look{}); err != nil {
			t.Error(err)
		}
	})
}

// TestJUnit: a golden file, and whatever the names are, what is written parses, holds nothing that XML forbids, and its sums
// are right.
func TestJUnit(t *testing.T) {
	golden(t, "mixed.junit.xml", func(w io.Writer) error { return JUnit(w, mixed()) })
	ended := mixed()
	ended.Ended = "interrupted"
	for name, r := range map[string]Report{"mixed": mixed(), "hostile": hostile(), "ended": ended, "none": {}} {
		var b bytes.Buffer
		if err := JUnit(&b, r); err != nil {
			t.Fatal(err)
		}
		var back junitSuites
		if err := xml.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, c := range b.String() {
			if c < 0x20 && c != '\n' && c != '\t' || c == 0xfffe || c == 0xffff {
				t.Errorf("%s: it holds %U", name, c)
			}
		}
		tests, failures, errs := 0, 0, 0
		for _, s := range back.Suites {
			for _, c := range s.Cases {
				tests++
				if c.Failure != nil {
					failures++
				}
				if c.Error != nil {
					errs++
				}
			}
		}
		if tests != back.Tests || failures != back.Failures || errs != back.Errors {
			t.Errorf("%s: it sums up %d, %d, %d and has %d, %d, %d", name, back.Tests, back.Failures, back.Errors, tests, failures, errs)
		}
		if passes := failures+errs == 0; passes != (r.Exit() == ExitKept) && len(r.Scenarios) > 0 {
			t.Errorf("%s: exit %d, but JUnit passes: %v", name, r.Exit(), passes)
		}
	}
}

// TestAnnotations: each is one line that the runner reads as what it is, whatever is in it.
func TestAnnotations(t *testing.T) {
	golden(t, "mixed.annotations", func(w io.Writer) error { return Annotations(w, mixed()) })
	got := golden(t, "hostile.annotations", func(w io.Writer) error { return Annotations(w, hostile()) })
	for line := range strings.Lines(string(got)) {
		head, text, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		if !ok || !strings.HasPrefix(line, "::") {
			t.Fatalf("no command: %q", line)
		}
		level, properties, _ := strings.Cut(head, " ")
		if level != "error" && level != "warning" {
			t.Errorf("the command %q", level)
		}
		for p := range strings.SplitSeq(properties, ",") {
			if name, _, _ := strings.Cut(p, "="); !slices.Contains([]string{"file", "line", "title"}, name) {
				t.Errorf("the property %q in %q", p, line)
			}
		}
		if strings.ContainsAny(strings.TrimSuffix(text, "\n"), "\n\r") {
			t.Errorf("several lines: %q", text)
		}
	}
	many := Report{}
	for range 30 {
		many.Scenarios = append(many.Scenarios, incident(3))
	}
	var b bytes.Buffer
	if err := Annotations(&b, many); err != nil || strings.Count(b.String(), "\n") != maxAnnotations {
		t.Errorf("%d annotations (%v)", strings.Count(b.String(), "\n"), err)
	}
}

func TestCompare(t *testing.T) {
	sim, chaos := Report{Backend: "sim", Scenarios: []Scenario{incident(8)}}, Report{Backend: "chaos", Scenarios: []Scenario{incident(1)}}
	run := &chaos.Scenarios[0].Runs[0]
	run.Judged[1].Value = 9.5                                                                                                                            // recover from read_blocks: far above
	run.Judged[2].Value = 0.1                                                                                                                            // detect of unplug: far below
	run.Judged[3].Value = 2.3                                                                                                                            // within the tolerance
	run.Judged = append(run.Judged, Judgement{Promise: "sound", What: "recover", Kind: "worker_kill", Value: 1}, Judgement{Promise: "x", What: "holds"}) // only real; no time
	sim.Scenarios = append(sim.Scenarios, swarm(2))
	c := Compare(sim, chaos, DefaultTolerance)
	got := map[string][]float64{}
	for _, p := range c.Outside() {
		got[p.Kind+" "+p.What] = p.Beyond
	}
	if d := cmp.Diff(map[string][]float64{"read_blocks recover": {9.5}, "unplug detect": {0.1}}, got); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"compare.60.golden", "compare.80.golden", "compare.json"} {
		golden(t, name, func(w io.Writer) error {
			switch name {
			case "compare.60.golden":
				return c.Terminal(w, Look{Width: 60})
			case "compare.80.golden":
				return c.Terminal(w, Look{Width: 80})
			}
			return c.JSON(w)
		})
	}
	if again := Compare(sim, chaos, DefaultTolerance); !cmp.Equal(c, again) {
		t.Error("the same reports compare differently")
	}
	if c := Compare(hostile(), hostile(), DefaultTolerance); len(c.Outside()) > 0 {
		t.Errorf("a report is outside itself: %+v", c)
	}
}

func TestToleranceEnds(t *testing.T) {
	r := Range{N: 3, Min: 2, Median: 3, Max: 4}
	tol := Tolerance{Share: 0.25, Slack: 0.6}
	for v, want := range map[float64]bool{1.39: false, 1.41: true, 2: true, 4: true, 5: true, 5.01: false} {
		if tol.Holds(r, v) != want {
			t.Errorf("%v: %v", v, !want)
		}
	}
}
