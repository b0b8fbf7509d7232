package simulations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// program is a stand-in for orac that does what a script says.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orac")
	testkit.Must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755))
	return path
}

// book is a runbook with scenarios beside it.
func book(t *testing.T, names ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "or[ac]*") // a folder may be called like that
	testkit.Must(t, os.MkdirAll(filepath.Join(dir, "scenarios"), 0o755))
	text, err := os.ReadFile("../../examples/scenarios/blocked_read.hcl")
	testkit.Must(t, err)
	for _, name := range names {
		testkit.Must(t, os.WriteFile(filepath.Join(dir, "scenarios", name+".hcl"), text, 0o644))
	}
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "scenarios", "runbook.hcl"), []byte("appliance \"x\" {}\n"), 0o644))
	return filepath.Join(dir, "orac.hcl")
}

// order is an order of the scenario with a name.
func order(t *testing.T, file, name string, seeds int) Order {
	t.Helper()
	for _, s := range Scenarios(file) {
		if s.Name == name {
			return Order{Scenario: s, Runbook: file, Seeds: seeds, Who: "anna"}
		}
	}
	t.Fatalf("there is no scenario %s", name)
	return Order{}
}

// open returns a runner whose children end with the test.
func open(t *testing.T, dir, script string) *Runner {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := New(ctx, Options{Dir: dir, Program: program(t, script)})
	t.Cleanup(func() { cancel(); r.Close() })
	return r
}

// await returns a simulation as soon as it is as wanted.
func await(t *testing.T, r *Runner, number int, what string, is func(Simulation) bool) Simulation {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s, err := r.Get(number)
		if err == nil && is(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s; %+v, %v", what, s, err)
		}
	}
}

func ended(s Simulation) bool { return !s.Running() }

// reports is what orac sim leaves.
const reports = `while [ $# -gt 0 ]; do case $1 in --html) echo '<!doctype html><style>p{color:red}</style><p>report</p>' >$2;; --json) echo '{"scenarios":[{"verdict":"kept"}]}' >$2;; esac; shift; done
`

// TestASimulationRunsAsAChildWithinBounds, at the lowest priority, told by name what to run, and leaves a report.
func TestASimulationRunsAsAChildWithinBounds(t *testing.T) {
	file := book(t, "storm")
	r := open(t, filepath.Join(t.TempDir(), "simulations"), `echo "args $*"; echo "procs $GOMAXPROCS memory $GOMEMLIMIT room $ORAC_VAR_room"; sleep 0.2
echo "nice $(cut -d' ' -f19 /proc/self/stat) cpu $(ulimit -t) file $(ulimit -f) oom $(cat /proc/self/oom_score_adj)"; `+reports)
	o := order(t, file, "storm", 7)
	o.Vars = map[string]string{"room": "kitchen s3cret"}
	s, err := r.Start(o)
	if err != nil || s.Number != 1 || !s.Running() {
		t.Fatalf("%+v, %v", s, err)
	}
	got := await(t, r, 1, "its end", ended)
	for _, want := range []string{"sim --seeds 1-7 --workers 1 --progress /dev/fd/3", "storm.hcl\n", "procs 1 memory 256MiB room kitchen s3cret", "nice 19 cpu 600 file 65536 oom 1000"} {
		if !strings.Contains(got.Output, want) {
			t.Errorf("it ran without %q: %s", want, got.Output)
		}
	}
	if strings.Contains(strings.Split(got.Output, "\n")[0], "s3cret") {
		t.Error("the value of a variable is on the command line")
	}
	if got.Verdict != "kept" || !got.Report || got.Who != "anna" || got.Exit != 0 || got.Failed != "" || got.Took() <= 0 {
		t.Errorf("it ended as %+v", got)
	}
	page, err := r.HTML(1)
	if err != nil || !strings.Contains(string(page), "<p>report</p>") {
		t.Errorf("the report is %q, %v", page, err)
	}
	if text, err := r.JSON(1); err != nil || !json.Valid(text) {
		t.Errorf("the report is %q, %v", text, err)
	}
	if list := r.List(); len(list) != 1 || list[0].Output != "" {
		t.Errorf("the list is %+v", list)
	}
	for _, n := range []int{0, 2, -1} {
		if _, err := r.HTML(n); !errors.Is(err, ErrUnknown) {
			t.Errorf("report %d: %v", n, err)
		}
	}
}

// TestTheQuietRunIsOfTheRunbook itself, for as long as was said.
func TestTheQuietRunIsOfTheRunbook(t *testing.T) {
	file := book(t, Quiet, "storm") // a file cannot take its name
	names := []string{}
	for _, s := range Scenarios(file) {
		names = append(names, s.Name)
		if s.Doc == "" {
			t.Errorf("%s says nothing of itself", s.Name)
		}
	}
	if fmt.Sprint(names) != "[quiet storm]" {
		t.Errorf("there are %v", names)
	}
	r := open(t, t.TempDir(), `echo "args $*"`)
	o := order(t, file, Quiet, 1)
	o.For = "7d"
	_, err := r.Start(o)
	testkit.Must(t, err)
	if got := await(t, r, 1, "its end", ended); !strings.HasSuffix(got.Output, " --for 7d --file="+filepath.Base(file)) {
		t.Errorf("it ran %s", got.Output)
	}
}

