package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/amount"
	"orac/appliance/memory"
)

// Bounds of a simulation, so that it never takes from the appliance what that needs: one at a time, on one core, at the lowest
// priority, for so long, in so much memory.
const (
	chaosTime   = 10 * time.Minute
	chaosMemory = "256MiB"
	chaosOutput = 64 << 10 // bytes that are kept of what it says
	chaosSeeds  = 50
	chaosKept   = 10 // reports
	maxReport   = 32 << 20
)

var (
	errChaosBusy = errors.New("a simulation runs already")
	errNoProgram = errors.New("simulations cannot be run here")
)

// run is one simulation.
type run struct {
	Number   int
	Scenario string
	Seeds    int
	Who      string
	Began    time.Time
	Ended    time.Time // zero while it runs
	Exit     int       // of orac sim
	Failed   string    // why it did not end by itself
	Output   string    // the last of what it said
	Verdict  string    // of the report
	Report   bool      // there is one
}

// Running tells whether it goes on.
func (r run) Running() bool { return r.Ended.IsZero() }

// Took is how long it took, or has taken.
func (r run) Took() time.Duration {
	if r.Running() {
		return time.Since(r.Began).Round(time.Second)
	}
	return r.Ended.Sub(r.Began).Round(100 * time.Millisecond)
}

// chaos runs simulations as children of this process.
type chaos struct {
	ctx context.Context
	o   Options

	mu   sync.Mutex // guards everything that follows
	runs []*run     // the newest first
	said *tail      // of the one that runs
	stop context.CancelFunc
	next int
}

func newChaos(ctx context.Context, o Options) *chaos { return &chaos{ctx: ctx, o: o, next: 1} }

// list gives the simulations, the newest first.
func (c *chaos) list() []run {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []run
	for _, r := range c.runs {
		one := *r
		if r.Running() {
			one.Output = c.said.String()
		}
		out = append(out, one)
	}
	return out
}

func (c *chaos) folder() string { return filepath.Join(c.o.StateDir, "simulations") }

func (c *chaos) file(number int, ext string) string {
	return filepath.Join(c.folder(), fmt.Sprintf("%d.%s", number, ext))
}

// forget removes what a simulation has left.
func (c *chaos) forget(number int) {
	for _, ext := range []string{"html", "json"} {
		_ = os.Remove(c.file(number, ext)) // best effort: there may be none
	}
}

// start begins a simulation of a scenario's file.
func (c *chaos) start(name, path string, seeds int, who string, log *slog.Logger) error {
	if c.o.Program == "" || c.o.StateDir == "" {
		return errNoProgram
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.runs) > 0 && c.runs[0].Running() {
		return errChaosBusy
	}
	if err := os.MkdirAll(c.folder(), 0o700); err != nil {
		return err
	}
	c.forget(c.next) // what a process before this one has left is no report of this run
	r := &run{Number: c.next, Scenario: name, Seeds: seeds, Who: who, Began: time.Now()}
	ctx, stop := context.WithTimeout(c.ctx, chaosTime)
	// GOMEMLIMIT and GOMAXPROCS bound it from inside; RLIMIT_CPU and the deadline from outside.
	cmd := exec.CommandContext(ctx, c.o.Program, "sim", path, "--seeds", fmt.Sprintf("1-%d", seeds), "--workers", "1",
		"--html", c.file(r.Number, "html"), "--json", c.file(r.Number, "json"))
	cmd.Env = append(slices.Clone(c.environment()), "NO_COLOR=1", "GOMAXPROCS=1", "GOMEMLIMIT="+chaosMemory)
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	c.said = &tail{limit: chaosOutput}
	cmd.Stdout, cmd.Stderr = c.said, c.said
	if err := cmd.Start(); err != nil {
		stop()
		return err
	}
	pid := cmd.Process.Pid
	_ = unix.Setpriority(unix.PRIO_PGRP, pid, 19) // best effort, like the next: it runs on one core in any case
	_ = unix.Prlimit(pid, unix.RLIMIT_CPU, &unix.Rlimit{Cur: uint64(chaosTime / time.Second), Max: uint64(chaosTime / time.Second)}, nil)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0) // where memory ends, it goes first
	c.next++
	c.stop = stop
	c.runs = slices.Insert(c.runs, 0, r)
	for len(c.runs) > chaosKept {
		old := c.runs[len(c.runs)-1]
		c.runs = c.runs[:len(c.runs)-1]
		c.forget(old.Number)
	}
	ended := memory.Apart(pid) // what it takes is not what the appliance takes
	log.Info("a simulation begins", "scenario", name, "seeds", seeds, "who", who)
	go func() {
		defer ended()
		c.await(ctx, stop, cmd, r)
	}()
	return nil
}

func (c *chaos) environment() []string {
	if c.o.Env != nil {
		return c.o.Env
	}
	return os.Environ()
}

// await ends with the child, which ends with ctx.
func (c *chaos) await(ctx context.Context, stop context.CancelFunc, cmd *exec.Cmd, r *run) {
	defer stop()
	err := cmd.Wait()
	verdict, reported := c.verdict(r.Number)
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Ended, r.Output, r.Verdict, r.Report = time.Now(), c.said.String(), verdict, reported
	r.Exit = cmd.ProcessState.ExitCode()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.Failed = "it took longer than " + amount.Span(chaosTime)
	case ctx.Err() != nil:
		r.Failed = "it was stopped"
	case r.Exit < 0:
		r.Failed = fmt.Sprint(err)
	}
}

// verdict reads how the report judges.
func (c *chaos) verdict(number int) (string, bool) {
	f, err := os.Open(c.file(number, "json"))
	if err != nil {
		return "", false
	}
	defer f.Close()
	var report struct {
		Scenarios []struct {
			Verdict string `json:"verdict"`
		} `json:"scenarios"`
	}
	if err := json.NewDecoder(io.LimitReader(f, maxReport)).Decode(&report); err != nil || len(report.Scenarios) == 0 {
		return "", false
	}
	return report.Scenarios[0].Verdict, true
}

// halt ends the simulation that runs.
func (c *chaos) halt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		c.stop()
	}
}

// report is the page that a simulation has left.
func (c *chaos) report(number int) ([]byte, error) {
	c.mu.Lock()
	known := slices.ContainsFunc(c.runs, func(r *run) bool { return r.Number == number && r.Report })
	c.mu.Unlock()
	if !known {
		return nil, os.ErrNotExist
	}
	f, err := os.Open(c.file(number, "html"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxReport))
}

// tail keeps the last of what is written.
type tail struct {
	mu    sync.Mutex // guards text
	text  []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - t.limit; over > 0 {
		t.text = slices.Delete(t.text, 0, over)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(bytes.TrimSpace(t.text)), "�")
}
