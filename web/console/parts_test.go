package console

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/auth"
)

func graphOf(t *testing.T, path string) *graph.Graph {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rb, problems := runbook.Parse(text, path, language.Options{Env: func(string) (string, bool) { return strings.Repeat("x", 40), true }})
	if rb == nil {
		t.Fatal(problems)
	}
	g, err := graph.Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestAGraphIsDrawnWhole: every node has a place of its own on the paper, sound flows one way, and no edge but those to the
// history is left out.
func TestAGraphIsDrawnWhole(t *testing.T) {
	for _, path := range []string{"../../examples/runbooks/kitchen.hcl", "../../orac.hcl", "../../examples/runbooks/whisper-exec.hcl"} {
		g := graphOf(t, path)
		for _, down := range []bool{false, true} {
			d := draw(g, graphNodes(g, status.Status{}), down)
			at := map[string]box{}
			for _, b := range d.Boxes {
				for _, other := range at {
					if b.X < other.X+boxWidth && other.X < b.X+boxWidth && b.Y < other.Y+boxHeight && other.Y < b.Y+boxHeight {
						t.Errorf("%s: %s and %s are at one place", path, b.Address, other.Address)
					}
				}
				if b.X < 0 || b.Y < 0 || b.X+boxWidth > d.Width || b.Y+boxHeight > d.Height {
					t.Errorf("%s: %s is off the paper: %d,%d of %d,%d", path, b.Address, b.X, b.Y, d.Width, d.Height)
				}
				at[b.Address] = b
			}
			if len(at) != len(g.Nodes) {
				t.Errorf("%s: %d of %d nodes are drawn", path, len(at), len(g.Nodes))
			}
			lines := 0
			for _, e := range g.Edges {
				if e.Port().Report {
					continue
				}
				lines++
				from, to := at[e.From], at[e.To]
				ahead := to.X - from.X
				if down {
					ahead = to.Y - from.Y
				}
				if k := g.Node(e.From).Kind.Name; (k == graph.Source || k == graph.Features || k == graph.Head || k == graph.Recorder) && ahead <= 0 && e.Carries != "follows" {
					t.Errorf("%s: %s -> %s goes back", path, e.From, e.To)
				}
			}
			if len(d.Lines) != lines {
				t.Errorf("%s: %d lines, %d edges", path, len(d.Lines), lines)
			}
		}
	}
}

// TestFalseWakesSuggestAThreshold once enough was judged, with and without a script; it fills itself into the form.
func TestFalseWakesSuggestAThreshold(t *testing.T) {
	r := newRig(t, Options{})
	r.wake("d1", "hey_jarvis", 0.61, "nothing of the kind")
	r.wake("d2", "hey_jarvis", 0.93, "turn on the light")
	judge := func(id string, wrong bool) {
		t.Helper()
		if w := r.post(auth.Operator, "/history/"+id+"/verdict", url.Values{"false_wake": {strconv.FormatBool(wrong)}}); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	judge("d1", true)
	page := r.get(auth.Admin, "/history").Body.String()
	if !strings.Contains(page, "needs 2 more false wakes and 10 more wakes marked as said") || strings.Contains(page, "?threshold=") {
		t.Errorf("a threshold from one false wake: %s", page)
	}
	for query, want := range map[string][2]bool{
		"verdict=true": {false, false}, "verdict=false": {true, false}, "verdict=none": {false, true}, "text=LIGHT": {false, true}, "model=hey_jarvis": {true, true}, "model=other": {false, false}, "before=x": {true, true},
	} {
		page := r.get(auth.Viewer, "/history?"+query).Body.String()
		if got := [2]bool{strings.Contains(page, "nothing of the kind"), strings.Contains(page, "turn on the light")}; got != want {
			t.Errorf("%s shows %v", query, got)
		}
	}
	if page := r.get(auth.Viewer, "/history").Body.String(); strings.Contains(page, "/verdict") {
		t.Error("a viewer is offered to judge")
	}

	for i := range 10 {
		id := fmt.Sprint("said", i)
		r.wake(id, "hey_jarvis", 0.8+float64(i)/100, "yes")
		judge(id, false)
	}
	for i, score := range []float64{0.52, 0.6} {
		id := fmt.Sprint("wrong", i)
		r.wake(id, "hey_jarvis", score, "no")
		judge(id, true)
	}
	page = r.get(auth.Admin, "/history").Body.String()
	if !strings.Contains(page, "a threshold of <strong>0.63</strong> instead of 0.5 would have stopped 3 of 3 false wakes, and missed none") {
		t.Errorf("no threshold is suggested: %s", page)
	}
	link := "/runbook/blocks/model.hey_jarvis?threshold=0.63"
	if !strings.Contains(page, link) || strings.Contains(r.get(auth.Viewer, "/history").Body.String(), "?threshold=") {
		t.Error("the link is for admins")
	}
	const filledIn = `name="model.hey_jarvis.threshold" value="0.63"`
	form := r.get(auth.Admin, link).Body.String()
	if !strings.Contains(form, filledIn) || !strings.Contains(form, "is filled in: 0.63 instead of 0.5.") {
		t.Errorf("the form is not filled in: %s", form)
	}
	w := r.post(auth.Admin, "/runbook/blocks/model.hey_jarvis", url.Values{"base": {language.TextHash(r.file())}, "model.hey_jarvis.threshold": {"0.63"}, "was.model.hey_jarvis.threshold": {"0.5"}})
	if want := strings.Replace(r.file(), "threshold = 0.5 #", "threshold = 0.63 #", 1); w.Code != http.StatusOK || carried(t, w.Body.String()) != want {
		t.Errorf("it cannot be planned: %d %s", w.Code, w.Body)
	}
	// Nothing but a number, and into nothing but a number.
	for _, query := range []string{"threshold=x", "threshold=NaN", "threshold=0.5", "threshold=" + strings.Repeat("1", 30), "source=7", "wake_word=7", "cooldown=7", "topic=evil", "patience="} {
		if form := r.get(auth.Admin, "/runbook/blocks/model.hey_jarvis?"+query).Body.String(); strings.Contains(form, "is filled in") || !strings.Contains(form, `name="model.hey_jarvis.threshold" value="0.5"`) {
			t.Errorf("%s is filled in", query)
		}
	}

	// As many again that score like the good ones: no threshold helps, and what may is offered.
	for i := range 8 {
		id := fmt.Sprint("like", i)
		r.wake(id, "hey_jarvis", 0.95, "no")
		judge(id, true)
	}
	page = r.get(auth.Admin, "/history").Body.String()
	for _, want := range []string{"Most false wakes remain", "/runbook/blocks/model.hey_jarvis?patience=2", "/runbook/blocks/listener.kitchen?vad_threshold=0.7"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q: %s", want, page)
		}
	}
	if form := r.get(auth.Admin, "/runbook/blocks/listener.kitchen?vad_threshold=0.7").Body.String(); !strings.Contains(form, "is filled in: 0.7 instead of 0.5.") {
		t.Errorf("the default of the voice gate: %s", form)
	}
}

// TestALongHistoryHasPages, which together show every wake once.
func TestALongHistoryHasPages(t *testing.T) {
	r := newRig(t, Options{})
	for i := range 2*historyRows + 7 {
		r.wake(fmt.Sprintf("w%03d", i), "hey_jarvis", 0.9, fmt.Sprintf("said %03d.", i))
	}
	seen, path := map[string]int{}, "/history?model=hey_jarvis"
	for pages := 0; path != ""; pages++ {
		if pages > 5 {
			t.Fatal("the pages have no end")
		}
		page := r.get(auth.Viewer, path).Body.String()
		for i := range 2*historyRows + 7 {
			if said := fmt.Sprintf("said %03d.", i); strings.Contains(page, said) {
				seen[said]++
			}
		}
		path = ""
		if _, after, ok := strings.Cut(page, `<a class="button" href="/history?`); ok {
			query, _, _ := strings.Cut(after, `"`)
			path = "/history?" + strings.ReplaceAll(query, "&amp;", "&")
		}
	}
	if len(seen) != 2*historyRows+7 {
		t.Errorf("%d wakes are shown", len(seen))
	}
	for said, n := range seen {
		if n != 1 {
			t.Errorf("%s is shown %d times", said, n)
		}
	}
}

// TestWords: rates, and code in prose.
func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		about(6500 * time.Millisecond): "6 s", about(0): "1 s", about(63 * time.Second): "1 min 3 s", length("7d"): "7 d", length("90m"): "1 h 30 min", length("<x>"): "<x>",
		rate(0): "0/s", rate(0.5): "0.5/s", rate(12.5): "12/s", string(prose("a `<b>` c")): "a <code>&lt;b&gt;</code> c",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
