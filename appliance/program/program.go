// Package program runs the commands that a runbook names.
//
// Guarantees: no shell reads a command. It gets a small environment and no input. Run ends within its context, and the command and
// everything that it started in its process group are then gone. Only a bounded part of what it prints is kept.
package program

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"orac/appliance/stt/wire"
)

const (
	// MaxErrors is how much of the end of a command's standard error is kept, in bytes.
	MaxErrors = 400
	// closeGrace is how long the pipes of a command that has ended may stay open: a grandchild that left the group may hold them.
	closeGrace = 200 * time.Millisecond
)

// Spec is a command.
type Spec struct {
	Command   []string // a program and its arguments
	Dir       string   // where it runs, and its TMPDIR
	Env       []string // "NAME=value", in addition to PATH, HOME, LANG and TMPDIR
	MaxOutput int      // of its standard output, in bytes; with more it is killed
}

// Result is what came of a command.
type Result struct {
	Output string
	Errors string // the end of its standard error, in one line
	Status int    // 0 if it ended well or never ran; -1 means a signal
	Full   bool   // it printed more than MaxOutput
}

// Said is the end of its standard error, as the end of a sentence; "" if there is none.
func (r Result) Said() string {
	if r.Errors == "" {
		return ""
	}
	return "; it said: " + r.Errors
}

// Run runs a command. An error with a status of 0 means that it never ran; whether ctx has ended is for the caller to look at.
func Run(ctx context.Context, s Spec) (Result, error) {
	ctx, over := context.WithCancel(ctx)
	defer over()
	stdout, stderr := &limited{max: s.MaxOutput, over: over}, &tail{max: MaxErrors}
	status, err := run(ctx, s, stdout, stderr)
	return Result{stdout.kept.String(), wire.CleanText(string(stderr.kept)), status, stdout.full}, err
}

func run(ctx context.Context, s Spec, stdout *limited, stderr *tail) (status int, err error) {
	cmd := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...)
	cmd.Dir = s.Dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8", "TMPDIR=" + s.Dir}, s.Env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	group := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = group
	cmd.WaitDelay = closeGrace
	if err := cmd.Start(); err != nil {
		if why := Runnable(cmd.Path); why != nil { // the system reports "no such file" for a script whose interpreter is missing
			err = why
		}
		return 0, err
	}
	err = cmd.Wait()
	_ = group() // what the command left behind; usually there is none
	if errors.Is(err, exec.ErrWaitDelay) {
		return 0, nil // it ended well; only its pipe was held
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), err
	}
	return 0, err
}

// limited keeps the first max bytes; at one more it calls over and accepts no more. The buffer is not embedded: with
// its ReadFrom, io.Copy would bypass Write.
type limited struct {
	kept bytes.Buffer
	max  int
	over func()
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.full || l.kept.Len()+len(p) > l.max {
		l.full = true
		l.over()
		return len(p), nil // an error would only hide why the command was killed
	}
	return l.kept.Write(p)
}

// tail keeps the last max bytes.
type tail struct {
	kept []byte
	max  int
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-t.max):]...)
	t.kept = t.kept[max(0, len(t.kept)-t.max):]
	return len(p), nil
}
