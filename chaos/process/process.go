// Package process identifies a process unambiguously: by its number and its start time.
//
// It guarantees that a signal reaches the named process or none. The kernel reuses numbers, so a number alone is never enough.
package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrGone is returned for a process that has ended, or whose number now belongs to a different process.
var ErrGone = errors.New("the process is gone")

// Process is one process of this machine, from its start on.
type Process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since boot: field 22 of /proc/PID/stat
}

// Of identifies a process that exists now.
func Of(pid int) (Process, error) {
	start, _, err := stat(pid)
	return Process{pid, start}, err
}

// stat returns when a process began and its state, a letter. A process that has ended (Z, X) or was reaped counts as gone.
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

// Alive tells whether the process is still running.
func (p Process) Alive() bool {
	start, _, err := stat(p.PID)
	return err == nil && start == p.Start
}

// Stopped tells whether the process is frozen (SIGSTOP), or held by a tracer.
func (p Process) Stopped() bool {
	start, state, err := stat(p.PID)
	return err == nil && start == p.Start && (state == "T" || state == "t")
}

// Signal sends the process a signal. The error is ErrGone if the process has ended.
func (p Process) Signal(s unix.Signal) error {
	if p.PID <= 1 {
		return fmt.Errorf("BUG: a signal to process %d", p.PID)
	}
	// The descriptor refers to one process, whoever gets its number later: check the process after opening it.
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

// Self returns this process.
func Self() Process {
	p, err := Of(os.Getpid())
	if err != nil {
		panic("BUG: this process is not in /proc: " + err.Error())
	}
	return p
}

// Image distinguishes the programs that one process runs in turn, by where its stack begins: a process that replaces itself,
// by a different program or by the same, keeps its number and its start.
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
