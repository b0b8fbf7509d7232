package simulations

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/memory"
)

// stopTime is how long a child may take to report its results after it was told to stop.
const stopTime = 10 * time.Second

// Why a child is stopped early.
var (
	errStopped = errors.New("it was stopped")
	errTooLong = errors.New("it took longer than 10 minutes")
)

// child is a running orac sim.
type child struct {
	cmd   *exec.Cmd
	ctx   context.Context
	stop  context.CancelCauseFunc
	said  *tail
	clock *time.Timer
	apart func()
	read  chan struct{} // closed when all progress is read
	ended chan struct{} // closed when the outcome is known

	mu  sync.Mutex // guards far
	far *Progress
}

// begin starts a child. The caller holds the lock.
func (r *Runner) begin(o Order, s *Simulation) (*child, error) {
	tells, told, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer told.Close()
	c := &child{said: &tail{limit: maxOutput}, read: make(chan struct{}), ended: make(chan struct{})}
	c.ctx, c.stop = context.WithCancelCause(r.ctx)
	c.cmd = exec.CommandContext(c.ctx, r.o.Program, r.arguments(o, s)...)
	c.cmd.Dir, c.cmd.Env = filepath.Dir(o.Runbook), r.environment(o.Vars)
	c.cmd.Stdout, c.cmd.Stderr = c.said, c.said
	c.cmd.ExtraFiles = []*os.File{told} // descriptor 3
	c.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	c.cmd.WaitDelay = stopTime + 5*time.Second
	c.cmd.Cancel = func() error { return c.end(r.ctx.Err() != nil) }
	if err := c.cmd.Start(); err != nil {
		_ = tells.Close() // it was never used
		c.stop(err)
		return nil, err
	}
	restrain(c.cmd.Process.Pid)
	c.apart = memory.Apart(c.cmd.Process.Pid) // its memory is not counted as the appliance's
	c.clock = time.AfterFunc(MaxTime, func() { c.stop(errTooLong) })
	go func() {
		defer close(c.read)
		defer tells.Close()
		c.follow(tells)
	}()
	return c, nil
}

// arguments returns the arguments of orac sim.
func (r *Runner) arguments(o Order, s *Simulation) []string {
	args := []string{"sim", "--seeds", fmt.Sprintf("1-%d", s.Seeds), "--workers", "1", "--progress", "/dev/fd/3",
		"--html", r.file(s.Number, html), "--json", r.file(s.Number, report)}
	if s.For != "" {
		args = append(args, "--for", s.For)
	}
	if o.Scenario.path == "" {
		return append(args, "--file="+near(o.Runbook, o.Runbook))
	}
	return append(args, "--", near(o.Runbook, o.Scenario.path))
}

// near shortens a path that is below the runbook's folder, where the child runs, to a relative one: paths appear in reports,
// which operators read.
func near(runbook, path string) string {
	if rel, err := filepath.Rel(filepath.Dir(runbook), path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// environment returns the environment of a child. It contains the values of variables, which may be secret: the command line is
// readable by everybody.
func (r *Runner) environment(vars map[string]string) []string {
	env := slices.Clone(r.o.Env)
	if r.o.Env == nil {
		env = os.Environ()
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		env = append(env, "ORAC_VAR_"+name+"="+vars[name])
	}
	// These limit the child from inside; restrain and the time limit do so from outside.
	return append(env, "NO_COLOR=1", "GITHUB_ACTIONS=", "GOMAXPROCS=1", "GOMEMLIMIT="+memoryLimit)
}

// restrain gives a child only what nothing else needs. Each measure is best effort: in any case the child runs on one core, and
// not for long.
func restrain(pid int) {
	seconds := uint64(MaxTime / time.Second)
	_ = unix.Setpriority(unix.PRIO_PGRP, pid, 19)
	_ = unix.Prlimit(pid, unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds}, nil)
	_ = unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: maxReport, Max: maxReport}, nil)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0) // it is the first to go when memory runs out
}

// end asks the child and everything it has started to stop, and kills them if they do not, or at
// once if now is set.
func (c *child) end(now bool) error {
	group := -c.cmd.Process.Pid
	if now {
		return unix.Kill(group, unix.SIGKILL)
	}
	time.AfterFunc(stopTime, func() {
		select {
		case <-c.ended:
		default:
			_ = unix.Kill(group, unix.SIGKILL) // it may have just ended
		}
	})
	return unix.Kill(group, unix.SIGTERM)
}

// wait waits for the child to end, and returns how it ended and, if it was stopped, why.
func (c *child) wait() (exit int, failed string) {
	err := c.cmd.Wait()
	c.clock.Stop()
	cause := context.Cause(c.ctx)
	c.stop(nil)
	c.apart()
	select { // read what it reported before it ended, but do not wait for processes it left behind
	case <-c.read:
	case <-time.After(time.Second):
	}
	exit = c.cmd.ProcessState.ExitCode()
	switch {
	case errors.Is(cause, errTooLong) || errors.Is(cause, errStopped):
		failed = cause.Error()
	case cause != nil:
		failed = appEnded
	case exit < 0:
		failed = fmt.Sprint(err)
	}
	return exit, failed
}

// follow reads the child's progress, line by line, until it ends.
func (c *child) follow(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 512), 4096)
	for lines.Scan() {
		if p, ok := readProgress(lines.Bytes()); ok {
			c.mu.Lock()
			c.far = &p
			c.mu.Unlock()
		}
	}
	_, _ = io.Copy(io.Discard, from) // after a line that is too long, so that no writer blocks
}

// readProgress reads a line of orac sim --progress. Shares and numbers are limited to possible
// values.
func readProgress(line []byte) (p Progress, ok bool) {
	if err := json.Unmarshal(line, &p); err != nil || p.Of < 0 || p.Done < 0 || p.Done > p.Of || p.Broken < 0 || p.Share < 0 || p.Share > 1 {
		return Progress{}, false
	}
	const long = math.MaxInt64 / 1e9 / 4 // of a time.Duration, in seconds
	if p.Wall < 0 || p.Virtual < 0 || p.Wall > long || p.Virtual > long {
		return Progress{}, false
	}
	p.Scenario = strings.ToValidUTF8(p.Scenario, "�")
	return p, true
}

func (c *child) progress() *Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.far == nil {
		return nil
	}
	p := *c.far
	return &p
}

// tail keeps the end of what is written.
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
