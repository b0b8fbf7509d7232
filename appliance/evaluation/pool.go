package evaluation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"golang.org/x/sys/unix"

	"orac/appliance/memory"
	"orac/appliance/turns"
	"orac/runbook"
	"orac/runbook/language"
)

// maxSideBySide is how many texts are evaluated at once in total; the microphone needs its core.
const maxSideBySide = 2

// maxWaiting is how many texts of one person may wait for their turn; further ones are refused.
const maxWaiting = 8

// Pool evaluates texts in child processes, one at a time for each person. It is safe for concurrent use.
type Pool struct {
	program string
	turns   *turns.Turns
}

// NewPool makes a pool whose children run the program with Command as its only argument.
func NewPool(program string) *Pool {
	return &Pool{program: program, turns: turns.New(maxSideBySide, maxWaiting)}
}

// evaluate evaluates a text in a child. It returns early when ctx ends.
func (p *Pool) evaluate(ctx context.Context, who string, r request) (*runbook.Runbook, language.Diagnostics) {
	rb, problems, err := p.attempt(ctx, who, r)
	if err != nil {
		return nil, language.Diagnostics{{Severity: language.Error, Summary: err.Error(), Detail: "None of the text was used."}}
	}
	return rb, problems
}

func (p *Pool) attempt(ctx context.Context, who string, r request) (*runbook.Runbook, language.Diagnostics, error) {
	done, err := p.turns.Take(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	if r.within != nil {
		if r.Bounds, err = r.within.PackBounds(); err != nil {
			return nil, nil, err
		}
	}
	ask, err := json.Marshal(r)
	if err != nil {
		return nil, nil, err
	}
	answer, err := p.child(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	return runbook.Unpack(answer, r.Text, r.File, r.options())
}

// child runs one child until it ends, and returns what it wrote.
func (p *Pool) child(ctx context.Context, ask []byte) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	c := exec.CommandContext(limited, p.program, Command)
	said := &bounded{most: 2000}
	answer := &bounded{most: maxAnswer, full: cancel}
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(ask), answer, said
	c.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	if err := c.Start(); ctx.Err() != nil && err != nil {
		return nil, turns.ErrGone
	} else if err != nil {
		return nil, fmt.Errorf("the text cannot be evaluated: %w", err)
	}
	apart := memory.Apart(c.Process.Pid) // the child's memory does not count as the appliance's
	err := c.Wait()
	apart()
	switch {
	case err == nil && !answer.cut:
		return answer.text, nil
	case ctx.Err() != nil:
		return nil, turns.ErrGone
	case answer.cut:
		return nil, errors.New("the text computes values that are too large; write the values out instead")
	case limited.Err() != nil:
		return nil, fmt.Errorf("evaluating the text takes longer than %v; write out the values that it computes", maxTime)
	}
	// Do not pass on what the child wrote: the text may have influenced it.
	return nil, fmt.Errorf("evaluating the text takes more than %s of memory or %v of processor time; write out the values that it computes", language.FormatSize(maxMemory), maxCPU)
}

// bounded keeps the beginning of what is written.
type bounded struct {
	text []byte
	most int
	full func() // called when more is written; may be nil
	cut  bool
}

// Write implements io.Writer.
func (b *bounded) Write(text []byte) (int, error) {
	if len(b.text)+len(text) > b.most {
		if b.cut = true; b.full != nil {
			b.full()
		}
		return 0, io.ErrShortWrite
	}
	b.text = append(b.text, text...)
	return len(text), nil
}
