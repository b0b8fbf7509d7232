package evidence

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// What is read of /proc at most: a process of audio has some ten threads. It is kept below 24 KiB, so that the stacks of
// goroutines have their share.
const (
	maxThreads = 24
	maxFile    = 4 << 10
	maxProcess = 24 << 10
)

// statusLines are the lines of /proc/PID/status that tell why a process does not go on; the others are of its identity.
var statusLines = []string{"Name", "State", "PPid", "Threads", "VmRSS", "VmSwap", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt",
	"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"}

// writeProcess writes the state of a process and of each of its threads, as proc(5) has them: a read that blocks shows in the
// wchan of its thread, a stopped process as "T", one in uninterruptible sleep as "D". stack needs privileges that the daemon
// rarely has; its refusal is written, too.
func writeProcess(b *strings.Builder, proc string, pid int) {
	dir := filepath.Join(proc, strconv.Itoa(pid))
	end := b.Len() + maxProcess
	text, err := read(filepath.Join(dir, "status"))
	if err != nil {
		fmt.Fprintf(b, "status: %s\n", reason(err))
		return
	}
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, ":")
		if slices.Contains(statusLines, name) {
			b.WriteString(line)
		}
	}
	for _, name := range []string{"stat", "wchan", "stack"} {
		writeFile(b, dir, name, name)
	}
	d, err := os.Open(filepath.Join(dir, "task"))
	if err != nil {
		fmt.Fprintf(b, "threads: %s\n", reason(err))
		return
	}
	defer d.Close()
	threads, err := d.Readdirnames(maxThreads)
	if err != nil && err != io.EOF {
		fmt.Fprintf(b, "threads: %s\n", reason(err))
	}
	slices.Sort(threads)
	for _, tid := range threads {
		for _, name := range []string{"stat", "wchan"} {
			if b.Len() > end {
				b.WriteString("… and more threads\n")
				return
			}
			writeFile(b, filepath.Join(dir, "task", tid), name, "thread "+tid+" "+name)
		}
	}
}

func writeFile(b *strings.Builder, dir, name, title string) {
	text, err := read(filepath.Join(dir, name))
	if err != nil {
		text = reason(err)
	}
	text = strings.TrimSpace(text)
	if strings.Contains(text, "\n") {
		text = "\n" + text
	}
	fmt.Fprintf(b, "%s: %s\n", title, text)
}

func read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	return string(text), err
}

// reason is an error without the path, which the title says already.
func reason(err error) string {
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ESRCH) {
		return "gone"
	}
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// writeStacks writes the stacks of all goroutines, the caller's first, as far as there is room.
func writeStacks(b *strings.Builder, room int) {
	const note = "\n… cut\n"
	buf := make([]byte, max(0, room-len(note)))
	n := runtime.Stack(buf, true)
	b.Write(buf[:n])
	if n == len(buf) {
		b.WriteString(note)
	}
}
