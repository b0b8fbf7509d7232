package console

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"orac/appliance"
	"orac/appliance/status"
	"orac/runbook"
	"orac/web/auth"
)

func graphOf(t *testing.T, path string) *appliance.Graph {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rb, problems := runbook.Parse(text, path, runbook.Options{Env: func(string) (string, bool) { return strings.Repeat("x", 40), true }})
	if rb == nil {
		t.Fatal(problems)
	}
	g, err := appliance.Compile(rb)
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
				if e.Carries == "events" {
					continue
				}
				lines++
				from, to := at[e.From], at[e.To]
				ahead := to.X - from.X
				if down {
					ahead = to.Y - from.Y
				}
				if k := g.Node(e.From).Kind; (k == appliance.Source || k == appliance.Features || k == appliance.Head || k == appliance.Recorder) && ahead <= 0 && e.Carries != "follows" {
					t.Errorf("%s: %s -> %s goes back", path, e.From, e.To)
				}
			}
			if len(d.Lines) != lines {
				t.Errorf("%s: %d lines, %d edges", path, len(d.Lines), lines)
			}
		}
	}
}

// TestAFalseWakeSuggestsAThreshold, with and without a script.
func TestAFalseWakeSuggestsAThreshold(t *testing.T) {
	r := newRig(t, Options{})
	r.wake("d1", "hey_jarvis", 0.61, "nothing of the kind")
	r.wake("d2", "hey_jarvis", 0.93, "turn on the light")
	if w := r.post(auth.Operator, "/history/d1/verdict", url.Values{"false_wake": {"true"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	page := r.get(auth.Admin, "/history").Body.String()
	if !strings.Contains(page, "A threshold of <strong>0.63</strong> in place of 0.50") || !strings.Contains(page, "/runbook/blocks/model.hey_jarvis") {
		t.Errorf("no threshold is suggested: %s", page)
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
