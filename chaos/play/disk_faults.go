package play

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"orac/chaos"
	"orac/chaos/journal"
	"orac/chaos/process"
)

func fillDisk(w *World, _ occurrence) (*broken, error) {
	dir := filepath.Dir(w.State)
	f := chaos.FillDisk(dir)
	return &broken{steps: []journal.Step{{Do: journal.Remove, Path: filepath.Join(dir, "ballast")}}, apply: f.Apply, undo: f.Undo}, nil
}

// The calls that write to a disk and nothing else. Calls that also write to sockets and pipes are excluded: the appliance
// would lose more than its disk. A ? marks a call that some architectures lack.
const (
	syncing  = "fsync,fdatasync,pwrite64,ftruncate"
	changing = syncing + ",?mkdir,mkdirat,?rename,?renameat,renameat2,?unlink,unlinkat"
)

// traceable tells whether strace is installed and may trace.
func traceable() error {
	if _, err := exec.LookPath("strace"); err != nil {
		return fmt.Errorf("strace is not installed: make deps installs it")
	}
	cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace="+changing, "-e", "inject="+changing+":error=EIO", "true")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("strace is not allowed to trace here: %w: %s", err, firstLine(out))
	}
	return nil
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return line
}

func readOnly(w *World, _ occurrence) (*broken, error)  { return tampered(w, changing, "error=EROFS") }
func diskError(w *World, _ occurrence) (*broken, error) { return tampered(w, changing, "error=EIO") }
func diskSlow(w *World, o occurrence) (*broken, error) {
	return tampered(w, changing, fmt.Sprintf("delay_enter=%d", o.Delay.Microseconds()))
}

// tampered makes system calls of the appliance fail until strace is ended. A tracer that dies releases what it traces.
func tampered(w *World, calls, how string) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	t := &tracer{of: a.Process(), calls: calls, how: how, w: w}
	return &broken{apply: t.start, undo: t.end}, nil
}

// tracer is a running strace.
type tracer struct {
	of         process.Process
	calls, how string
	w          *World
	said       bytes.Buffer
	entry      *journal.Entry
	ended      chan struct{}
}

// attachTime is how long strace may take to attach to all threads.
const attachTime = 5 * time.Second

func (t *tracer) start() error {
	cmd := exec.Command("strace", "-f", "-q", "-o", os.DevNull, "-e", "signal=none", "-e", "trace="+t.calls, "-e", "inject="+t.calls+":"+t.how, "-p", fmt.Sprint(t.of.PID))
	cmd.Stderr = &t.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // ensures that strace dies with this process
	if err := cmd.Start(); err != nil {
		return err
	}
	t.ended = make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended does not matter
		close(t.ended)
	}()
	self, err := process.Of(cmd.Process.Pid)
	if err != nil {
		return err
	}
	if t.entry, err = t.w.journal.Begin("strace", 0, journal.Step{Do: journal.Release, Process: self}); err != nil {
		_ = cmd.Process.Kill()
		return err
	}
	for until := time.Now().Add(attachTime); !traced(t.of.PID); time.Sleep(5 * time.Millisecond) {
		select {
		case <-t.ended:
			return fmt.Errorf("strace has ended: %s", firstLine(t.said.Bytes()))
		default:
		}
		if time.Now().After(until) {
			return fmt.Errorf("strace did not attach to the appliance within %v", attachTime)
		}
	}
	return nil
}

func (t *tracer) end() error {
	if t.entry == nil {
		return nil
	}
	if err := t.entry.Undo(); err != nil {
		return err
	}
	select {
	case <-t.ended:
		return nil
	case <-time.After(attachTime):
		return fmt.Errorf("strace did not exit")
	}
}

// traced tells whether all threads of a process have a tracer.
func traced(pid int) bool {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		return false
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && bytes.Contains(text, []byte("TracerPid:\t0\n")) {
			return false
		}
	}
	return true
}
