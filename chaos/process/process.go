// Package process identifies a process beyond doubt: by its number and its start time.
//
// It guarantees that a signal reaches the named process or nobody. The kernel reuses numbers, so a number is never
// enough.
package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrGone is returned for a process that has ended, or whose number another process has by now.
var ErrGone = errors.New("the process is gone")

// Process is one process of this machine since its start.
type Process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after the boot: field 22 of /proc/PID/stat
}

// Of names a process that is there now.
func Of(pid int) (Process, error) {
	start, _, err := stat(pid)
	return Process{pid, start}, err
}

// stat gives when a process began and its state, a letter. A process that was reaped, or that ended and is not reaped yet
// (Z, X), is gone.
func stat(pid int) (start uint64, state string, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return 0, "", fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	if err != nil {
		return 0, "", err
	}
	// The second field is the program's name in parentheses; it may hold anything, parentheses and spaces included.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return 0, "", fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields)+2)
	}
	if state = fields[0]; state == "Z" || state == "X" {
		return 0, state, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return start, state, err
}

// Alive tells whether it still runs.
func (p Process) Alive() bool {
	start, _, err := stat(p.PID)
	return err == nil && start == p.Start
}

// Stopped tells whether it is frozen (SIGSTOP), or held by a tracer.
func (p Process) Stopped() bool {
	start, state, err := stat(p.PID)
	return err == nil && start == p.Start && (state == "T" || state == "t")
}

// Signal sends it a signal. The error is ErrGone when there is nobody to receive it.
func (p Process) Signal(s unix.Signal) error {
	if p.PID <= 1 {
		return fmt.Errorf("BUG: a signal to process %d", p.PID)
	}
	// The descriptor holds on to one process, whoever gets its number later: it is checked after it was opened.
	fd, err := unix.PidfdOpen(p.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("process %d: %w", p.PID, ErrGone)
	}
	if err != nil {
		return fmt.Errorf("process %d: %w", p.PID, err)
	}
	defer unix.Close(fd)
	if !p.Alive() {
		return fmt.Errorf("process %d: %w", p.PID, ErrGone)
	}
	err = unix.PidfdSendSignal(fd, s, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("process %d: %w", p.PID, ErrGone)
	}
	return err
}

// Self is this process.
func Self() Process {
	p, err := Of(os.Getpid())
	if err != nil {
		panic("BUG: this process is not in /proc: " + err.Error())
	}
	return p
}

// Image tells the programs apart that one process is one after the other, by where its stack begins: a process that replaces
// itself by another program, or by itself anew, keeps its number and its start.
func (p Process) Image() (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
	if err != nil || !p.Alive() {
		return 0, fmt.Errorf("process %d: %w", p.PID, ErrGone)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 26 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", p.PID, len(fields)+2)
	}
	return strconv.ParseUint(fields[25], 10, 64)
}
