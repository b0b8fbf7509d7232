package boot

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

// garbagePercent is how much garbage may accumulate, relative to the memory in use. That memory is small, 3 MB, and grows
// briefly with each plan and command: half of Go's default costs no measurable time and saves 2 MB.
const garbagePercent = 50

// Process prepares this process to be an appliance. Its error is a warning.
func Process() error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	signal.Ignore(syscall.SIGPIPE) // the reader of the events may leave; the appliance keeps running
	return neverDumped()
}

// neverDumped keeps secrets out of core files: the memory of this process and of its children is never written to disk after a
// crash. The hard limit of 0 is inherited by children. A kernel that pipes cores to a program ignores that limit (core(5)), so
// this process is not dumpable either: no other process of the same user can trace it or read its memory. A new program is
// dumpable again (prctl(2)), so children can be measured.
//
// GOTRACEBACK=crash asks Go to end with a core. There would be none here, so children need not try.
func neverDumped() error {
	if os.Getenv("GOTRACEBACK") == "crash" {
		_ = os.Unsetenv("GOTRACEBACK") // fails only for a malformed name
	}
	err := errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	if err != nil {
		return fmt.Errorf("a crash could write secrets to disk: %w", err)
	}
	return nil
}
