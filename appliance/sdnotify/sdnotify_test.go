package sdnotify

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v
			}
		}
		return ""
	}
}

// manager listens as systemd does.
func manager(t *testing.T, addr string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: addr, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func heard(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestMessages(t *testing.T) {
	for _, addr := range []string{filepath.Join(t.TempDir(), "notify"), fmt.Sprint("@orac-sdnotify-test-", os.Getpid())} {
		c := manager(t, addr)
		n, err := New(env("NOTIFY_SOCKET=" + addr))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []struct {
			send func() error
			want string
		}{
			{n.Ready, `^READY=1$`},
			{func() error { return n.Status("listening to usb") }, `^STATUS=listening to usb$`},
			{func() error { return n.Status("a\nREADY=1\x00\xff\r\n b") }, "^STATUS=a READY=1\x00� b$"},
			{func() error { return n.Status(strings.Repeat("é", 1000)) }, `^STATUS=é{256}$`},
			{n.Watchdog, `^WATCHDOG=1$`},
			{n.Reloading, `^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*$`},
			{n.Stopping, `^STOPPING=1$`},
		} {
			if err := m.send(); err != nil {
				t.Errorf("%s: %v", addr, err)
				continue
			}
			if got := heard(t, c); !regexp.MustCompile(m.want).MatchString(got) {
				t.Errorf("%s: %q, want %s", addr, got, m.want)
			}
		}
	}
}

func TestWithoutServiceManager(t *testing.T) {
	n, err := New(env())
	if n != nil || err != nil {
		t.Fatalf("%v, %v", n, err)
	}
	for _, send := range []func() error{n.Ready, n.Watchdog, n.Reloading, n.Stopping, func() error { return n.Status("x") }} {
		if err := send(); err != nil {
			t.Error(err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, addr := range []string{"relative/path", "vsock:2:1234", "@", "/" + strings.Repeat("x", 108)} {
		if n, err := New(env("NOTIFY_SOCKET=" + addr)); n != nil || err == nil || !strings.Contains(err.Error(), "NOTIFY_SOCKET") {
			t.Errorf("%q: %v, %v", addr, n, err)
		}
	}
	n, err := New(env("NOTIFY_SOCKET=" + filepath.Join(t.TempDir(), "nobody")))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Ready(); err == nil || !strings.Contains(err.Error(), "notify systemd") {
		t.Errorf("nobody listens: %v", err)
	}
}

// TestFullSocket: a manager that never reads holds nobody up for long, and the loss is told.
func TestFullSocket(t *testing.T) {
	addr := filepath.Join(t.TempDir(), "notify")
	manager(t, addr)
	n, err := New(env("NOTIFY_SOCKET=" + addr))
	if err != nil {
		t.Fatal(err)
	}
	for range 100_000 { // the kernel's queue is shorter
		if err = n.Watchdog(); err != nil {
			break
		}
	}
	if !os.IsTimeout(err) && (err == nil || !strings.Contains(err.Error(), "timeout")) {
		t.Errorf("%v", err)
	}
}

func TestWatchdogInterval(t *testing.T) {
	cases := []struct {
		env  []string
		want time.Duration
		err  string
	}{
		{nil, 0, ""},
		{[]string{"WATCHDOG_USEC=30000000"}, 30 * time.Second, ""},
		{[]string{"WATCHDOG_USEC=30000000", "WATCHDOG_PID=42"}, 30 * time.Second, ""},
		{[]string{"WATCHDOG_USEC=30000000", "WATCHDOG_PID=43"}, 0, ""},
		{[]string{"WATCHDOG_USEC=30000000", "WATCHDOG_PID=me"}, 0, "WATCHDOG_PID"},
		{[]string{"WATCHDOG_USEC=soon"}, 0, "WATCHDOG_USEC"},
		{[]string{"WATCHDOG_USEC=0"}, 0, "out of range"},
		{[]string{"WATCHDOG_USEC=-5"}, 0, "WATCHDOG_USEC"},
		{[]string{"WATCHDOG_USEC=18446744073709551615"}, 0, "WATCHDOG_USEC"},
	}
	for _, c := range cases {
		got, err := WatchdogInterval(env(c.env...), 42)
		if got != c.want || (err != nil) != (c.err != "") {
			t.Errorf("%v: %v, %v", c.env, got, err)
		}
	}
}

func FuzzWatchdogInterval(f *testing.F) {
	for _, s := range []string{"", "30000000", "0", "-1", "9223372036854775807", "18446744073709551616", "x"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, usec, pid string) {
		d, err := WatchdogInterval(env("WATCHDOG_USEC="+usec, "WATCHDOG_PID="+pid), 42)
		if d < 0 || d > 0 && err != nil {
			t.Errorf("%q, %q: %v, %v", usec, pid, d, err)
		}
	})
}
