package ptrace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"orac/chaos/process"
)

// Supported returns why this machine cannot do it; nil if it can.
func Supported() error { return nil }

// chunk is how much is mapped with one call: meanwhile, the other threads of the process wait for memory.
const chunk = 16 << 20

// grow stops the main thread of a process and makes it map memory.
func grow(p process.Process, image uint64, size int64) (err error) {
	runtime.LockOSThread() // only the tracing thread may make requests
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(p.PID); err != nil {
		return fmt.Errorf("ptrace is not allowed to trace here: %w", err)
	}
	defer func() { err = errors.Join(err, detach(p.PID)) }()
	if now, err := p.Image(); err != nil || now != image { // it is stopped: its image can no longer change
		return process.ErrGone
	}
	if err := unix.PtraceInterrupt(p.PID); err != nil {
		return err
	}
	if err := await(p.PID); err != nil {
		return err
	}
	at, err := instruction(p.PID)
	if err != nil {
		return err
	}
	for left := size; left > 0; left -= chunk {
		if err := mmap(p.PID, at, uint64(min(left, chunk))); err != nil {
			return err
		}
	}
	return nil
}

func detach(pid int) error {
	err := unix.PtraceDetach(pid)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// await waits until the thread has stopped.
func await(pid int) error {
	for {
		var ws unix.WaitStatus
		_, err := unix.Wait4(pid, &ws, unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case ws.Exited() || ws.Signaled():
			return process.ErrGone
		}
		return nil
	}
}

// mmap makes the stopped thread call mmap. Afterwards the thread is stopped by the signal of the single step: from this
// stop, the kernel resumes a call that was interrupted.
func mmap(pid int, at, size uint64) error {
	var was unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &was); err != nil {
		return err
	}
	call := was
	call.Rip, call.Orig_rax = at, ^uint64(0) // no call must be resumed before this one
	call.Rax, call.Rdi, call.Rsi = unix.SYS_MMAP, 0, size
	call.Rdx, call.R10 = unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE
	call.R8, call.R9 = ^uint64(0), 0
	if err := unix.PtraceSetRegs(pid, &call); err != nil {
		return err
	}
	if err := unix.PtraceSingleStep(pid); err != nil {
		return err
	}
	if err := await(pid); err != nil {
		return err
	}
	var done unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &done); err != nil {
		return err
	}
	if err := unix.PtraceSetRegs(pid, &was); err != nil {
		return err
	}
	if n := int64(done.Rax); n < 0 && n > -4096 {
		return fmt.Errorf("mmap of %d bytes: %w", size, unix.Errno(-n))
	}
	return nil
}

// instruction finds a syscall instruction in the process: the kernel's own page of code, which every process has, contains one.
func instruction(pid int) (uint64, error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, err
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if !strings.HasSuffix(lines.Text(), "[vdso]") {
			continue
		}
		var from, to uint64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err != nil {
			return 0, err
		}
		mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
		if err != nil {
			return 0, err
		}
		defer mem.Close()
		code := make([]byte, to-from)
		if _, err := mem.ReadAt(code, int64(from)); err != nil {
			return 0, err
		}
		if i := bytes.Index(code, []byte{0x0f, 0x05}); i >= 0 {
			return from + uint64(i), nil
		}
	}
	return 0, errors.New("no syscall instruction was found in the process")
}