// TestProgressIsSeen while it runs; what is no progress is none.
func TestProgressIsSeen(t *testing.T) {
	r := open(t, t.TempDir(), `exec 4>/dev/fd/3; echo nonsense >&4
echo '{"scenario":"storm","seed":4,"done":3,"of":10,"share":0.35,"virtual_seconds":7200,"wall_seconds":3.5,"broken":1}' >&4
echo '{"done":12,"of":10,"share":7}' >&4
head -c 100000 /dev/zero >&4; echo '{"of":1}' >&4; echo told; sleep 60`)
	_, err := r.Start(order(t, book(t, "storm"), "storm", 10))
	testkit.Must(t, err)
	s := await(t, r, 1, "progress", func(s Simulation) bool { return s.Progress != nil && s.Output == "told" })
	if want := (Progress{"storm", 4, 3, 10, 0.35, 7200, 3.5, 1}); *s.Progress != want || s.Left() != 7*time.Second {
		t.Errorf("%+v, %v left", *s.Progress, s.Left())
	}
	testkit.Must(t, r.Stop(1))
	if s := await(t, r, 1, "its end", ended); s.Progress == nil || s.Progress.Done != 3 || s.Failed != "it was stopped" {
		t.Errorf("%+v", s)
	}
}

// TestOneSimulationAtATime: a second is refused; a stop ends it with all that it has started, and so does the end of the appliance.
func TestOneSimulationAtATime(t *testing.T) {
	dir := t.TempDir()
	mark := filepath.Join(dir, "mark")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := New(ctx, Options{Dir: filepath.Join(dir, "s"), Program: program(t, `sh -c 'sleep 1; echo late >`+mark+`' & echo begun; wait`)})
	o := order(t, book(t, "storm"), "storm", 1)
	for n, end := range []func(){func() { testkit.Must(t, r.Stop(1)) }, cancel} {
		if _, err := r.Start(o); err != nil {
			t.Fatal(err)
		}
		await(t, r, n+1, "its begin", func(s Simulation) bool { return s.Output == "begun" })
		if _, err := r.Start(o); !errors.Is(err, ErrBusy) {
			t.Errorf("a second one: %v", err)
		}
		end()
		s := await(t, r, n+1, "its end", ended)
		if want := []string{"it was stopped", appEnded}[n]; s.Failed != want || s.Report {
			t.Errorf("it ended as %+v", s)
		}
	}
	r.Close()
	testkit.Must(t, r.Stop(1))
	if err := r.Stop(3); !errors.Is(err, ErrUnknown) {
		t.Errorf("a stop of nothing: %v", err)
	}
	if _, err := r.Start(o); err == nil {
		t.Error("one is begun after the end")
	}
	time.Sleep(1200 * time.Millisecond)
	if _, err := os.Stat(mark); err == nil {
		t.Error("what it had started went on")
	}
}

// TestOneThatIsStoppedReportsWhatItHas.
func TestOneThatIsStoppedReportsWhatItHas(t *testing.T) {
	r := open(t, t.TempDir(), `all="$*"; finish() { set -- $all; `+reports+` exit 2; }; trap finish TERM; echo begun; while :; do sleep 0.05; done`)
	_, err := r.Start(order(t, book(t, "storm"), "storm", 1))
	testkit.Must(t, err)
	await(t, r, 1, "its begin", func(s Simulation) bool { return s.Output == "begun" })
	testkit.Must(t, r.Stop(1))
	if s := await(t, r, 1, "its end", ended); !s.Report || s.Exit != 2 || s.Failed != "it was stopped" {
		t.Errorf("it ended as %+v", s)
	}
}

