package chaos

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Clock is a time of day of its own that a process is given: the machine's, moved. Monotonic time stays the kernel's.
//
// The process cannot see the kernel's vDSO, and so asks for the time by system calls; those for the time of day a seccomp filter
// hands to us (user notification), and we answer. What it starts has the filter, too, but sees the vDSO again, and with it the
// machine's clock; so does a process that it replaces itself by.
type Clock struct {
	offset   atomic.Int64 // ns
	listener int
	wake     *os.File // closed to end serve
	over     chan struct{}
	end      sync.Once
}

// ErrUnsupported is why a fault cannot come about here.
var ErrUnsupported = errors.New("this machine does not support it")

// architectures are those whose system calls the filter knows, all of them little-endian.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// ClockSupported tells whether processes can be given a clock of their own: nil, or an error that wraps ErrUnsupported.
func ClockSupported() error {
	if architectures[runtime.GOARCH] == 0 {
		return fmt.Errorf("%w: a separate clock needs amd64 or arm64", ErrUnsupported)
	}
	action := uint32(unix.SECCOMP_RET_USER_NOTIF)
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action))); e != 0 {
		return fmt.Errorf("%w: the kernel has no seccomp user notification: %w", ErrUnsupported, e)
	}
	return nil
}

// start starts a process that has the clock. It is called once.
func (c *Clock) start(cmd *exec.Cmd) error {
	if err := ClockSupported(); err != nil {
		return err
	}
	c.over = make(chan struct{})
	started := make(chan error)
	onOwnThread(func() {
		started <- c.startHere(cmd)
		<-c.over // the process would be told if the thread that started it ended
	})
	err := <-started
	if err != nil {
		c.Close()
	}
	return err
}

// onOwnThread runs f on a thread on which nothing else runs any more. The thread does not end with it: processes that were
// started from there before, an audio server for one, would be told of that, and end.
func onOwnThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			select {}
		}
		// The main thread does not end, so another is needed, which this one is held for.
		defer runtime.UnlockOSThread()
		taken := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(taken)
			f()
			select {}
		}()
		<-taken
	}()
}

// startHere puts the filter on this thread, so that the process which it starts has it, too, and takes the vDSO from that.
func (c *Clock) startHere(cmd *exec.Cmd) (err error) {
	if c.listener, err = installFilter(); err != nil {
		return err
	}
	woken, wake, err := os.Pipe()
	if err != nil {
		return errors.Join(err, unix.Close(c.listener))
	}
	c.wake = wake
	go c.serve(woken)
	attr := syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil {
		attr = *cmd.SysProcAttr
	}
	attr.Ptrace = true // it stops right after exec, before its first instruction
	cmd.SysProcAttr = &attr
	if err := cmd.Start(); err != nil {
		return err
	}
	pid := cmd.Process.Pid
	var state unix.WaitStatus
	if _, err = unix.Wait4(pid, &state, unix.WALL, nil); err == nil && !state.Stopped() {
		err = fmt.Errorf("it did not stop at its start: %v", state)
	}
	if err == nil {
		err = hideVDSO(pid)
	}
	if detached := unix.PtraceDetach(pid); err == nil && detached != nil {
		err = detached
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return fmt.Errorf("%w: hiding the vDSO from a process: %w", ErrUnsupported, err)
	}
	return nil
}

// Step moves the clock.
func (c *Clock) Step(by time.Duration) { c.offset.Add(int64(by)) }

// Close ends the use of the clock, after the process has ended.
func (c *Clock) Close() {
	c.end.Do(func() {
		close(c.over)
		if c.wake != nil {
			_ = c.wake.Close() // nothing was written
		}
	})
}

// notification and answer are the kernel's struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	value int64
	err   int32
	flags uint32
}

// serve answers questions for the time until the clock is closed or nobody is left who could ask.
func (c *Clock) serve(woken *os.File) {
	defer unix.Close(c.listener)
	defer woken.Close()
	polled := []unix.PollFd{{Fd: int32(c.listener), Events: unix.POLLIN}, {Fd: int32(woken.Fd())}}
	for {
		if _, err := unix.Poll(polled, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		switch {
		case polled[1].Revents != 0 || polled[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0:
			return
		case polled[0].Revents&unix.POLLIN == 0:
			continue
		}
		var n notification
		if ioctl(c.listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)) != 0 {
			continue // who asked is gone
		}
		a := answer{id: n.id}
		if err := c.tell(&n); err != nil {
			a.err = -int32(unix.EFAULT)
		}
		_ = ioctl(c.listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a)) // who asked may be gone meanwhile
	}
}

// tell writes the time to where it was asked for.
func (c *Clock) tell(n *notification) error {
	now := time.Now().Add(time.Duration(c.offset.Load()))
	to, fraction := n.args[1], int64(now.Nanosecond())
	if n.nr == unix.SYS_GETTIMEOFDAY {
		to, fraction = n.args[0], fraction/1000
	}
	if to == 0 {
		return nil
	}
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(now.Unix()))
	binary.LittleEndian.PutUint64(b[8:], uint64(fraction))
	local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
	_, err := unix.ProcessVMWritev(int(n.pid), local, []unix.RemoteIovec{{Base: uintptr(to), Len: len(b)}}, 0)
	return err
}

func ioctl(fd int, request uint, arg unsafe.Pointer) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg))
	return e
}
