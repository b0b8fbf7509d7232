package control

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// abandon leaves a socket in dir as a killed daemon does, and gives dir.
func abandon(t *testing.T, dir string) string {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSocketIsPrivate under any umask.
func TestSocketIsPrivate(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		old := syscall.Umask(umask)
		dir := t.TempDir()
		l, err := Listen(dir)
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(filepath.Join(dir, SocketName))
		if err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("umask %03o: %v, %v", umask, info.Mode(), err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDeadSocketGoes and what is no socket stays.
func TestDeadSocketGoes(t *testing.T) {
	l, err := Listen(abandon(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, SocketName)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(dir); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("Listen: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// TestLongPath: a state directory may be deeper than a socket address is long, for both ends.
func TestLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 20), strings.Repeat("path", 20))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	startIn(t, dir, &model{status: healthy()}, time.Second)
	s, err := NewClient(dir).Status(t.Context())
	if err != nil || s.Appliance != "test" {
		t.Errorf("status: %+v, %v", s, err)
	}
}

// TestListenInNoFolder says which and why.
func TestListenInNoFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	for _, d := range []string{dir, dir + strings.Repeat("/deep", 30)} {
		if _, err := Listen(d); err == nil || !strings.Contains(err.Error(), d) || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("Listen(%s): %v", d, err)
		}
	}
}

// TestWhoMayAsk: the same user and root.
func TestWhoMayAsk(t *testing.T) {
	for _, c := range []struct {
		user, own uint32
		want      bool
	}{{1000, 1000, true}, {0, 1000, true}, {0, 0, true}, {1000, 0, false}, {1001, 1000, false}, {65534, 1000, false}} {
		if got := allowed(c.user, c.own); got != c.want {
			t.Errorf("user %d asks an appliance of %d: %v", c.user, c.own, got)
		}
	}
}

// TestPeerUser: the kernel says who connects.
func TestPeerUser(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	connect(t, dir)
	c, err := l.(*net.UnixListener).AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if uid, err := peerUser(c); err != nil || uid != uint32(os.Geteuid()) {
		t.Errorf("user %d, %v; want %d", uid, err, os.Geteuid())
	}
}

// TestForeignUserIsTold: a connection of another user gets a reason and no answer.
func TestForeignUserIsTold(t *testing.T) {
	dir := t.TempDir()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.(*listener).own = uint32(os.Geteuid()) + 1
	if os.Geteuid() == 0 { // root may always: it must stand in for somebody who may not
		l = stranger{l}
	}
	serveFor(t, l, &model{status: healthy()})
	head := exchange(t, dir, "GET /v1/status HTTP/1.0\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.0 403 ") || !strings.Contains(head, "another user") || strings.Contains(head, "generation") {
		t.Errorf("answer: %s", head)
	}
}
