package stt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/program"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
)

const (
	// WAVArgument stands for the path of the sound in a command.
	WAVArgument = "{wav}"
	// CutVariable is the environment variable that tells a command that the recording was cut off,
	// and why.
	CutVariable = "ORAC_CUT"
)

// ExecConfig makes an Exec. Command is required; the rest may be zero.
type ExecConfig struct {
	// Command is a program and its arguments; no shell reads them. The path of a 16 kHz mono 16-bit WAV file replaces
	// "{wav}", or else becomes the last argument.
	Command []string
	Timeout time.Duration // 0 means DefaultTimeout
	TempDir string        // for the WAV; empty means the system's
	Env     []string      // "NAME=value", in addition to PATH, HOME, LANG and TMPDIR
}

// Exec is a Client that runs an external command: text on its standard output is what was said.
type Exec struct{ config ExecConfig }

// NewExec makes a client. Whether the command exists shows when it runs.
func NewExec(c ExecConfig) (*Exec, error) {
	if len(c.Command) == 0 || c.Command[0] == "" {
		return nil, errors.New(`stt: an empty command; write it as ["program", "argument", "{wav}"]`)
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if !slices.ContainsFunc(c.Command[1:], func(a string) bool { return strings.Contains(a, WAVArgument) }) {
		c.Command = append(slices.Clone(c.Command), WAVArgument)
	}
	return &Exec{c}, nil
}

// Transcribe runs the command. The command and everything that it started in its process group are gone when
// Transcribe returns.
func (x *Exec) Transcribe(t *rt.Task, u Utterance, pcm []int16) (Result, error) {
	dir, err := os.MkdirTemp(x.config.TempDir, "orac-stt-") // 0700
	if err != nil {
		return Result{}, x.own(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "utterance.wav")
	if err := writeWAV(path, pcm); err != nil {
		return Result{}, x.own(err)
	}
	stop, cancel := live.Context(t)
	defer cancel()
	ctx, done := context.WithTimeout(stop, x.config.Timeout)
	defer done()

	start := t.Now()
	r, err := program.Run(ctx, x.spec(dir, path, u.Cut))
	switch {
	case t.Stopping():
		return Result{}, rt.ErrStopped
	case r.Full:
		return Result{}, x.fail(Protocol, 0, fmt.Errorf("it printed more than %d bytes", wire.MaxAnswer), "")
	case ctx.Err() != nil:
		return Result{}, x.fail(Engine, 0, fmt.Errorf("killed after %v%s", x.config.Timeout, r.Said()), "")
	case r.Status != 0:
		return Result{}, x.fail(Engine, r.Status, fmt.Errorf("%w%s", err, r.Said()), "")
	case err != nil:
		return Result{}, x.fail(Unreachable, 0, err, "is the program installed and on the PATH?")
	}
	text := wire.CleanText(r.Output)
	if hidesFailure(text) {
		return Result{}, x.fail(Engine, 0, errors.New(text), "")
	}
	return Result{Text: text, Silence: text == "", ProcessingTime: t.Now().Sub(start)}, nil
}

func writeWAV(path string, pcm []int16) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(wav.Encode(f, pcm), f.Close())
}

// spec is the command for one recording.
func (x *Exec) spec(dir, path, cut string) program.Spec {
	s := program.Spec{Command: slices.Clone(x.config.Command), Dir: dir, Env: slices.Clone(x.config.Env), MaxOutput: wire.MaxAnswer}
	for i, a := range s.Command[1:] {
		s.Command[1+i] = strings.ReplaceAll(a, WAVArgument, path)
	}
	if cut != "" {
		s.Env = append(s.Env, CutVariable+"="+cut)
	}
	return s
}

// own is a failure of this machine, which says nothing about the utterance.
func (x *Exec) own(err error) error {
	return x.fail(Unreachable, 0, fmt.Errorf("the sound cannot be handed over: %w", err), "free space or set another temporary directory")
}

func (x *Exec) fail(kind Kind, status int, cause error, hint string) error {
	return &Error{Op: "exec", Address: x.config.Command[0], Kind: kind, Status: status, Cause: cause, Hint: hint}
}
