package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"orac/runbook/cells"
)

// MaxHTML bounds the HTML page, in bytes. What does not fit is left out, and the page says so.
const MaxHTML = 5 << 20

// maxPromisesShown and maxSeedsShown bound what is drawn of one scenario.
const (
	maxPromisesShown = 300
	maxSeedsShown    = 2000
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"clean": clean}).Parse(pageHTML))

// HTML writes a report as one self-contained page: it loads no script, font or picture. It follows the reader's choice of
// light or dark, and can be read on a phone.
func HTML(w io.Writer, r Report) error {
	v := newHTMLPage(&r)
	used := len(pageCSS) + 64<<10 // the head, and the list of scenarios
	for i := range r.Scenarios {
		// Each scenario gets an equal share of what the ones before it have left.
		share := (MaxHTML - used) / (len(r.Scenarios) - i)
		html, ok, err := section(&r, i, share)
		if err != nil {
			return err
		}
		if !ok {
			v.Missing++
			continue
		}
		used += len(html)
		v.Sections = append(v.Sections, html)
		if len(v.Index) < maxIndex {
			v.Index = append(v.Index, newBadge(&r.Scenarios[i], i))
		}
	}
	return pageTemplate.ExecuteTemplate(w, "page", v)
}

// maxIndex bounds the links at the top.
const maxIndex = 60

// section renders a scenario in at most share bytes: first without timelines, then with as many as
// fit.
func section(r *Report, i, share int) (html template.HTML, ok bool, err error) {
	v := newHTMLScenario(r, i)
	render := func(name string, v any) (string, error) {
		var b bytes.Buffer
		err := pageTemplate.ExecuteTemplate(&b, name, v)
		return b.String(), err
	}
	bare, err := render("scenario", v)
	if err != nil || len(bare) > share {
		return "", false, err
	}
	used, drawn := len(bare), map[string]bool{}
	sc := &r.Scenarios[i]
	for _, c := range choose(sc) {
		text, err := render("run", newHTMLRun(sc, c, i))
		if err != nil {
			return "", false, err
		}
		if used += len(text); used > share {
			break
		}
		v.Drawn++
		drawn[anchor(i, c.index)] = true
		v.Runs = append(v.Runs, template.HTML(text)) // the template has escaped it
	}
	v.leftOut(sc)
	v.unlink(drawn)
	whole, err := render("scenario", v)
	return template.HTML(whole), true, err // the template has escaped it
}

// htmlPage is what the page shows above all scenarios.
type htmlPage struct {
	Title    string
	CSS      template.CSS
	Symbols  template.HTML
	Verdict  badge
	Backend  string
	Tiles    []tile
	Foot     string
	Ended    string
	Index    []badge
	Sections []template.HTML
	Missing  int
}

// tile is one figure with its name.
type tile struct{ Value, Name, Note string }

// badge is a verdict with its mark and its class.
type badge struct{ Mark, Class, Text, Name, Anchor string }

func badgeOf(v Verdict) badge {
	switch v {
	case Kept:
		return badge{Mark: "✓", Class: "good", Text: string(v)}
	case Unknown:
		return badge{Mark: "?", Class: "warn", Text: string(v)}
	case NotSame:
		return badge{Mark: "≠", Class: "bad", Text: string(v)}
	}
	return badge{Mark: "✗", Class: "bad", Text: string(Broken)}
}

func newBadge(sc *Scenario, i int) badge {
	b := badgeOf(sc.Verdict)
	b.Name, b.Anchor = cells.Shorten(clean(sc.Name), 60), fmt.Sprintf("s%d", i)
	return b
}

func newHTMLPage(r *Report) *htmlPage {
	var virtual float64
	runs, twice, faults, promises, held, kept := 0, 0, 0, 0, 0, 0
	for _, sc := range r.Scenarios {
		virtual, runs, twice = virtual+sc.Virtual, runs+len(sc.Runs), twice+sc.Repeated
		for _, run := range sc.Runs {
			faults += len(run.Faults)
		}
		for _, p := range sc.Promises {
			if p.N > 0 {
				promises++
			}
			if p.N > 0 && p.Kept {
				held++
			}
		}
		if sc.Verdict == Kept {
			kept++
		}
	}
	v := &htmlPage{CSS: template.CSS(pageCSS), Symbols: symbols, Verdict: badgeOf(r.Verdict()), Backend: strings.TrimSpace("orac " + clean(r.Backend)), Ended: clean(r.Ended)}
	v.Title = v.Backend + ": " + v.Verdict.Text
	v.Tiles = []tile{
		{fmt.Sprintf("%d/%d", kept, len(r.Scenarios)), "scenarios kept", ""},
		{fmt.Sprintf("%d/%d", held, promises), "promises kept", ""},
		{thousands(runs), "runs", ""},
		{thousands(faults), "faults", ""},
	}
	if r.Backend == "chaos" {
		v.Tiles = append(v.Tiles, tile{span(r.Wall), "of real time", ""})
	} else {
		v.Tiles = append(v.Tiles, tile{span(virtual), "simulated", "in " + span(r.Wall)})
		if x := speed(virtual, r.Wall); x != "" {
			v.Tiles = append(v.Tiles, tile{x + "×", "real time", ""})
		}
	}
	if twice > 0 {
		v.Tiles[2].Note = fmt.Sprintf("%d made twice", twice)
	}
	v.Foot = fmt.Sprintf("orac %s, %s", clean(r.Orac), r.Began.UTC().Format("2 January 2006, 15:04 UTC"))
	return v
}
