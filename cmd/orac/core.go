package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

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
