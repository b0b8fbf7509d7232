package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var pages = flag.String("pages", "", "write the sample pages into this folder, to look at them")

// samples are reports to look at.
func samples() map[string]Report {
	many := Report{Version: 1, Backend: "sim", Orac: "0.3.0", Began: began, Wall: 96, Scenarios: []Scenario{swarm(200), incident(1)}}
	return map[string]Report{"mixed": mixed(), "hostile": hostile(), "swarm": many, "none": {Backend: "sim", Began: began},
		"kept": {Version: 1, Backend: "chaos", Orac: "0.3.0", Began: began, Wall: 31, Scenarios: []Scenario{incident(1)}}}
}

// render gives the page of a report.
func render(t testing.TB, r Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestHTML: the page is a golden file; every page is well-formed, within its size, the same every time, and asks for nothing
// from elsewhere.
func TestHTML(t *testing.T) {
	golden(t, "small.html", func(w io.Writer) error { return HTML(w, small()) })
	golden(t, "hostile.html", func(w io.Writer) error { return HTML(w, hostile()) })
	for name, r := range samples() {
		page := render(t, r)
		if *pages != "" {
			if err := os.WriteFile(filepath.Join(*pages, name+".html"), page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if len(page) > MaxHTML {
			t.Errorf("%s: %d bytes", name, len(page))
		}
		if !bytes.Equal(page, render(t, r)) {
			t.Errorf("%s: the same report gives two pages", name)
		}
		wellFormed(t, name, page)
	}
}

// wellFormed checks that tags are closed in order, that nothing is fetched, and that links stay on the page and arrive.
func wellFormed(t *testing.T, name string, page []byte) {
	t.Helper()
	ids, links := map[string]bool{}, []string{}
	banned := []string{"script", "iframe", "object", "embed", "link", "img", "audio", "video", "form", "base"}
	text := string(page)
	text = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(text, "<style></style>")
	text = regexp.MustCompile(`<meta ([^>]*)>`).ReplaceAllString(text, "<meta $1/>")
	text = strings.ReplaceAll(strings.TrimPrefix(text, "<!doctype html>"), " open>", ` open="">`)
	d := xml.NewDecoder(strings.NewReader(text)) // as XML it is stricter than a browser
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if slices.Contains(banned, element.Name.Local) {
			t.Errorf("%s: it has a <%s>", name, element.Name.Local)
		}
		for _, a := range element.Attr {
			switch at := a.Name.Local; {
			case strings.HasPrefix(at, "on"), at == "src", at == "action":
				t.Errorf("%s: <%s %s=%q>", name, element.Name.Local, at, a.Value)
			case at == "href" && !strings.HasPrefix(a.Value, "#"):
				t.Errorf("%s: a link away: %q", name, a.Value)
			case at == "href":
				links = append(links, a.Value[1:])
			case at == "id":
				ids[a.Value] = true
			}
		}
	}
	for _, l := range links {
		if !ids[l] {
			t.Errorf("%s: the link #%s leads nowhere", name, l)
		}
	}
	if strings.Contains(string(page), "url(") || strings.Contains(string(page), "@import") {
		t.Errorf("%s: the style sheet fetches something", name)
	}
}

// TestHTMLIsBounded: of a report that is too large, scenarios and timelines are left out, and the page says so.
func TestHTMLIsBounded(t *testing.T) {
	var r Report
	for range 4 {
		sc := swarm(14)
		for i := range sc.Runs {
			sc.Runs[i].Breaks = append(sc.Runs[i].Breaks, Break{Promise: "p", Text: strings.Repeat("x", 3000)})
			for j := range 4000 {
				sc.Runs[i].Events = append(sc.Runs[i].Events, Event{At: float64(j) / 1.2, Lane: strings.Repeat("l", j%90), Kind: strings.Repeat("k", j%50)})
			}
		}
		Collect(&sc)
		r.Scenarios = append(r.Scenarios, sc)
	}
	page := render(t, r)
	if len(page) > MaxHTML || len(page) < MaxHTML/3 {
		t.Errorf("%d bytes", len(page))
	}
	if !bytes.Contains(page, []byte("runs are left out, some that were not kept among them")) {
		t.Error("it does not say that timelines are left out")
	}
	wellFormed(t, "left out", page)
	r = Report{}
	for range maxScenarios {
		r.Scenarios = append(r.Scenarios, Scenario{Name: strings.Repeat("n", 5000), Doc: strings.Repeat("d", 90000), Verdict: Kept, Why: []string{strings.Repeat("w", 90000)},
			Promises: []Promise{{Name: "p", What: "holds", Text: strings.Repeat("t", 90000)}, {Name: "q", What: "holds", Text: strings.Repeat("t", 90000)}}})
	}
	if page = render(t, r); len(page) > MaxHTML || !bytes.Contains(page, []byte("scenarios are left out")) {
		t.Errorf("%d bytes, and it does not say what is left out", len(page))
	}
}

// TestTimelinesOfWhatMatters: the broken ones and the worst ones.
func TestTimelinesOfWhatMatters(t *testing.T) {
	sc := swarm(200)
	var drawn []uint64
	for _, c := range choose(&sc) {
		drawn = append(drawn, sc.Runs[c.index].Seed)
	}
	for _, r := range sc.Runs {
		found := false
		for _, d := range drawn {
			found = found || d == r.Seed
		}
		if r.Verdict != Kept && !found {
			t.Errorf("seed %d broke and is not drawn", r.Seed)
		}
	}
	if len(drawn) < 4 || len(drawn) > maxBrokenDrawn+maxWorstDrawn {
		t.Errorf("drawn: %v", drawn)
	}
}

func TestTicks(t *testing.T) {
	for _, length := range []float64{1e-9, 0.5, 7, 60, 3600, 7200, 86400, 30 * 86400, 1e9, 1e300} {
		if got := ticks(length); len(got) > 10 || length >= 0.005 && len(got) < 3 {
			t.Errorf("%v: %v", length, got)
		}
	}
}

func TestPack(t *testing.T) {
	at := [][2]float64{{0, 0.5}, {0.1, 0.2}, {0.3, 0.4}, {0.35, 0.6}, {0.7, 0.8}}
	rows, used, left := pack(len(at), func(i int) (float64, float64) { return at[i][0], at[i][1] }, 2)
	if used != 2 || left != 1 || rows[0] != 0 || rows[1] != 1 || rows[2] != 1 || rows[3] != -1 || rows[4] != 0 {
		t.Errorf("%v, %d rows, %d left", rows, used, left)
	}
}

// TestMarksAreThinned, and what went wrong is on top of what went well.
func TestMarksAreThinned(t *testing.T) {
	tl := &timeline{r: &Run{}, length: 1000}
	var events []Event
	for i := range 10000 {
		events = append(events, Event{At: float64(i) / 10, Kind: "wake"})
	}
	events = append(events, Event{At: 5, Kind: "dropped", Wrong: true})
	marks := tl.marks(events, 100)
	n := 0
	for _, m := range marks {
		n += m.n
	}
	if len(marks) > 100 || n != len(events) || marks[len(marks)-1].first.Kind != "dropped" {
		t.Errorf("%d marks of %d events", len(marks), n)
	}
}
