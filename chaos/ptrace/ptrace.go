// Package ptrace makes a running process issue a system call from outside.
//
// It guarantees that the process continues as before, apart from the effect of the call: its registers are restored, and an
// interrupted call is resumed. A separate process does the work (Main), since the process that waits for a child must not be the
// one that traces it. If a tracer dies, it releases what it traces.
package ptrace

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"orac/chaos/process"
)

// Command is the argument with which a binary runs Main.
const Command = "chaos-ptrace"

// Grow makes a process map and touch this many more bytes of memory. Binary runs Main. A process that has replaced
// itself since is left alone: the error is process.ErrGone.
func Grow(binary string, p process.Process, image uint64, bytes int64) error {
	cmd := exec.Command(binary, Command, strconv.Itoa(p.PID), strconv.FormatUint(p.Start, 10), strconv.FormatUint(image, 10), strconv.FormatInt(bytes, 10))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		if !p.Alive() || cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == exitGone {
			return fmt.Errorf("process %d: %w", p.PID, process.ErrGone)
		}
		return fmt.Errorf("putting memory into process %d: %w: %s", p.PID, err, strings.TrimSpace(string(out)))
	}
	return nil
}

const exitGone = 3

// Main is the process that does the work. Its args are a process, its start, its image and the number of bytes.
// It returns the exit code.
func Main(args []string, stderr io.Writer) int {
	err := run(args)
	switch {
	case errors.Is(err, process.ErrGone):
		return exitGone
	case err != nil:
		fmt.Fprintln(stderr, "orac chaos, ptrace:", err)
		return 1
	}
	return 0
}

func run(args []string) error {
	if len(args) != 4 {
		return errors.New("BUG: it needs a process, its start, its image and bytes")
	}
	pid, err1 := strconv.Atoi(args[0])
	start, err2 := strconv.ParseUint(args[1], 10, 64)
	image, err3 := strconv.ParseUint(args[2], 10, 64)
	bytes, err4 := strconv.ParseInt(args[3], 10, 64)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	p := process.Process{PID: pid, Start: start}
	if !p.Alive() {
		return process.ErrGone
	}
	return grow(p, image, bytes)
}
