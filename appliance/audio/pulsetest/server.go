// Package pulsetest runs a private PulseAudio server with virtual microphones and loudspeakers, for tests and for chaos runs.
//
// It guarantees that nothing outside its own directory is touched, that only processes that it started receive signals,
// and that Close leaves none of them, in whatever state they are. The server's sound never reaches or leaves hardware.
package pulsetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	answerTime  = 5 * time.Second // for the server to answer after its start
	controlTime = 5 * time.Second // for one pactl command
	retryTime   = 10 * time.Millisecond
)

// Server is a PulseAudio server. Its methods are for one goroutine.
type Server struct {
	dir    string
	cmd    *exec.Cmd // nil while it does not run
	log    bytes.Buffer
	mics   []*Mic
	sinks  []*Sink
	exited chan struct{} // closed when cmd was reaped
}

// Start runs a server without any source, and waits until it answers.
func Start() (*Server, error) { return StartIn("") }

// StartIn is Start with the server's own folder made in dir; "" means the system's temporary
// folder.
func StartIn(dir string) (*Server, error) {
	for _, program := range []string{"pulseaudio", "pactl"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%s is not installed: run make deps (%w)", program, err)
		}
	}
	dir, err := os.MkdirTemp(dir, "orac-pulse-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.Restart(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Env is what a child process needs to find only this server.
func (s *Server) Env() []string {
	return []string{"PULSE_SERVER=unix:" + s.socket(), "XDG_RUNTIME_DIR=" + s.dir, "HOME=" + s.dir}
}

func (s *Server) socket() string { return filepath.Join(s.dir, "pulse.sock") }

// PID is the process ID; 0 while the server does not run.
func (s *Server) PID() int {
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// Restart starts the server that was killed, with the sources that were loaded, and waits until it answers.
func (s *Server) Restart() error {
	if s.cmd != nil {
		return errors.New("the server runs already: kill it first")
	}
	args := []string{"-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--high-priority=no", "--realtime=no",
		"--disable-shm=yes", "-L", "module-native-protocol-unix socket=" + s.socket() + " auth-anonymous=1"}
	for _, m := range s.mics {
		if m.loaded {
			args = append(args, "-L", "module-pipe-source "+strings.Join(m.arguments(), " "))
		}
	}
	for _, k := range s.sinks {
		if k.loaded {
			args = append(args, "-L", "module-null-sink "+strings.Join(k.arguments(), " "))
		}
	}
	cmd := exec.Command("pulseaudio", args...)
	cmd.Env = append(os.Environ(), s.Env()...)
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	s.log.Reset()
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.cmd, s.exited = cmd, exited
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(exited)
	}()
	return s.awaitAnswer()
}

func (s *Server) awaitAnswer() error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	retry := time.NewTicker(retryTime)
	defer retry.Stop()
	for {
		if err := exec.CommandContext(ctx, "pactl", "--server=unix:"+s.socket(), "info").Run(); err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("pulseaudio ended at its start (%s): %s", s.cmd.ProcessState, s.log.String())
		case <-ctx.Done():
			return fmt.Errorf("pulseaudio does not answer within %s", answerTime)
		case <-retry.C:
		}
	}
}

// Stop freezes the server (SIGSTOP): connections stay open, and nothing answers.
func (s *Server) Stop() error { return s.signal(syscall.SIGSTOP) }

// Cont lets a frozen server continue.
func (s *Server) Cont() error { return s.signal(syscall.SIGCONT) }

// Kill ends the server at once (SIGKILL) and removes what it left behind.
func (s *Server) Kill() error {
	if err := s.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-s.exited // SIGKILL certainly ends a process without children
	s.cmd = nil
	left := []error{os.Remove(s.socket())}
	for _, m := range s.mics {
		left = append(left, os.Remove(m.fifo))
	}
	for _, err := range left {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (s *Server) signal(sig syscall.Signal) error {
	if s.cmd == nil {
		return errors.New("the server does not run")
	}
	return s.cmd.Process.Signal(sig)
}

// Control runs pactl and returns its output.
func (s *Server) Control(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), controlTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "pactl", append([]string{"--server=unix:" + s.socket()}, args...)...)
	cmd.Env = append(os.Environ(), append(s.Env(), "LC_ALL=C")...)
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("pactl %s: %w: %s", strings.Join(args, " "), err, text)
	}
	return text, nil
}

// Close ends the server and its microphones and removes their files.
func (s *Server) Close() {
	if s.cmd != nil {
		_ = s.Kill() // only its files could cause trouble, and they are removed next
	}
	var wait sync.WaitGroup
	for _, m := range s.mics {
		wait.Go(m.end)
	}
	wait.Wait()
	_ = os.RemoveAll(s.dir) // below the system's temporary folder
}
