// Package exec carries commands out by programs that the runbook names.
//
// Guarantees: no shell reads anything. Each argument of a call is one argument of the program, whatever was said: what was said makes no
// option of it. The program has no input, a small environment and a deadline, and is gone with its process group afterwards. It is run
// once.
package exec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	osexec "os/exec"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/fill"
	"orac/appliance/amount"
	"orac/appliance/program"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

const (
	// DefaultTimeout is how long a program may run.
	DefaultTimeout = 10 * time.Second
	// maxOutput is what a program may print, in bytes.
	maxOutput = 64 << 10
	// maxArgument is how long an argument may be, in bytes.
	maxArgument = 4 << 10
	// TraceVariable is the environment variable with the ID of the request.
	TraceVariable = "ORAC_REQUEST_ID"
	// ParentVariable is the environment variable with the step of the trace:
	// https://opentelemetry.io/docs/specs/otel/context/env-carriers/
	ParentVariable = "TRACEPARENT"
	// lookEvery is how often the program is looked for.
	lookEvery = 30 * time.Second
)

// Config makes an Exec. Command is required.
type Config struct {
	Name    string        // of the backend block
	Command []string      // a program and its first arguments
	Timeout time.Duration // 0 means DefaultTimeout
	TempDir string        // where it runs, and its TMPDIR; "" is the folder of ORAC
}

// Exec is an act.Backend. It may be used by several tasks at once.
type Exec struct{ config Config }

// New makes a backend. Whether the program exists shows when it runs.
func New(c Config) (*Exec, error) {
	if len(c.Command) == 0 || c.Command[0] == "" {
		return nil, fmt.Errorf(`backend %s: an empty command; write it as ["program", "argument"]`, c.Name)
	}
	c.Timeout = cmp.Or(max(c.Timeout, 0), DefaultTimeout)
	return &Exec{c}, nil
}

// Calls implements act.Backend: only intent blocks say what a program does.
func (x *Exec) Calls(c act.Command, _ *act.Home, _ map[string]act.State) ([]act.Call, error) {
	return nil, fmt.Errorf("backend %s carries out what intent blocks say, and knows no %q", x.config.Name, c.Intent)
}

// Fill implements act.Filler.
func (x *Exec) Fill(c act.Command, t act.Template) (act.Call, error) {
	out := act.Call{Backend: x.config.Name, Intent: c.Intent, Service: cmp.Or(t.Service, x.config.Command[0])}
	for _, template := range t.Arguments {
		a, err := fill.Text(template, c, nil)
		switch {
		case err != nil:
			return out, err
		case strings.ContainsRune(a, 0):
			return out, errors.New("what was said has a zero byte, which no argument can hold")
		case strings.HasPrefix(a, "-") && !strings.HasPrefix(template, "-"):
			return out, fmt.Errorf("%.40q would be an option of the program; an argument that was said must not begin with -", a)
		case len(a) > maxArgument:
			return out, &amount.TooMuchError{What: "bytes of an argument", Is: len(a), Most: maxArgument}
		}
		out.Arguments = append(out.Arguments, a)
	}
	return out, nil
}

// Do implements act.Backend. A program that ends with 0 says that it has done it: that is its contract, and counts as proof.
func (x *Exec) Do(t *rt.Task, c act.Call, h thread.Thread) act.Outcome {
	o := act.Outcome{Call: c, Sent: t.Wall()}
	stop, cancel := live.Context(t)
	defer cancel()
	ctx, done := context.WithTimeout(stop, x.config.Timeout)
	defer done()
	s := program.Spec{Command: slices.Concat(x.config.Command, c.Arguments), Dir: x.config.TempDir, MaxOutput: maxOutput}
	if h.ID != "" {
		s.Env = append(s.Env, TraceVariable+"="+strings.ReplaceAll(h.ID, "\x00", ""))
	}
	if h.Parent != "" {
		s.Env = append(s.Env, ParentVariable+"="+h.Parent)
	}
	r, err := program.Run(ctx, s)
	switch {
	case t.Stopping():
		o.Verdict, o.Reason = act.Unknown, "ORAC was stopping, and has ended the program: it may have been done"
	case r.Full:
		o.Verdict, o.Reason = act.Unknown, fmt.Sprintf("the program printed more than %d bytes, and was ended: it may have been done", maxOutput)
	case ctx.Err() != nil:
		o.Verdict, o.Reason = act.Unknown, fmt.Sprintf("the program was ended after %v: it may have been done%s", x.config.Timeout, r.Said())
	case r.Status != 0:
		o.Verdict, o.Reason = act.Failed, fmt.Sprintf("the program failed (%v)%s", err, r.Said())
	case err != nil:
		o.Verdict, o.Reason, o.Sent = act.Failed, "the program could not be started: "+wire.CleanText(err.Error()), time.Time{}
	default:
		o.Verdict = act.Proven
		o.Answered = t.Wall()
		o.Proof = o.Answered
		o.Reply = firstLine(r.Output)
	}
	return o
}

// firstLine is the reply of a program.
func firstLine(output string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(output), "\n")
	r := []rune(wire.CleanText(line))
	return string(r[:min(len(r), 500)])
}

// Watch implements act.Backend: it looks every 30 s whether the program is there and may be run.
func (x *Exec) Watch(t *rt.Task, s act.Sight) error {
	for up := false; ; {
		path, err := osexec.LookPath(x.config.Command[0])
		if err == nil {
			err = program.Runnable(path)
		}
		if err != nil {
			return fmt.Errorf("backend %s: %w", x.config.Name, err)
		}
		if !up {
			up = true
			s.Up("")
		}
		if err := t.Sleep(lookEvery); err != nil {
			return err
		}
	}
}

// Refresh implements act.Backend: there is nothing to fetch.
func (x *Exec) Refresh() {}
