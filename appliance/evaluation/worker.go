package evaluation

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"orac/runbook"
	"orac/runbook/language"
)

// The limits of one evaluation in a child. A real runbook takes some milliseconds and some MiB. The language itself counts what a
// text costs and stops it far below these limits, so they are the second fence.
const (
	maxMemory = 256 << 20 // bytes of data, on top of what the program itself needs
	maxCPU    = 5 * time.Second
	maxTime   = 10 * time.Second // from start to end, including the wait for a slow disk
	maxAnswer = 64 << 20         // bytes
)

// Command is the word on the command line that makes the program evaluate one text and end.
const Command = "evaluate-worker"

// WorkerMain is the program of the child: it evaluates the text in the request on stdin, and writes the result to stdout. It
// returns the exit code.
func WorkerMain(stdin io.Reader, stdout, stderr io.Writer) int {
	if err := work(stdin, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func work(stdin io.Reader, stdout io.Writer) error {
	if err := confine(maxMemory, maxCPU); err != nil {
		return err
	}
	var r request
	err := json.NewDecoder(stdin).Decode(&r)
	if err == nil && r.Bounds != nil {
		r.within, err = language.UnpackBounds(r.Bounds)
	}
	if err != nil {
		return err
	}
	answer, err := runbook.Pack(r.evaluate())
	if err != nil {
		return err
	}
	_, err = stdout.Write(answer)
	return err
}

// confine limits this process from now on: its memory and processor time; it may write no files and dump no core.
func confine(memory uint64, cpu time.Duration) error {
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(int64(memory / 2))
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	seconds := uint64(cpu/time.Second) + uint64(usage.Utime.Sec+usage.Stime.Sec)
	for _, l := range []struct {
		what int
		most uint64
	}{{unix.RLIMIT_DATA, memory + headroom}, {unix.RLIMIT_CPU, seconds}, {unix.RLIMIT_CORE, 0}, {unix.RLIMIT_FSIZE, 0}} {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return fmt.Errorf("limit %d: %w", l.what, err)
		}
	}
	return nil
}
