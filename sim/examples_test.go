package sim_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/scenario"
	"orac/sim"
	"orac/sim/report"
)

// TestShippedScenarios runs the scenarios of examples/scenarios that are short, and the regressions: each once, with one seed.
// What takes longer (a run for each write, hours, many seeds) is what `make sim` runs.
func TestShippedScenarios(t *testing.T) {
	const folder = "../examples/scenarios"
	ran := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".hcl" || d.Name() == "kitchen.hcl" {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		sc, problems := scenario.Load(path, runbook.Options{})
		if problems.HasErrors() {
			t.Errorf("%s: %v", name, problems.Err())
			return nil
		}
		regression := strings.HasPrefix(name, "regressions")
		if sc.Head.For > 20*time.Minute && !regression || sc.Head.Inference != "modelled" {
			return nil
		}
		for _, f := range sc.Faults {
			if f.EveryWrite {
				return nil
			}
		}
		ran++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := sim.Simulate(t.Context(), []*scenario.Scenario{sc}, sim.Options{Seeds: []uint64{1}, Twice: -1})
			if err != nil {
				t.Fatal(err)
			}
			if s := r.Scenarios[0]; s.Verdict != report.Kept {
				t.Errorf("%s: %v", s.Verdict, s.Why)
				for _, b := range s.Runs[0].Breaks {
					t.Errorf("at %.1f s %s: %s", b.At, b.Promise, b.Text)
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if ran < 10 {
		t.Errorf("only %d scenarios are short", ran)
	}
}
