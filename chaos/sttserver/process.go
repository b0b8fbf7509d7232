package sttserver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/stt/stttest"
	"orac/chaos/process"
)

// answerTime is how long the process may take to answer.
const answerTime = 10 * time.Second

// Process is a server in a process of its own. Its methods are safe for concurrent use.
type Process struct {
	cmd     *exec.Cmd
	self    process.Process
	address string
	wyoming string

	mu  sync.Mutex // guards what follows, and is held while a request is answered: one at a time
	in  io.WriteCloser
	out *os.File
	buf *bufio.Reader

	stopped bool                           // it answers nothing
	waiting map[stttest.Endpoint]Behaviour // set when the process continues
}

// Start runs program with args, which runs Main.
func Start(program string, args ...string) (_ *Process, err error) {
	p := &Process{cmd: exec.Command(program, args...)}
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = out.(*os.File) // a pipe, which supports deadlines
	p.buf = bufio.NewReader(p.out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the speech-to-text server: %w", err)
	}
	defer func() {
		if err != nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	}()
	if p.self, err = process.Of(p.cmd.Process.Pid); err != nil {
		return nil, err
	}
	a, err := p.answer()
	p.address, p.wyoming = a.Address, a.Wyoming
	return p, err
}

// Address returns the host and port of the server.
func (p *Process) Address() string { return p.address }

// Wyoming returns the host and port at which it speaks Wyoming.
func (p *Process) Wyoming() string { return p.wyoming }

// Process returns the server's process.
func (p *Process) Process() process.Process { return p.self }

// Set changes how endpoints behave.
func (p *Process) Set(how map[stttest.Endpoint]Behaviour) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		p.waiting = how
		return nil
	}
	_, err := p.ask(Request{Set: how})
	return err
}

// Stop freezes the process; its kernel still accepts connections and data. Cont continues it.
func (p *Process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	return p.self.Signal(unix.SIGSTOP)
}

// Cont continues a stopped process.
func (p *Process) Cont() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.self.Signal(unix.SIGCONT)
	p.stopped = false
	if how := p.waiting; how != nil && err == nil {
		p.waiting = nil
		_, err = p.ask(Request{Set: how})
	}
	return err
}

// Heard returns everything that the server was sent so far.
func (p *Process) Heard() ([]Heard, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil, errStopped
	}
	a, err := p.ask(Request{Heard: true})
	return a.Heard, err
}

// Sound returns the sound of the n-th utterance of Heard, counted from 0.
func (p *Process) Sound(n int) ([]int16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.ask(Request{Sound: n + 1})
	return a.Sound, err
}

// ask sends a request and returns its answer. The caller holds mu.
func (p *Process) ask(r Request) (Answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return Answer{}, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return Answer{}, fmt.Errorf("%w: %w", errEnded, err)
	}
	return p.answer()
}

// answer reads a line. The caller holds mu, or has p to itself.
func (p *Process) answer() (a Answer, err error) {
	if err := p.out.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
		return a, err
	}
	line, err := p.buf.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("%w: %w", errEnded, err)
	}
	return a, json.Unmarshal(line, &a)
}

// Close ends the process and waits until it has exited.
func (p *Process) Close() error {
	p.mu.Lock()
	err := p.in.Close()
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		_ = p.cmd.Wait() // how it ended no longer matters
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(answerTime):
		_ = p.cmd.Process.Kill()
		<-done
	}
	return err
}
