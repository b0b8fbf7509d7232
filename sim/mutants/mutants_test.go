package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/sim/trial/report"
)

// TestMutationsFit: each mutation changes a text that is there, once, and is caught by scenarios that are shipped.
func TestMutationsFit(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{root: root}
	names := map[string]bool{}
	for _, m := range mutations {
		if m.name == "" || m.does == "" || names[m.name] || m.old == m.new {
			t.Errorf("%q says not what it is, or is there twice", m.name)
		}
		names[m.name] = true
		if _, err := b.mutate(m); err != nil {
			t.Error(err)
		}
		for _, s := range m.scenarios {
			if _, err := os.Stat(filepath.Join(root, "examples/scenarios", s+".hcl")); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
		if len(m.scenarios) == 0 {
			t.Errorf("%s: no scenario is to catch it", m.name)
		}
	}
	if len(mutations) < 10 {
		t.Errorf("there are only %d mutations", len(mutations))
	}
}

func TestReplaced(t *testing.T) {
	m := mutation{name: "m", file: "f.go", old: "x := 1\n", new: "x := 2\n"}
	if got, err := replaced(m, "a\nx := 1\nb\n"); err != nil || got != "a\nx := 2\nb\n" {
		t.Errorf("%q, %v", got, err)
	}
	for text, times := range map[string]string{"a\n": "0 times in f.go", "x := 1\nx := 1\n": "2 times in f.go"} {
		if _, err := replaced(m, text); err == nil || !strings.Contains(err.Error(), times) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFirst(t *testing.T) {
	scenario := func(v report.Verdict, runs ...report.Run) report.Report {
		return report.Report{Scenarios: []report.Scenario{{Verdict: v, Why: []string{"so"}, Runs: runs}}}
	}
	lost := report.Run{Seed: 3, Verdict: report.Broken, Breaks: []report.Break{{Promise: "safety/lost", What: "safety"}, {Promise: "back", What: "recover"}}}
	late := report.Run{Seed: 4, Verdict: report.Broken, Breaks: []report.Break{{Promise: "back", What: "recover"}}}
	tests := []struct {
		name    string
		report  report.Report
		promise string
		seed    uint64
		failed  bool
	}{
		{"kept", scenario(report.Kept, report.Run{Verdict: report.Kept}), "", 0, false},
		{"safety", scenario(report.Broken, report.Run{Verdict: report.Kept}, lost), "safety/lost", 3, false},
		{"a promise", scenario(report.Broken, late), "back (recover)", 4, false},
		{"unknown catches nothing", scenario(report.Unknown, report.Run{Verdict: report.Unknown}), "", 0, true},
		{"nor does a run that differs", scenario(report.NotSame, report.Run{Verdict: report.NotSame, Breaks: lost.Breaks}), "", 0, true},
	}
	for _, test := range tests {
		if c := first(test.report, "s"); c.promise != test.promise || c.seed != test.seed || (c.err != nil) != test.failed {
			t.Errorf("%s: %+v", test.name, c)
		}
	}
}

func TestTableTellsWhatSurvives(t *testing.T) {
	all := []mutation{{name: "none", scenarios: []string{"a"}}, {name: "one", does: "this", scenarios: []string{"a", "b"}}, {name: "two"}}
	caughtIt, kept := caught{scenario: "a", promise: "safety/lost", seed: 1}, caught{}
	tests := []struct {
		name    string
		results []caught
		good    bool
		says    string
	}{
		{"all are caught", []caught{kept, caughtIt, caughtIt}, true, "2 of 2 mutations were caught"},
		{"one survives", []caught{kept, kept, caughtIt}, false, "SURVIVED"},
		{"the control is broken", []caught{caughtIt, caughtIt, caughtIt}, false, "BROKEN without any defect"},
		{"one does not build", []caught{kept, {err: os.ErrNotExist}, caughtIt}, false, "1 of 2 mutations were caught"},
	}
	for _, test := range tests {
		var out strings.Builder
		if good := table(&out, all, test.results, 0); good != test.good || !strings.Contains(out.String(), test.says) {
			t.Errorf("%s: %v\n%s", test.name, good, &out)
		}
	}
}
