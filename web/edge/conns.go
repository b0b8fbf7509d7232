package edge

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"orac/web/auth"
	"orac/web/schema"
)

// conns limits how many connections there are, in all and from one address. Refusing one costs no handshake and no goroutine. At
// the limit a connection is closed to make room: first the one that has been without a whole request longest, then an anonymous
// one whose request takes long. An active connection of a logged-in person is never closed.
type conns struct {
	net.Listener
	most   func() int              // connections
	proxy  func(a netip.Addr) bool // whose connections carry many people; nil: nobody's
	plain  bool                    // a refusal can be sent as text
	closed func()                  // called once for each refused connection
	slow   time.Duration           // see slowGrace

	mu     sync.Mutex // guards everything that follows
	open   map[net.Conn]*held
	claims Shares // connections of logged-in people
}

// held is what conns knows about a connection.
type held struct {
	from  string
	proxy bool // it carries requests of many people
	state http.ConnState
	since time.Time     // in that state
	known bool          // it has carried a request of somebody logged in
	who   auth.Identity // who has claimed it; nobody if it carries many people
}

// How old a connection may be before another may take its place. The times are short: no connection is closed while there is
// room, and under a flood the remaining places go to clients that send their request at once.
const (
	grace      = 200 * time.Millisecond // without a whole head of a request
	slowGrace  = 5 * time.Second        // with an anonymous request
	knownGrace = 15 * time.Second       // of a logged-in person, between two requests
)

// spare tells whether the connection may be closed in favour of another.
func (h *held) spare(now time.Time, slow time.Duration) bool {
	after := grace
	switch {
	case h.state == http.StateActive && !h.known: // the whole head of a request has arrived
		after = slow
	case h.state != http.StateNew && h.state != http.StateIdle: // of a logged-in person, or a WebSocket
		return false
	case h.known:
		after = knownGrace
	}
	return now.Sub(h.since) >= after
}

// note lets a request report what its connection is used for. The zero value reports to nobody.
type note struct {
	conns *conns
	conn  net.Conn
}

type noteKey struct{}

// Claim reports that the connection of a request carries requests of somebody logged in. It returns false if that person has
// reached the limit of connections, or only those kept for admins are left: then the connection must be closed.
func Claim(r *http.Request, who auth.Identity) bool {
	n, _ := r.Context().Value(noteKey{}).(note)
	if n.conns == nil {
		return true
	}
	most := n.conns.most()
	n.conns.mu.Lock()
	defer n.conns.mu.Unlock()
	h := n.conns.open[n.conn]
	if h == nil || h.proxy {
		if h != nil {
			h.known = true
		}
		return true
	}
	if h.known && h.who.Kind == who.Kind && h.who.Name == who.Name && h.who.Role == who.Role {
		return true
	}
	n.conns.release(h)
	if !n.conns.claims.Take(who, most, max(1, most/10)) {
		return false
	}
	h.known, h.who = true, who
	return true
}

// release gives up a person's claim on a connection. The caller holds the lock.
func (c *conns) release(h *held) {
	if h.who.Known() {
		c.claims.Leave(h.who)
	}
	h.known, h.who = false, auth.Identity{}
}

// refusal is the answer to a connection over the limit, if one can be sent.
var refusal = func() string {
	d := schema.Unavailable.Doc()
	body := fmt.Sprintf(`{"type":"urn:orac:problem:%s","title":%q,"status":%d,"code":%q,"detail":"Too many connections are open."}`+"\n", d.Code, d.Title, d.Status, d.Code)
	return fmt.Sprintf("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}()

// Accept returns the next connection for which there is room.
func (c *conns) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c.admit(conn) {
			return &counted{Conn: conn, from: c}, nil
		}
		if c.closed != nil {
			c.closed()
		}
		if c.plain {
			_ = conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = conn.Write([]byte(refusal)) // into the socket's buffer; a client that does not read it is closed anyway
		}
		_ = conn.Close()
	}
}

// admit makes room for a connection if possible.
func (c *conns) admit(conn net.Conn) bool {
	from, peer := networkOf(conn)
	shared := c.proxy != nil && c.proxy(peer)
	most, now := c.most(), time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[net.Conn]*held{}
	}
	same := 0
	for _, h := range c.open {
		if h.from == from {
			same++
		}
	}
	// One address must not have all connections, except this machine and a proxy with others behind
	// it.
	if !peer.IsLoopback() && !shared && same >= max(2, most/2) && !c.evict(now, func(h *held) bool { return h.from == from }) {
		return false
	}
	if len(c.open) >= most && !c.evict(now, func(*held) bool { return true }) {
		return false
	}
	c.open[conn] = &held{from: from, proxy: shared, state: http.StateNew, since: now}
	return true
}

// evict closes one of the matching connections that may be closed: anonymous ones first, then the oldest. The caller holds the
// lock.
func (c *conns) evict(now time.Time, match func(*held) bool) bool {
	var victim net.Conn
	for conn, h := range c.open {
		if !match(h) || !h.spare(now, c.slow) {
			continue
		}
		if v := c.open[victim]; v == nil || v.known && !h.known || v.known == h.known && h.since.Before(v.since) {
			victim = conn
		}
	}
	if victim == nil {
		return false
	}
	c.release(c.open[victim])
	delete(c.open, victim)
	_ = victim.Close()
	return true
}

// state implements http.Server.ConnState.
func (c *conns) state(conn net.Conn, s http.ConnState) {
	raw := rawOf(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.open[raw]; h != nil {
		h.state, h.since = s, time.Now()
	}
}

func (c *conns) forget(raw net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.open[raw]; h != nil {
		c.release(h)
		delete(c.open, raw)
	}
}

// counted is a connection that counts until it is closed.
type counted struct {
	net.Conn
	from *conns
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.from.forget(c.Conn)
	return c.Conn.Close()
}

// rawOf returns the connection that the listener has accepted, below TLS.
func rawOf(conn net.Conn) net.Conn {
	for {
		switch v := conn.(type) {
		case *counted:
			return v.Conn
		case interface{ NetConn() net.Conn }:
			conn = v.NetConn()
		default:
			return conn
		}
	}
}

func networkOf(conn net.Conn) (from string, peer netip.Addr) {
	a, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return conn.RemoteAddr().String(), netip.Addr{}
	}
	return auth.Network(a.Addr()), a.Addr().Unmap()
}
