package capture

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
)

const (
	tailBytes    = 4 << 10                // of the worker's standard error, kept for the error message
	straggleTime = 100 * time.Millisecond // for processes that hold the worker's standard error after its death
)

// process is a running worker. It is reaped exactly once, and no signal is sent after that.
type process struct {
	cmd    *exec.Cmd
	stdin  *os.File // closing it asks the worker to end
	stdout *os.File
	stderr *tail

	mu     sync.Mutex // guards reaped
	reaped bool
}

// start runs the worker in its own process group.
func start(command []string, args, env []string, dir string) (*process, error) {
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding the program to run as the capture worker: %w", err)
		}
		command = []string{self, "capture-worker"}
	}
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], args...)...)
	// One thread for Go is enough. A crash inside the library is reported briefly.
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1", "GOTRACEBACK=single"), env...)
	cmd.Dir = dir
	cmd.WaitDelay = straggleTime
	// Pdeathsig is sent when the thread that started the process ends. Go ends a thread only if a goroutine that
	// locked itself to it returns, which nothing here does; if it happened anyway, the stream would be opened again.
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	p := &process{cmd: cmd, stderr: &tail{}}
	cmd.Stderr = p.stderr
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the capture worker: %w", err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the capture worker: %w", err), inR.Close(), inW.Close())
	}
	cmd.Stdin, cmd.Stdout = inR, outW
	p.stdin, p.stdout = inW, outR
	err = cmd.Start()
	_, _ = inR.Close(), outW.Close() // the worker has its own
	if err != nil {
		p.closePipes()
		return nil, fmt.Errorf("starting the capture worker: %w", err)
	}
	return p, nil
}

func (p *process) closePipes() {
	_ = p.stdin.Close() // pipes: an error can only say that they are closed already
	_ = p.stdout.Close()
}

// kill ends the worker, everything that it started, and every read from it. It does not block.
func (p *process) kill() {
	p.mu.Lock()
	if !p.reaped {
		_ = unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL) // it fails only if there is no process left to kill
	}
	p.mu.Unlock()
	_ = p.stdout.SetReadDeadline(time.Now()) // for a read that a process outside the group keeps open
}

// reap waits for the worker's death and returns its cause.
func (p *process) reap() error {
	// Wait without reaping first: while the dead worker is there, the kernel does not reuse its group's number.
	for unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	p.kill()
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	_ = p.cmd.Wait() // its error is the state, or that standard error was held open
	p.closePipes()
	return errors.New(obituary(p.cmd.ProcessState, p.stderr.String()))
}

// obituary says how a worker ended. Its output counts only if it ended by itself, and traces of the audio library do not
// count.
func obituary(state *os.ProcessState, wrote string) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return "a signal ended the capture worker: " + status.Signal().String()
	}
	what := "the capture worker ended: " + state.String()
	var said []string
	for line := range strings.Lines(wrote) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, tracePrefix) {
			said = append(said, line)
		}
	}
	if len(said) > 0 {
		what += "; its last words: " + strings.Join(said, " ")
	}
	return what
}

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
