package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// neverDumped keeps secrets out of core files: what this process, or a child of it, has in memory is never written to disk when it
// crashes. The limit of 0 is hard and goes on to children. Where the kernel pipes cores to a program it does not look at that limit
// (core(5)), so this process is not dumpable either: then another process of the same user can neither trace it nor read its
// memory. A new program is dumpable again (prctl(2)), and so children can be measured.
//
// GOTRACEBACK=crash asks Go to end in a core. There is none, but the children need not try.
func neverDumped() error {
	if os.Getenv("GOTRACEBACK") == "crash" {
		_ = os.Unsetenv("GOTRACEBACK") // fails for no such name
	}
	err := errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	if err != nil {
		return fmt.Errorf("a crash could write secrets to disk: %w", err)
	}
	return nil
}
