package console

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/web/auth"
)

// program is a stand-in for orac that does what a script says.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orac")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// scenarioIn puts a scenario beside the runbook.
func (r *rig) scenarioIn(name string) {
	r.t.Helper()
	dir := filepath.Join(filepath.Dir(r.app.file), "scenarios")
	r.must(os.MkdirAll(dir, 0o755))
	text, err := os.ReadFile("../../examples/scenarios/blocked_read.hcl")
	r.must(err)
	r.must(os.WriteFile(filepath.Join(dir, name+".hcl"), []byte(strings.Replace(string(text), "A read that blocks", "It <evil> breaks", 1)), 0o644))
	r.must(os.WriteFile(filepath.Join(dir, "runbook.hcl"), []byte("appliance \"x\" {}\n"), 0o644))
}

func (r *rig) await(what string, done func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("not in time: %s; %+v", what, r.console.chaos.list())
		}
	}
}

const reported = `while [ $# -gt 0 ]; do case $1 in --html) echo '<!doctype html><style>p{color:red}</style><p>report</p>' >$2;; --json) echo '{"scenarios":[{"verdict":"kept"}]}' >$2;; esac; shift; done
`

// TestASimulationRunsAsAChildWithinBounds, at the lowest priority, and leaves a report that runs no script.
func TestASimulationRunsAsAChildWithinBounds(t *testing.T) {
	state := t.TempDir()
	r := newRig(t, Options{StateDir: state, Program: program(t, `echo "args $* procs $GOMAXPROCS memory $GOMEMLIMIT"; sleep 0.2; echo "nice $(cut -d' ' -f19 /proc/self/stat) cpu $(ulimit -t)"; `+reported)})
	r.scenarioIn("storm")
	if page := r.get(auth.Admin, "/chaos").Body.String(); !strings.Contains(page, ">storm<") || strings.Contains(page, ">runbook<") || !strings.Contains(page, "&lt;evil&gt; breaks") {
		t.Errorf("the scenarios are not those beside the runbook: %s", page)
	}
	if w := r.post(auth.Admin, "/chaos/run", url.Values{"scenario": {"storm"}, "seeds": {"7"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	r.await("its end", func() bool { return !r.console.chaos.list()[0].Running() })
	got := r.console.chaos.list()[0]
	for _, want := range []string{"storm.hcl --seeds 1-7 --workers 1", "procs 1 memory 512MiB", "nice 19 cpu 600"} {
		if !strings.Contains(got.Output, want) {
			t.Errorf("it ran without %q: %s", want, got.Output)
		}
	}
	if got.Verdict != "kept" || !got.Report || got.Who != "admin" {
		t.Errorf("it ended as %+v", got)
	}
	w := r.get(auth.Operator, "/chaos/report/1")
	if csp := w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "style-src 'sha256-") || strings.Contains(csp, "unsafe") {
		t.Errorf("the report comes with %d, %q", w.Code, csp)
	}
	for _, path := range []string{"/chaos/report/2", "/chaos/report/..%2f..%2faudit.log", "/chaos/report/-1", "/chaos/report/1.html"} {
		if w := r.get(auth.Operator, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	list, err := r.audit.Page(0, 10, nil)
	r.must(err)
	if list[0].Action != "chaos.run" || list[0].Target != "storm" || list[0].Who != "admin" {
		t.Errorf("the audit log says %+v", list[0])
	}
}

// TestOneSimulationAtATime: a second is refused, a stop ends it with all that it has started, and an end of the console, too.
func TestOneSimulationAtATime(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	r := newRig(t, Options{StateDir: t.TempDir(), Program: program(t, `sh -c 'sleep 1; echo late >`+mark+`' & echo begun; wait`)})
	r.scenarioIn("storm")
	start := url.Values{"scenario": {"storm"}, "seeds": {"1"}}
	if w := r.post(auth.Admin, "/chaos/run", start); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	r.await("its begin", func() bool { return strings.Contains(r.get(auth.Operator, "/parts/chaos").Body.String(), "begun") })
	if w := r.post(auth.Admin, "/chaos/run", start); w.Code != http.StatusConflict {
		t.Errorf("a second one: %d", w.Code)
	}
	r.post(auth.Admin, "/chaos/stop", nil)
	r.await("its end", func() bool { return !r.console.chaos.list()[0].Running() })
	if got := r.console.chaos.list()[0]; got.Failed != "it was stopped" {
		t.Errorf("it ended as %+v", got)
	}
	time.Sleep(1200 * time.Millisecond)
	if _, err := os.Stat(mark); err == nil {
		t.Error("what it had started went on")
	}
	for what, v := range map[string]url.Values{
		"no such": {"scenario": {"../orac"}, "seeds": {"1"}}, "a path": {"scenario": {r.app.file}, "seeds": {"1"}}, "too many": {"scenario": {"storm"}, "seeds": {"51"}}, "none": {"scenario": {"storm"}, "seeds": {"0"}},
	} {
		if w := r.post(auth.Admin, "/chaos/run", v); w.Code != http.StatusNotFound && w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
}

// TestWhatASimulationSaysIsBounded: the last of it is kept, and it is text.
func TestWhatASimulationSaysIsBounded(t *testing.T) {
	s := &tail{limit: 10}
	for range 100 {
		if n, err := s.Write([]byte("0123456\xff")); n != 8 || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := s.String(); got != "6�0123456�" {
		t.Errorf("%q", got)
	}
}
