package peers_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/peers"
	"orac/web/peers/peertest"
)

// TestSlowAndManyConnections: a client that says nothing, or a byte at a time, is cut off, and however many there are, who has a token is
// served.
func TestSlowAndManyConnections(t *testing.T) {
	r := newRig(t, func(rb *runbook.Runbook) { rb.STTServers[0].MaxConnections = 10 })
	r.asker().BesideSlow(t, "POST /v1/work HTTP/1.1\r\nHost: x", "POST /v1/work HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{")
}

// TestTenThousandConnections, one after the other faster than they are cut off: who has a token is served meanwhile.
func TestTenThousandConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("10 000 connections")
	}
	r := newRig(t, func(rb *runbook.Runbook) { rb.STTServers[0].MaxConnections = 64 })
	r.asker().BesideThousands(t)
}

// TestASlowBodyIsCutOff: a body that never comes whole holds a connection only so long, and no room.
func TestASlowBodyIsCutOff(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	r.Hosts.Site(house).(*peers.Server).Arrive = time.Second / 4
	r.Hosts.Use(r.Runbook)
	c := peertest.Raw(t, url, "POST /v1/work HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer "+r.Token("worker")+"\r\nContent-Length: 10000\r\n\r\n{\"prompt\":\"tu")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	r.Must(err)
	res.Body.Close()
	if res.StatusCode != 422 {
		t.Errorf("%d", res.StatusCode)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection stays")
	}
	if n := r.room.Taken(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// TestAHeartbeatDoesNotWait: while work waits in every place, what needs no place is answered.
func TestAHeartbeatDoesNotWait(t *testing.T) {
	r := newRig(t)
	r.full = peertest.NewFull(4)
	r.asker().BesideFull(t, r.full, peertest.Body{Path: "/v1/work", Type: "application/json", Text: `{}`}, peertest.Body{Path: "/load", Type: "application/json", Text: `{}`}, "done")
}

// TestAServerIsChangedAlone: another comes, moves and goes while the first goes on; a port is handed over.
func TestAServerIsChangedAlone(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	alive := func(at string) bool {
		c := peertest.Raw(t, at, "GET /live HTTP/1.0\r\n\r\n")
		return strings.Contains(peertest.ReadAll(c), "alive")
	}
	with := func(blocks ...runbook.STTServer) *runbook.Runbook {
		rb := *r.Runbook
		rb.STTServers = blocks
		return &rb
	}
	kept := peertest.Raw(t, url, "GET /live HTTP/1.1\r\nHost: test\r\n\r\n") // a connection of the first goes on through all of it
	answers := bufio.NewReader(kept)
	goesOn := func() {
		t.Helper()
		res, err := http.ReadResponse(answers, nil)
		if err != nil || res.StatusCode != 200 {
			t.Errorf("the connection of the first: %v, %v", res, err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body) // the next answer shows whether it was read
	}
	goesOn()
	first := r.Runbook.STTServers[0]
	second, third := first, first
	second.Address, second.Name, second.Listen = "stt_server.barn", "barn", peertest.Free(t)
	third.Address, third.Name, third.Listen = "stt_server.attic", "attic", second.Listen
	r.Must(r.Hosts.Check(with(first, second)))
	r.Hosts.Use(with(first, second))
	if !alive(second.Listen) || !alive(url) {
		t.Error("the second one, or the first, does not answer")
	}
	r.Must(r.Hosts.Check(with(first, third))) // the port is ours
	r.Hosts.Use(with(first, third))
	if !alive(third.Listen) {
		t.Error("the port was not handed over")
	}
	if list := r.Hosts.Listeners(); len(list) != 2 || list[0].Why != "" || list[1].Why != "" {
		t.Errorf("%+v", list)
	}
	_, err := io.WriteString(kept, "GET /live HTTP/1.1\r\nHost: test\r\n\r\n")
	r.Must(err)
	goesOn()
	if err := r.Hosts.Check(with(second, third)); err == nil || !strings.Contains(err.Error(), "same port") {
		t.Errorf("two on one port: %v", err)
	}
	// A port that another program has: it is said, in the check and in the health.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	r.Must(err)
	defer taken.Close()
	other := first
	other.Listen = taken.Addr().String()
	if err := r.Hosts.Check(with(other)); err == nil || !strings.HasPrefix(err.Error(), "stt_server.house.listen: ") {
		t.Errorf("%v", err)
	}
	r.Hosts.Use(with(other))
	if list := r.Hosts.Listeners(); len(list) != 1 || list[0].Component != "stt_server.house.listen" || !strings.Contains(list[0].Why, "is not served") {
		t.Errorf("%+v", list)
	}
	r.Hosts.Use(with())
	if list := r.Hosts.Listeners(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
