// Package sdnotify tells systemd how the daemon is, as sd_notify(3) has it.
//
// Guarantees: without a service manager (no $NOTIFY_SOCKET) everything does nothing and succeeds. A message is one datagram, sent
// within half a second or not at all, so that a service manager that hangs holds up nothing. The environment is left as it is:
// a re-exec of the daemon keeps its process number and goes on notifying.
package sdnotify

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a full socket of the service manager is waited for.
const patience = 500 * time.Millisecond

// maxStatus keeps a status line readable in systemctl status, and the datagram small.
const maxStatus = 512

// Notifier sends messages to the service manager. nil is one that does nothing. Its methods may be called from anywhere.
type Notifier struct{ to *net.UnixAddr }

// New reads $NOTIFY_SOCKET: a path, or a name in the abstract namespace after "@". It gives nil if there is none, and an error
// for an address of another kind.
func New(getenv func(string) string) (*Notifier, error) {
	addr := getenv("NOTIFY_SOCKET")
	switch {
	case addr == "":
		return nil, nil
	case len(addr) > 1 && (addr[0] == '/' || addr[0] == '@') && len(addr) <= 108: // sun_path of unix(7)
		return &Notifier{&net.UnixAddr{Name: addr, Net: "unixgram"}}, nil // net makes @ what the kernel wants
	}
	return nil, fmt.Errorf("NOTIFY_SOCKET is %q: it must be an absolute path or begin with @; nobody is notified", addr)
}

// Ready says that starting, or reloading, is over.
func (n *Notifier) Ready() error { return n.send("READY=1") }

// Status says in one line what the daemon is doing, for systemctl status.
func (n *Notifier) Status(text string) error { return n.send("STATUS=" + line(text)) }

// Watchdog says that the daemon is well. Whoever calls it answers for that.
func (n *Notifier) Watchdog() error { return n.send("WATCHDOG=1") }

// Reloading says that the runbook is being applied; Ready says that this is over.
func (n *Notifier) Reloading() error {
	if n == nil {
		return nil
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return fmt.Errorf("notify systemd: monotonic clock: %w", err)
	}
	return n.send("RELOADING=1\nMONOTONIC_USEC=" + strconv.FormatInt(now.Nano()/1000, 10))
}

// Stopping says that the daemon is about to end.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

func (n *Notifier) send(message string) error {
	if n == nil {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, n.to)
	if err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	defer c.Close()
	if err := c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	if _, err := c.Write([]byte(message)); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}

// line makes one line of text, since a line feed begins another assignment.
func line(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "�")), " ")
	for len(text) > maxStatus {
		text = strings.ToValidUTF8(text[:maxStatus], "")
	}
	return text
}

// WatchdogInterval reads $WATCHDOG_USEC and $WATCHDOG_PID: how often the service manager must hear from the process pid, at the
// latest. 0 means that it does not ask for it; half of the interval is a good pace.
func WatchdogInterval(getenv func(string) string, pid int) (time.Duration, error) {
	usec := getenv("WATCHDOG_USEC")
	if usec == "" {
		return 0, nil
	}
	if p := getenv("WATCHDOG_PID"); p != "" {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return 0, fmt.Errorf("WATCHDOG_PID is %q: it must be the number of a process", p)
		}
		if int(n) != pid {
			return 0, nil // meant for another process, whose environment this one has inherited
		}
	}
	n, err := strconv.ParseUint(usec, 10, 64)
	if err == nil && (n == 0 || n > uint64(time.Duration(1<<63-1)/time.Microsecond)) {
		err = errors.New("out of range")
	}
	if err != nil {
		return 0, fmt.Errorf("WATCHDOG_USEC is %q: it must be a positive number of microseconds", usec)
	}
	return time.Duration(n) * time.Microsecond, nil
}
