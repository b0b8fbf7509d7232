package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/cmd/orac/screen"
	"orac/runbook/language"
	"orac/sim"
	"orac/sim/trial/report"
)

// rehearsing puts a rehearsal in the place of the simulator.
func rehearsing(t *testing.T) {
	was := simulate
	simulate = rehearse
	t.Cleanup(func() { simulate = was })
}

// scenarioFile writes a scenario of that name.
func scenarioFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".hcl")
	text := `scenario "` + name + `" {` + "\n  runbook = \"orac.hcl\"\n  for = \"1h\"\n}\nexpect \"x\" {\n  holds = lost == 0\n}\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAnInterruptReportsWhatEnded: what ran is there, and the verdict is not known.
func TestAnInterruptReportsWhatEnded(t *testing.T) {
	rehearsing(t)
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	time.AfterFunc(350*time.Millisecond, cancel)
	code := Run(ctx, []string{"sim", scenarioFile(t, "slow"), "--seeds", "1-1000", "--json", "-"}, strings.NewReader(""), &out, &errs)
	r, err := report.Read(&out)
	if err != nil || code != report.ExitUnknown {
		t.Fatalf("exit %d, %v\n%s", code, err, errs.String())
	}
	n := len(r.Scenarios[0].Runs)
	if r.Ended != "interrupted" || n == 0 || n > 100 || r.Scenarios[0].Asked != 1000 || !strings.Contains(errs.String(), "ended early: interrupted") {
		t.Errorf("%d runs of %d, %q:\n%s", n, r.Scenarios[0].Asked, r.Ended, errs.String())
	}
}

// TestProgressOnATerminal: a line that moves, and is gone before the report.
func TestProgressOnATerminal(t *testing.T) {
	tty, written := terminal(t)
	var p progress
	done, over := make(chan struct{}), make(chan struct{})
	go func() { defer close(over); p.watch(screen.New(tty), done) }()
	p.set(sim.Progress{Scenario: "a\x1b[2J", Seed: 17, Done: 3, Of: 12, Virtual: 3 * time.Hour, Breaks: 1})
	p.set(sim.Progress{Done: 2, Of: 12}) // a run that ended earlier, said later
	time.Sleep(3 * moveEvery)
	close(done)
	<-over
	var got string
	_, err := tty.WriteString("END")
	for b := make([]byte, 4096); err == nil && !strings.HasSuffix(got, "END"); {
		var n int
		n, err = written.Read(b)
		got += string(b[:n])
	}
	got = strings.TrimSuffix(got, "END")
	if err != nil || !strings.Contains(got, "3 of 12 runs · 3 h simulated") || !strings.Contains(got, "1 broken") || strings.Contains(got, "\x1b[2J") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the terminal gets %q (%v)", got, err)
	}
	for line := range strings.SplitSeq(got, "\r\x1b[K") {
		if n := len([]rune(uncoloured(line))); n > 79 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

// uncoloured takes the colours out of a line.
func uncoloured(line string) string {
	var b strings.Builder
	for i, part := range strings.Split(line, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		b.WriteString(part)
	}
	return b.String()
}

// TestProgressText is what stands on plain lines.
func TestProgressText(t *testing.T) {
	got := progressText(sim.Progress{Scenario: "swarm", Seed: 9, Done: 50, Of: 200, Virtual: 50 * time.Hour, Breaks: 2}, 20*time.Second)
	if want := "50 of 200 runs · 2 d 2 h simulated · 9000 times real time · about 1 min to go · 2 broken · swarm, seed 9"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got := progressText(sim.Progress{Of: 1}, 0); got != "0 of 1 run" {
		t.Errorf("%q", got)
	}
}

// TestTheBuiltInScenarioIsValid for a runbook wherever it is.
func TestTheBuiltInScenarioIsValid(t *testing.T) {
	for _, path := range []string{"orac.hcl", "/etc/orac/orac.hcl", `a "b/c${d}.hcl`} {
		sc, problems := quietScenario(path, language.Options{})
		if sc == nil || len(problems) > 0 {
			t.Errorf("%s: %v", path, problems)
			continue
		}
		if sc.Head.Runbook != filepath.Clean(path) || len(sc.Holds) != 2 || len(sc.Flats) != 1 {
			t.Errorf("%s: it runs %s", path, sc.Head.Runbook)
		}
	}
}
