// Package peer runs a stand-in for another program in a process of its own, and talks to it in lines of JSON: one request, one answer.
//
// A process ends when its standard input does, that is, whenever its maker ends for any reason.
package peer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos/process"
)

// answerTime is how long a process may take to answer.
const answerTime = 10 * time.Second

// ErrEnded is returned after the process has ended.
var ErrEnded = errors.New("the process of a stand-in has ended")

// Peer is a stand-in in a process of its own. Its methods are safe for concurrent use.
type Peer struct {
	cmd  *exec.Cmd
	self process.Process

	mu  sync.Mutex // guards what follows, and is held while a request is answered: one at a time
	in  io.WriteCloser
	out *os.File
	buf *bufio.Reader
}

// Start runs program with args, which serves with Serve. It decodes the line with which that begins into first.
func Start(first any, program string, args ...string) (_ *Peer, err error) {
	p := &Peer{cmd: exec.Command(program, args...)}
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
		return nil, fmt.Errorf("a stand-in cannot start: %w", err)
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
	return p, p.answer(first)
}

// Process returns the process.
func (p *Peer) Process() process.Process { return p.self }

// Stop freezes the process; its kernel still accepts connections and data. It answers nothing until Cont.
func (p *Peer) Stop() error { return p.self.Signal(unix.SIGSTOP) }

// Cont continues a stopped process.
func (p *Peer) Cont() error { return p.self.Signal(unix.SIGCONT) }

// Ask sends a request and decodes its answer.
func (p *Peer) Ask(request, answer any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return p.answer(answer)
}

// answer reads a line. The caller holds mu, or has p to itself.
func (p *Peer) answer(to any) error {
	if err := p.out.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	line, err := p.buf.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return json.Unmarshal(line, to)
}

// Close ends the process and waits until it has exited.
func (p *Peer) Close() error {
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

// Serve is the other side: it writes the first line, and answers each request until its input ends.
func Serve[Q, A any](in io.Reader, out io.Writer, first A, answer func(Q) A) error {
	answers := json.NewEncoder(out)
	if err := answers.Encode(first); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var q Q
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		if err := answers.Encode(answer(q)); err != nil {
			return err
		}
	}
	return lines.Err()
}
