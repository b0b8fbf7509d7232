// Package child starts this program again as a worker that may be killed at any moment: for what can block or crash for reasons
// outside of ORAC, such as an audio library or an inference engine.
//
// It guarantees:
//
//   - A worker is the leader of its own process group. Kill ends the group, and every read of what it writes.
//   - The kernel kills a worker whose parent ends. A worker should also end when its standard input does.
//   - A worker is reaped once, and no signal is sent after that.
package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/rt"
)

// straggleTime is for processes that hold a worker's standard error after its death.
const straggleTime = 100 * time.Millisecond

// Spec says what to start.
type Spec struct {
	Name    string   // the word that makes this program the worker: "capture-worker"
	What    string   // the worker, for people: "the capture worker"
	Command []string // in place of this program and Name, for tests; empty: this program
	Args    []string // the worker's own arguments
	Env     []string // the whole environment
	Dir     string   // its working directory; empty: the current one
	// Noise is what lines of its standard error begin with that say nothing of its end; empty: all lines count.
	Noise string
}

// Process is a running worker.
type Process struct {
	Stdin  *os.File // closing it asks the worker to end
	Stdout *os.File

	spec   Spec
	cmd    *exec.Cmd
	stderr *tail

	mu     sync.Mutex // guards reaped
	reaped bool
}

// Start runs a worker in its own process group.
func Start(s Spec) (*Process, error) {
	command := s.Command
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding the program to run as %s: %w", s.What, err)
		}
		command = []string{self, s.Name}
	}
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], s.Args...)...)
	cmd.Env, cmd.Dir = s.Env, s.Dir
	cmd.WaitDelay = straggleTime
	// Pdeathsig is sent when the thread that started the process ends. Go ends a thread only if a goroutine that
	// locked itself to it returns, which nothing here does; if it happened anyway, the worker would be started again.
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	p := &Process{spec: s, cmd: cmd, stderr: &tail{}}
	cmd.Stderr = p.stderr
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.What, err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", s.What, err), inR.Close(), inW.Close())
	}
	cmd.Stdin, cmd.Stdout = inR, outW
	p.Stdin, p.Stdout = inW, outR
	err = cmd.Start()
	_, _ = inR.Close(), outW.Close() // the worker has its own
	if err != nil {
		p.closePipes()
		return nil, fmt.Errorf("starting %s: %w", s.What, err)
	}
	return p, nil
}

// PID is the process ID of the worker.
func (p *Process) PID() int { return p.cmd.Process.Pid }

func (p *Process) closePipes() {
	_ = p.Stdin.Close() // pipes: an error can only say that they are closed already
	_ = p.Stdout.Close()
}

// Signal sends a signal to the worker's process group, unless it was reaped.
func (p *Process) Signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = unix.Kill(-p.PID(), s) // it fails only if there is no process left
	}
}

// Kill ends the worker, everything that it started, and every read from it. It does not block.
func (p *Process) Kill() {
	p.Signal(unix.SIGKILL)
	now := time.Now()
	_ = p.Stdout.SetReadDeadline(now) // for a read that a process outside the group keeps open
	_ = p.Stdin.SetWriteDeadline(now)
}

// Reap waits for the worker's death and returns its cause.
func (p *Process) Reap() error {
	// Wait without reaping first: while the dead worker is there, the kernel does not reuse its group's number.
	for unix.Waitid(unix.P_PID, p.PID(), nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	p.Kill()
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	_ = p.cmd.Wait() // its error is the state, or that standard error was held open
	p.closePipes()
	return errors.New(p.obituary())
}

// Attend calls carry, which reads what the worker says, until the worker ends or the task is stopped. It leaves no process behind, and
// returns the cause of its death.
func (p *Process) Attend(t *rt.Task, carry func(*rt.Task) error) error {
	undo := t.OnStop(p.Kill)
	err := carry(t)
	p.Kill() // a worker that says nothing more, or nonsense, is useless
	end := p.Reap()
	undo()
	return Explain(err, end)
}

// obituary says how a worker ended. Its output counts only if it ended by itself.
func (p *Process) obituary() string {
	state := p.cmd.ProcessState
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return "a signal ended " + p.spec.What + ": " + status.Signal().String()
	}
	what := p.spec.What + " ended: " + state.String()
	var said []string
	for line := range strings.Lines(p.stderr.String()) {
		if line = strings.TrimSpace(line); line != "" && (p.spec.Noise == "" || !strings.HasPrefix(line, p.spec.Noise)) {
			said = append(said, line)
		}
	}
	if len(said) > 0 {
		what += "; its last words: " + Plain(strings.Join(said, " "))
	}
	return what
}

// tailBytes is how much of a worker's standard error is kept for its obituary.
const tailBytes = 4 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex // guards the fields below
	buf []byte
	cut bool // there was more before
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if extra := len(t.buf) - tailBytes; extra > 0 {
		t.buf, t.cut = append(t.buf[:0], t.buf[extra:]...), true
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := string(t.buf)
	if _, whole, ok := strings.Cut(s, "\n"); ok && t.cut {
		return whole // of the first line only the end is left
	}
	return s
}
