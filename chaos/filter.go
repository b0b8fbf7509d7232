package chaos

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// installFilter makes this thread, and all that it starts from now on, ask us for the time of day. It gives the descriptor that
// they are heard at.
func installFilter() (listener int, err error) {
	const (
		number, arch, first = 0, 4, 16 // offsets in struct seccomp_data: the call, the architecture, the lower half of its first argument
		allow, notify       = unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_USER_NOTIF
	)
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	is := func(value uint32, then, otherwise uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: then, Jf: otherwise, K: value}
	}
	ret := func(value uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value} }
	program := []unix.SockFilter{
		load(arch),
		is(architectures[runtime.GOARCH], 0, 6),
		load(number),
		is(unix.SYS_GETTIMEOFDAY, 5, 0),
		is(unix.SYS_CLOCK_GETTIME, 0, 3),
		load(first),
		is(unix.CLOCK_REALTIME, 2, 0),
		is(unix.CLOCK_REALTIME_COARSE, 1, 0),
		ret(allow),
		ret(notify),
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("%w: no new privileges: %w", ErrUnsupported, err)
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	// Signals wait until an answer is there: Go sends itself many.
	for _, flags := range []uintptr{unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER} {
		fd, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
		if e == 0 {
			return int(fd), nil
		}
		if err = e; !errors.Is(err, unix.EINVAL) { // an older kernel does not know that flag
			break
		}
	}
	return 0, fmt.Errorf("%w: install a seccomp filter: %w", ErrUnsupported, err)
}

// hideVDSO makes a process that has not run yet believe that the kernel has given it none: its auxiliary vector, on its stack
// behind the arguments and the environment, loses the entry.
func hideVDSO(pid int) error {
	const (
		sysinfoEhdr = 33 // AT_SYSINFO_EHDR of auxvec.h
		ignore      = 1  // AT_IGNORE
		mostWords   = 1 << 20
	)
	at, err := startOfStack(pid)
	if err != nil {
		return err
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	stack := bufio.NewReader(io.NewSectionReader(mem, at, 8*mostWords))
	word := func() (v uint64) {
		var b [8]byte
		if err == nil {
			_, err = io.ReadFull(stack, b[:])
		}
		at += 8
		return binary.LittleEndian.Uint64(b[:])
	}
	for range word() + 1 { // arguments, and the null after them
		if word(); err != nil {
			return fmt.Errorf("read its stack: %w", err)
		}
	}
	for word() != 0 && err == nil { // the environment
	}
	for {
		place := at
		tag := word()
		word()
		switch {
		case err != nil:
			return fmt.Errorf("read its stack: %w", err)
		case tag == sysinfoEhdr:
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], ignore)
			_, err = mem.WriteAt(b[:], place)
			return err
		case tag == 0: // the end: it has none
			return nil
		}
	}
}

// startOfStack is where the count of its arguments is.
func startOfStack(pid int) (int64, error) {
	const startStack = 28 - 3 // field of /proc/PID/stat, counted behind the name
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) <= startStack {
		return 0, fmt.Errorf("/proc/%d/stat has only %d fields", pid, len(fields))
	}
	at, err := strconv.ParseInt(fields[startStack], 10, 64)
	if err == nil && at == 0 {
		err = errors.New("the kernel does not say where its stack is")
	}
	return at, err
}