// TestRunsOutliveARestart with their reports; one whose end nobody has seen says so; a new one has a number of its own.
func TestRunsOutliveARestart(t *testing.T) {
	dir, file := t.TempDir(), book(t, "storm")
	r := open(t, dir, "echo some words; "+reports)
	_, err := r.Start(order(t, file, "storm", 3))
	testkit.Must(t, err)
	before := await(t, r, 1, "its end", ended)
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "2.run"), []byte(`{"number":2,"scenario":"storm","seeds":1,"who":"ben","state":"running","began":"2026-01-02T03:04:05Z"}`), 0o600))
	r = open(t, dir, "true")
	got, err := r.Get(1)
	testkit.Must(t, err)
	before.Began, before.Ended = before.Began.Round(0), before.Ended.Round(0) // what is written has no monotonic clock
	if got.Output != "some words" || !got.Report || !got.Ended.Equal(before.Ended) || got.Verdict != "kept" {
		t.Errorf("it was %+v and is %+v", before, got)
	}
	if _, err := r.HTML(1); err != nil {
		t.Error(err)
	}
	if s, err := r.Get(2); err != nil || s.Running() || s.Failed != appEnded || s.Report {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := r.Start(order(t, file, "storm", 1)); err != nil || s.Number != 3 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestAnOldReportIsNotTakenForANewOne: a simulation that dies has none, whatever lies there.
func TestAnOldReportIsNotTakenForANewOne(t *testing.T) {
	dir := t.TempDir()
	for _, end := range []string{html, report} {
		testkit.Must(t, os.WriteFile(filepath.Join(dir, "1."+end), []byte(`{"scenarios":[{"verdict":"kept"}]}`), 0o600))
	}
	r := open(t, dir, "echo broken; exit 2")
	if len(r.List()) > 0 {
		t.Errorf("a report of nothing is a run: %+v", r.List())
	}
	r.next = 1
	_, err := r.Start(order(t, book(t, "storm"), "storm", 1))
	testkit.Must(t, err)
	if got := await(t, r, 1, "its end", ended); got.Report || got.Verdict != "" || got.Exit != 2 || got.Output != "broken" {
		t.Errorf("it ended as %+v", got)
	}
	if _, err := r.HTML(1); !errors.Is(err, ErrUnknown) {
		t.Errorf("the old report is shown: %v", err)
	}
}

// TestWhatIsKeptIsBounded in number and bytes, and damage of it does no harm.
func TestWhatIsKeptIsBounded(t *testing.T) {
	dir := t.TempDir()
	for n := 1; n <= maxRuns+7; n++ {
		text := fmt.Sprintf(`{"number":%d,"scenario":"s","seeds":1,"state":"ended","report":true}`, n)
		testkit.Must(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(n)+".run"), []byte(text), 0o600))
	}
	for name, text := range map[string]string{
		"27.run": "{", "26.run": `{"number":1,"seeds":1,"state":"ended"}`, "25.run": strings.Repeat(" ", maxKnown+1), "24.run": `{"number":24,"seeds":1,"state":"gone"}`,
		"23.run": "\x00\x00\x00\x00", "99999999999.run": "{}", "01.run": "{}", "notes.txt": "mine", "4.html.bak": "mine",
	} {
		testkit.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	testkit.Must(t, os.Remove(filepath.Join(dir, "22.run")))
	testkit.Must(t, os.Symlink("/dev/zero", filepath.Join(dir, "22.run")))
	r := open(t, dir, "true")
	list := r.List()
	if len(list) != maxRuns || list[0].Number != 21 || list[len(list)-1].Number != 2 {
		t.Errorf("%d runs: %+v", len(list), list)
	}
	if list[0].Report {
		t.Error("a run without a report has one")
	}
	if r.next != 28 {
		t.Errorf("the next is %d", r.next)
	}
	for _, name := range []string{"notes.txt", "4.html.bak"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"1.run", "27.run"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	f, err := os.Create(filepath.Join(dir, "20.html")) // large, and takes no room
	testkit.Must(t, err)
	testkit.Must(t, f.Truncate(maxBytes))
	testkit.Must(t, f.Close())
	if r = open(t, dir, "true"); len(r.List()) != 1 {
		t.Errorf("%d runs are kept beside a large one", len(r.List()))
	}
}

// TestWhereNothingCanRun, and a program that is not there.
func TestWhereNothingCanRun(t *testing.T) {
	file := book(t, "storm")
	if _, err := New(t.Context(), Options{}).Start(order(t, file, "storm", 1)); !errors.Is(err, ErrImpossible) {
		t.Error(err)
	}
	dir := t.TempDir()
	r := New(t.Context(), Options{Dir: dir, Program: "/nowhere/orac"})
	if _, err := r.Start(order(t, file, "storm", 1)); err == nil || len(r.List()) > 0 {
		t.Errorf("%v, %+v", err, r.List())
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("it has left %v, %v", list, err)
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

// FuzzProgress: whatever a child tells, what is believed of it can be shown.
func FuzzProgress(f *testing.F) {
	f.Add([]byte(`{"scenario":"storm","seed":4,"done":3,"of":10,"share":0.35,"virtual_seconds":7200,"wall_seconds":3.5,"broken":1}`))
	f.Add([]byte(`{"share":1e-300,"wall_seconds":1e300}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		p, ok := readProgress(line)
		if !ok {
			return
		}
		if _, err := json.Marshal(p); err != nil {
			t.Fatal(err)
		}
		if s := (Simulation{State: Running, Progress: &p}); p.Done > p.Of || p.Share > 1 || s.Left() < 0 {
			t.Errorf("%s is taken for %+v, %v left", line, p, s.Left())
		}
	})
}

// FuzzKept: whatever lies in a file of the folder, it is a run that can be shown, or none.
func FuzzKept(f *testing.F) {
	f.Add([]byte(`{"number":1,"scenario":"storm","seeds":3,"state":"ended","exit":2,"progress":{"of":3}}`))
	f.Add([]byte(`{"number":1,"seeds":1,"state":"running","began":"9999-01-01T00:00:00Z"}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		testkit.Must(t, os.WriteFile(filepath.Join(dir, "1.run"), text, 0o600))
		for _, s := range New(t.Context(), Options{Dir: dir}).List() {
			if _, err := json.Marshal(s); err != nil || s.Running() || s.Number != 1 {
				t.Errorf("%q is taken for %+v, %v", text, s, err)
			}
		}
	})
}
