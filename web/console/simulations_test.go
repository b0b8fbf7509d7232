package console

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"orac/web/auth"
)

// simulated is a rig in which simulations can be run, and one has been: it says evil things of itself.
func simulated(t *testing.T, program string) Options {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"1.run":  `{"number":1,"scenario":"<evil>","seeds":3,"for":"<evil>","who":"<evil>","state":"ended","verdict":"<evil>","report":true,"output":"<evil>","began":"2026-01-02T03:04:05Z","ended":"2026-01-02T03:04:07Z"}`,
		"1.html": "<!doctype html><style>p{color:red}</style><p>report</p>", "1.json": `{"scenarios":[{"verdict":"kept"}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Options{Simulations: dir, Program: program, Samples: dir}
}

// script is a stand-in for orac that does what a script says.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orac")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// scenarioIn puts a scenario beside the runbook.
func (r *rig) scenarioIn(name string) {
	r.t.Helper()
	dir := filepath.Join(filepath.Dir(r.app.File), "scenarios")
	r.must(os.MkdirAll(dir, 0o755))
	text, err := os.ReadFile("../../examples/scenarios/blocked_read.hcl")
	r.must(err)
	r.must(os.WriteFile(filepath.Join(dir, name+".hcl"), []byte(strings.Replace(string(text), "A read that blocks", "It <evil> breaks", 1)), 0o644))
	r.must(os.WriteFile(filepath.Join(dir, "runbook.hcl"), []byte("appliance \"x\" {}\n"), 0o644))
}

// until returns a page as soon as it has a text.
func (r *rig) until(path, text string) string {
	r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		page := r.get(auth.Admin, path).Body.String()
		if strings.Contains(page, text) {
			return page
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s never has %q: %s", path, text, page)
		}
	}
}

// TestASimulationIsWatched: chosen, begun, seen how far it is, stopped, and found among what was run.
func TestASimulationIsWatched(t *testing.T) {
	r := newRig(t, simulated(t, script(t, `echo '{"scenario":"storm","seed":4,"done":3,"of":10,"share":0.35,"virtual_seconds":7200,"wall_seconds":3.5,"broken":1}' >/dev/fd/3; echo words; sleep 60`)))
	r.scenarioIn("storm")
	page := r.get(auth.Admin, "/simulations").Body.String()
	for _, want := range []string{">storm<", `value="3" required`, // of what was run last
		"&lt;evil&gt; breaks", `hx-get="/parts/simulations?now=0&amp;last=1"`, `href="/simulations/1/report"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	if strings.Contains(page, ">runbook<") {
		t.Error("a runbook is offered as a scenario")
	}
	if w := r.post(auth.Admin, "/simulations/run", url.Values{"scenario": {"storm"}, "seeds": {"10"}, "for": {"1d"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	page = r.until("/simulations", "3 of 10 runs")
	for _, want := range []string{`<progress max="1" value="0.350000"`, "2 h simulated", "1 broken", "10 seeds · 1 d each", `value="storm" selected`, `value="1d" selected`, "about 7 s to go", `action="/simulations/2/stop"`, "disabled"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %s", want, page)
		}
	}
	same := r.get(auth.Operator, "/parts/simulations?now=2&last=1").Body.String()
	if !strings.Contains(same, `id="far" hx-swap-oob`) || strings.Contains(same, `id="past"`) {
		t.Errorf("while it goes on the page gets %s", same)
	}
	changed := r.get(auth.Operator, "/parts/simulations?now=0&last=1").Body.String()
	if !strings.Contains(changed, `id="now" hx-swap-oob`) || strings.Contains(changed, "/stop") || strings.Contains(changed, `id="go"`) {
		t.Errorf("an operator who has the page of before gets %s", changed)
	}
	if w := r.post(auth.Admin, "/simulations/run", url.Values{"scenario": {"storm"}, "seeds": {"1"}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "A simulation is running already. Stop it, or wait until it ends.") {
		t.Errorf("a second one: %d", w.Code)
	}
	if w := r.post(auth.Admin, "/simulations/2/stop", nil); w.Code != http.StatusSeeOther {
		t.Errorf("a stop: %d", w.Code)
	}
	r.until("/simulations", "it was stopped")
	if page := r.get(auth.Admin, "/simulations/2").Body.String(); !strings.Contains(page, "words") {
		t.Errorf("what it has said is lost: %s", page)
	}
	if page := r.get(auth.Operator, "/simulations/2").Body.String(); strings.Contains(page, "words") { // lines of files may stand in it
		t.Errorf("an operator reads what it has said: %s", page)
	}
	var said []string
	list, err := r.audit.Page(0, 10, nil)
	r.must(err)
	for _, l := range list {
		if strings.HasPrefix(l.Action, "chaos.") {
			said = append(said, fmt.Sprint(l.Action, " ", l.Target, " ", l.Outcome))
		}
	}
	if got := strings.Join(said, ", "); got != "chaos.stop 2 done, chaos.stop 2 attempt, chaos.run storm failed, chaos.run storm attempt, chaos.run storm done, chaos.run storm attempt" {
		t.Errorf("the audit log says %s", got)
	}
}

// TestWhatASimulationLeavesIsShown, and runs no script; what is no simulation is none.
func TestWhatASimulationLeavesIsShown(t *testing.T) {
	r := newRig(t, simulated(t, "/bin/true"))
	w := r.get(auth.Operator, "/simulations/1/report")
	if csp := w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "style-src 'sha256-") || strings.Contains(csp, "unsafe") {
		t.Errorf("the report comes with %d, %q", w.Code, csp)
	}
	for _, path := range []string{"/simulations/2/report", "/simulations/..%2f..%2faudit.log/report", "/simulations/-1/report", "/simulations/1.html/report", "/simulations/2", "/simulations/x"} {
		if w := r.get(auth.Operator, path); w.Code != http.StatusNotFound && w.Code != http.StatusBadRequest || !strings.Contains(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for what, v := range map[string]url.Values{
		"no such": {"scenario": {"../orac"}, "seeds": {"1"}}, "a path": {"scenario": {r.app.File}, "seeds": {"1"}}, "too many": {"scenario": {"quiet"}, "seeds": {"51"}}, "none": {"scenario": {"quiet"}, "seeds": {"x"}},
		"too long": {"scenario": {"quiet"}, "seeds": {"1"}, "for": {"999d"}},
	} {
		w := r.post(auth.Admin, "/simulations/run", v)
		if w.Code != http.StatusNotFound && w.Code != http.StatusBadRequest || !regexp.MustCompile(`role="alert">[A-Z]`).MatchString(w.Body.String()) {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
}

// TestTheOldAddressLeadsToSimulations: bookmarks of the page that was called Chaos still work, and lead to this host alone.
func TestTheOldAddressLeadsToSimulations(t *testing.T) {
	r := newRig(t, Options{})
	for from, to := range map[string]string{
		"/chaos": "/simulations", "/chaos/7": "/simulations/7", "/chaos/7/report?x=1": "/simulations/7/report?x=1", "/chaos/%2f%2fevil.example": "/simulations/%2f%2fevil.example",
	} {
		w := r.get(auth.Nobody, from)
		if got := w.Header().Get("Location"); w.Code != http.StatusMovedPermanently || got != to {
			t.Errorf("%s leads to %q with %d, not to %q", from, got, w.Code, to)
		}
	}
}
