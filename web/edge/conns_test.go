package edge

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"orac/web/auth"
)

// TestConnectionsAreShared: two viewers with all the connections that they get, each of which is in use, leave some for admins, and
// give back what is closed.
func TestConnectionsAreShared(t *testing.T) {
	const most = 20
	c := &conns{most: func() int { return most }, proxy: func(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.7") }}
	connect := func(from string) net.Conn {
		conn, other := net.Pipe()
		t.Cleanup(func() { other.Close() })
		at := &addressed{conn, from}
		if !c.admit(at) {
			return nil
		}
		return at
	}
	use := func(conn net.Conn, name string, role auth.Role) bool {
		c.state(conn, http.StateActive)
		ctx := context.WithValue(t.Context(), noteKey{}, note{c, conn})
		return Claim(httptest.NewRequestWithContext(ctx, "GET", "/", nil), auth.Identity{Kind: auth.User, Name: name, Role: role})
	}
	counts := map[string]int{}
	var open []net.Conn
	for n := range 3 * most {
		who := fmt.Sprint("viewer", n%2)
		conn := connect("127.0.0.1:1")
		if conn == nil {
			break
		}
		if !use(conn, who, auth.Viewer) {
			(&counted{conn, c}).Close()
			continue
		}
		if !use(conn, who, auth.Viewer) { // another request on it costs nothing
			t.Error("a second request is refused")
		}
		counts[who]++
		open = append(open, conn)
	}
	if counts["viewer0"] == 0 || counts["viewer1"] == 0 || counts["viewer0"]+counts["viewer1"] > most-most/10 {
		t.Errorf("%v of %d", counts, most)
	}
	if conn := connect("127.0.0.1:1"); conn == nil || !use(conn, "viewer2", auth.Viewer) {
		t.Error("a third one has none")
	} else {
		open = append(open, conn)
	}
	for n := range most { // many viewers
		if conn := connect("127.0.0.1:1"); conn != nil {
			if use(conn, fmt.Sprint("more", n), auth.Viewer) {
				open = append(open, conn)
			} else {
				(&counted{conn, c}).Close()
			}
		}
	}
	conn := connect("127.0.0.1:1")
	if conn == nil || !use(conn, "admin", auth.Admin) {
		t.Error("an admin has none")
	}
	open = append(open, conn)
	for _, conn := range open {
		(&counted{conn, c}).Close()
	}
	if c.claims.Taken() != 0 || len(c.claims.of) != 0 || len(c.open) != 0 {
		t.Errorf("%d are left, %v", c.claims.Taken(), c.claims.of)
	}
	// A trusted proxy's connections carry requests of many: they are nobody's, and one address may have all.
	for n := range most {
		conn := connect("192.0.2.7:1")
		if conn == nil || !use(conn, "viewer", auth.Viewer) {
			t.Fatalf("connection %d of a proxy is refused", n)
		}
	}
}

// addressed is a connection from an address.
type addressed struct {
	net.Conn
	from string
}

func (a *addressed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(a.from))
}

// TestWhoGivesWay: nobody's before somebody's, the longest first, and none that is in use or was there for a moment only.
func TestWhoGivesWay(t *testing.T) {
	now := time.Now()
	c := &conns{slow: slowGrace, open: map[net.Conn]*held{}}
	var all []net.Conn
	for _, h := range []held{
		{state: http.StateNew, since: now.Add(-time.Second)}, {state: http.StateNew, since: now.Add(-2 * time.Second)}, {state: http.StateIdle, since: now.Add(-time.Hour), known: true},
		{state: http.StateActive, since: now.Add(-2 * slowGrace)}, {state: http.StateActive, since: now.Add(-time.Hour), known: true}, {state: http.StateHijacked, since: now.Add(-time.Hour)},
		{state: http.StateNew, since: now.Add(-grace / 2)}, {state: http.StateActive, since: now.Add(-slowGrace / 2)}, {state: http.StateIdle, since: now.Add(-knownGrace / 2), known: true},
	} {
		conn, other := net.Pipe()
		defer other.Close()
		c.open[conn] = &h
		all = append(all, conn)
	}
	for _, want := range []int{3, 1, 0, 2} {
		if !c.evict(now, func(*held) bool { return true }) || c.open[all[want]] != nil {
			t.Errorf("connection %d does not give way", want)
		}
	}
	if c.evict(now, func(*held) bool { return true }) || len(c.open) != 5 {
		t.Errorf("%d are left", len(c.open))
	}
}
