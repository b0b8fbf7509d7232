package control

import (
	"net"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	// maxConns is how many clients are served at once.
	maxConns = 32
	// maxRefusals is how many more are told that there are too many; beyond that, connections are closed without an
	// answer.
	maxRefusals = 8
)

// listener accepts connections, identifies the user at the other end, and never has more of them than the
// limits above.
type listener struct {
	*net.UnixListener
	path string
	own  uint32 // user of this process
	open atomic.Int32
}

// peer is a connection.
type peer struct {
	net.Conn
	refused string // why it is not served; empty if it is
	code    int    // HTTP status of the refusal
	user    uint32
	once    sync.Once
	free    func()
}

// Accept returns the next connection. Connections over the limit or from another user are marked, so that they get
// a refusal.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		n := l.open.Add(1)
		if n > maxConns+maxRefusals {
			l.open.Add(-1)
			_ = c.Close()
			continue
		}
		p := &peer{Conn: c, free: func() { l.open.Add(-1) }}
		uid, err := peerUser(c)
		p.user = uid
		switch {
		case err != nil || !allowed(uid, l.own):
			p.refused, p.code = "this appliance belongs to another user", 403
		case n > maxConns:
			p.refused, p.code = "too many clients are connected", 503
		}
		return p, nil
	}
}

// Close stops listening and removes the socket.
func (l *listener) Close() error {
	_ = os.Remove(l.path) // first, so that nobody finds a dead socket
	return l.UnixListener.Close()
}

// Close ends the connection.
func (p *peer) Close() error {
	p.once.Do(p.free)
	return p.Conn.Close()
}

// allowed tells whether a user may talk to an appliance that runs as another: the same user and root
// may.
func allowed(user, own uint32) bool { return user == own || user == 0 }

// peerUser returns the user who opened the other end, as reported by the kernel.
func peerUser(c *net.UnixConn) (uint32, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if failed != nil {
		return 0, failed
	}
	return cred.Uid, nil
}
