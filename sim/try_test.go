package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"orac/runbook"
	"orac/runbook/scenario"
	"orac/sim"
	"orac/sim/report"
)

func TestTry(t *testing.T) {
	sc, problems := scenario.Load(os.Getenv("SC"), runbook.Options{})
	if sc == nil {
		t.Fatal(problems.Err())
	}
	r, err := sim.Simulate(context.Background(), []*scenario.Scenario{sc}, sim.Options{Seeds: seeds()})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Scenarios {
		for k := range r.Scenarios[i].Runs {
			run := &r.Scenarios[i].Runs[k]
			t.Logf("%v %s hash %s wall %.2f records %d counts %v breaks %+v", run.Seed, run.Verdict, run.Hash, run.Wall, run.Records, run.Counts, run.Breaks)
			run.Memory, run.Level = nil, nil
			if os.Getenv("K") != "" && fmt.Sprint(run.Seed) != os.Getenv("K") {
				continue
			}
			for _, j := range run.Judged {
				t.Logf("%+v", j)
			}
			for _, f := range run.Faults {
				t.Logf("FAULT %8.2f-%8.2f %s %s", f.Begin, f.End, f.Kind, f.Target)
			}
			if os.Getenv("EV") != "" {
				for _, e := range run.Events {
					t.Logf("%8.2f %s %s %s", e.At, e.Lane, e.Kind, e.Text)
				}
			}
		}
		t.Logf("%s %v", r.Scenarios[i].Verdict, r.Scenarios[i].Why)
	}
	_ = json.Marshal
	_ = report.Kept
}

func seeds() (l []uint64) {
	n, _ := strconv.Atoi(os.Getenv("N"))
	for i := range max(n, 1) {
		l = append(l, uint64(i+1))
	}
	return l
}
