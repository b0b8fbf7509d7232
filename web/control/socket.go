package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"orac/appliance/statedir"
)

// SocketName is the name of the socket in the state directory.
const SocketName = "control.sock"

// maxSocketPath is the longest path of a unix socket: sockaddr_un has 108 bytes, the last of them 0 (unix(7)).
const maxSocketPath = 107

// Listen creates the socket in a state directory, with mode 0600. The caller holds the lock of the directory, so an existing
// socket was left by a dead process and is removed. Closing the listener removes the socket.
func Listen(stateDir string) (net.Listener, error) {
	path := filepath.Join(stateDir, SocketName)
	if err := clear(stateDir); err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	short, free, err := shorten(path)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	defer free()
	// The mode of an unbound socket, less the umask, is the mode that bind gives the file (unix_bind in the kernel's
	// net/unix/af_unix.c): at no moment can others connect.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.Fchmod(int(fd), 0o600) })
		return errors.Join(err, failed)
	}}
	l, err := config.Listen(context.Background(), "unix", short)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, cause(err))
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would use the short name, which is gone by then
	return &listener{UnixListener: l.(*net.UnixListener), path: path, own: uint32(os.Geteuid())}, nil
}

// clear removes the socket of a dead daemon. It leaves anything else of that name alone.
func clear(stateDir string) error {
	dir, err := statedir.Existing(stateDir)
	if err != nil {
		return err
	}
	defer dir.Close()
	info, err := dir.Lstat(SocketName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("something that is not a socket has this name; move it away")
	}
	return dir.Remove(SocketName)
}

// shorten returns a name for path that fits into a socket address and works until free is called. If path itself is
// too long, the name goes through a descriptor of its directory.
func shorten(path string) (short string, free func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", nil, fmt.Errorf("its folder cannot be opened: %w", err)
	}
	short = fmt.Sprintf("/proc/self/fd/%d/%s", dir, filepath.Base(path))
	free = func() { _ = unix.Close(dir) }
	if _, err := os.Stat(filepath.Dir(short)); err != nil {
		free()
		return "", nil, fmt.Errorf("its path has more than %d bytes, and there is no /proc to shorten it; choose a shorter state directory", maxSocketPath)
	}
	return short, free, nil
}

// cause returns an error of package net without the address, which the caller adds.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
