package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The form is the one that GitHub's reporters and GitLab read (described by testmoapp/junitxml): a suite per scenario, a case
// per promise, and a case for each other thing that can go wrong. encoding/xml writes U+FFFD for what XML forbids.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Timestamp  string           `xml:"timestamp,attr"`
	File       string           `xml:"file,attr,omitempty"`
	Properties *junitProperties `xml:"properties,omitempty"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name       string           `xml:"name,attr"`
	Class      string           `xml:"classname,attr"`
	File       string           `xml:"file,attr,omitempty"`
	Line       int              `xml:"line,attr,omitempty"`
	Time       string           `xml:"time,attr"`
	Properties *junitProperties `xml:"properties,omitempty"`
	Failure    *junitProblem    `xml:"failure,omitempty"`
	Error      *junitProblem    `xml:"error,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a report as JUnit XML. A broken promise is a failure. What is unknown (unsupported, never reached, never put to
// the test) or not deterministic is an error, so that no reader takes it for a pass. The wall time of a scenario is divided
// evenly among its cases, because all of them are judged over the same runs.
func JUnit(w io.Writer, r Report) error {
	out := junitSuites{Name: strings.TrimSpace("orac " + clean(r.Backend)), Time: seconds(r.Wall)}
	for i := range r.Scenarios {
		s := suite(&r, &r.Scenarios[i])
		out.Tests += s.Tests
		out.Failures += s.Failures
		out.Errors += s.Errors
		out.Suites = append(out.Suites, s)
	}
	if r.Ended != "" {
		s := junitSuite{Name: "everything that was asked for", Time: seconds(0), Timestamp: stamp(r.Began),
			Cases: []junitCase{{Name: "ran to its end", Class: "orac", Error: &junitProblem{Message: clean(r.Ended), Type: string(Unknown)}}}}
		s.count(0)
		out.Tests, out.Errors = out.Tests+s.Tests, out.Errors+s.Errors
		out.Suites = append(out.Suites, s)
	}
	b, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("the report as JUnit XML: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(b)+"\n")
	return err
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", finite(s)) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

func suite(r *Report, sc *Scenario) junitSuite {
	s := junitSuite{Name: clean(sc.Name), Time: seconds(sc.Wall), Timestamp: stamp(r.Began), File: clean(sc.File)}
	property := func(name, value string) {
		if s.Properties == nil {
			s.Properties = &junitProperties{}
		}
		s.Properties.List = append(s.Properties.List, junitProperty{name, clean(value)})
	}
	property("orac", r.Orac)
	property("seeds", seedsOf(sc.Runs))
	property("virtual_seconds", seconds(sc.Virtual))
	if sc.Inference != "" {
		property("inference", sc.Inference)
	}
	s.promises(sc)
	s.rest(sc)
	s.count(sc.Wall)
	return s
}

// promises adds a case for each promise, for each break without a row, and for safety if no row is about it.
func (s *junitSuite) promises(sc *Scenario) {
	broke := map[[2]string]*broken{}
	for _, g := range breaksOf(sc) {
		broke[[2]string{g.Promise, g.What}] = g
	}
	safety := false
	for _, p := range sc.Promises {
		c := s.add(p.Title(), p.File, p.Line)
		safety = safety || p.What == "safety"
		if p.Unit != "" && len(p.Values) > 0 {
			c.property("bound", quantity(p.Bound, p.Unit))
			c.property("median", quantity(p.Median, p.Unit))
			c.property("p99", quantity(p.P99, p.Unit))
			c.property("worst", quantity(p.Worst, p.Unit))
			c.property("worst_seed", fmt.Sprint(p.WorstAt))
		}
		g := broke[[2]string{p.Name, p.What}]
		switch {
		case g != nil:
			c.property("seed", fmt.Sprint(g.run.Seed))
			c.property("command", g.run.Command)
			c.Failure = &junitProblem{Message: clean(g.saw()), Type: string(Broken), Text: g.story(sc)}
		case !p.Kept:
			c.Failure = &junitProblem{Message: fmt.Sprintf("broken %d of %d times, at worst by seed %d", p.Broken, p.N, p.WorstAt), Type: string(Broken)}
		case p.N == 0:
			c.Error = &junitProblem{Message: "never put to the test in " + count(len(sc.Runs), "run"), Type: string(Unknown)}
		}
		delete(broke, [2]string{p.Name, p.What})
	}
	for _, g := range breaksOf(sc) { // only for a report that Collect has not seen
		if broke[[2]string{g.Promise, g.What}] != nil {
			safety = safety || g.What == "safety"
			s.add(g.title(), g.File, g.Line).Failure = &junitProblem{Message: clean(g.saw()), Type: string(Broken), Text: g.story(sc)}
		}
	}
	if !safety {
		s.add("safety", sc.File, sc.Line)
	}
}

// rest adds cases for situations, faults that could not be made, runs that differ and runs that are missing.
func (s *junitSuite) rest(sc *Scenario) {
	for _, x := range sc.Sometimes {
		c := s.add("sometimes "+x.Name, x.File, x.Line)
		if x.Runs == 0 {
			c.Error = &junitProblem{Message: "never reached in " + count(len(sc.Runs), "run"), Type: string(Unknown)}
		}
	}
	if sc.Repeated > 0 || tally(sc.Runs)[NotSame] > 0 {
		c := s.add("the same seed gives the same trace", sc.File, sc.Line)
		for _, r := range sc.Runs {
			if r.Verdict == NotSame {
				c.property("seed", fmt.Sprint(r.Seed))
				c.Error = &junitProblem{Message: fmt.Sprintf("seed %d gives two different traces", r.Seed), Type: string(NotSame), Text: lines(r.Differs, "repeat it: "+r.Command)}
				break
			}
		}
	}
	for _, why := range unknowns(sc) {
		if strings.HasPrefix(why, "unsupported") || strings.HasPrefix(why, "only ") || len(sc.Runs) == 0 {
			s.add("everything can be done here and was", sc.File, sc.Line).Error = &junitProblem{Message: clean(why), Type: string(Unknown)}
		}
	}
}

func (s *junitSuite) add(name, file string, line int) *junitCase {
	s.Cases = append(s.Cases, junitCase{Name: clean(name), Class: s.Name, File: clean(file), Line: max(0, line)})
	return &s.Cases[len(s.Cases)-1]
}

func (s *junitSuite) count(wall float64) {
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Time = seconds(wall / float64(len(s.Cases)))
		s.Tests++
		if c.Failure != nil {
			s.Failures++
		}
		if c.Error != nil {
			s.Errors++
		}
	}
}

func (c *junitCase) property(name, value string) {
	if value == "" {
		return
	}
	if c.Properties == nil {
		c.Properties = &junitProperties{}
	}
	c.Properties.List = append(c.Properties.List, junitProperty{name, clean(value)})
}

// story describes a break in plain lines.
func (g *broken) story(sc *Scenario) string {
	list := []string{fmt.Sprintf("seed %d at %s: %s", g.run.Seed, at(g.At), g.saw())}
	if g.File != "" {
		list = append(list, place(g.File, g.Line))
	}
	if source := strings.TrimSpace(g.Source); source != "" {
		list = append(list, "  "+source)
	}
	if also := g.others(sc); also != "" {
		list = append(list, also)
	}
	if len(g.run.Shrunk) > 0 {
		list = append(list, "the smallest set of faults:")
		for _, f := range g.run.Shrunk[:min(len(g.run.Shrunk), 20)] {
			list = append(list, "  "+f.Sentence())
		}
	}
	if g.run.Command != "" {
		list = append(list, "repeat it: "+g.run.Command)
	}
	return lines(list...)
}

// lines joins texts from outside, after cleaning each one.
func lines(list ...string) string {
	var b strings.Builder
	for _, text := range list {
		for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			b.WriteString(clean(line) + "\n")
		}
	}
	return b.String()
}
