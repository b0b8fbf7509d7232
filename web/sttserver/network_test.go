package sttserver

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"orac/appliance/sttrole"
	"orac/runbook"
	"orac/web/peers/peertest"
)

// asker asks a listening server.
func (r *rig) asker() peertest.Asker {
	return peertest.Asker{URL: r.listening(), Path: "/stt/v1/health", Token: r.Token("hey_orac")}
}

// TestSlowAndManyConnections: a client that says nothing, or a byte at a time, is cut off, and however many there are, who has a
// token is served.
func TestSlowAndManyConnections(t *testing.T) {
	r := newRigWith(t, func(rb *runbook.Runbook) { rb.STTServers[0].MaxConnections = 10 })
	r.asker().BesideSlow(t, "POST /stt/v1/stream HTTP/1.1\r\nHost: x", "POST /stt/v1/stream HTTP/1.1\r\nHost: stt\r\nContent-Length: 100000\r\n\r\nxx")
}

// TestTenThousandConnections, one after the other faster than they are cut off: who has a token is served meanwhile.
func TestTenThousandConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("10 000 connections")
	}
	r := newRigWith(t, func(rb *runbook.Runbook) { rb.STTServers[0].MaxConnections = 64 })
	r.asker().BesideThousands(t)
}

// TestASlowBodyIsCutOff: a sound that never comes whole holds a connection only so long, and no room.
func TestASlowBodyIsCutOff(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	r.served().times.arrive = time.Second / 4
	r.Hosts.Use(r.Runbook)
	head := "POST /stt/v1/stream HTTP/1.1\r\nHost: stt\r\nAuthorization: Bearer " + r.Token("hey_orac") + "\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
	c := peertest.Raw(t, url, head+"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRIFF")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	r.Must(err)
	res.Body.Close()
	if res.StatusCode != 422 {
		t.Errorf("%d", res.StatusCode)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection stays")
	}
	r.heldNothing()
}

// TestAServerIsChangedAlone: another comes, moves and goes while a stream of the first goes on; a port is handed over.
func TestAServerIsChangedAlone(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	servers := r.Hosts
	l, code := dial(t, url, "/stt/v1/ws/stream", r.Token("hey_orac"))
	if code != 101 {
		t.Fatal(code)
	}
	r.Must(l.pcm(tone(1)))
	second := r.Runbook.STTServers[0]
	second.Address, second.Name, second.Listen = "stt_server.barn", "barn", peertest.Free(t)
	with := *r.Runbook
	with.STTServers = append([]runbook.STTServer{}, r.Runbook.STTServers[0], second)
	r.Must(servers.Check(&with))
	servers.Use(&with)
	if c := peertest.Raw(t, second.Listen, "GET /health/live HTTP/1.0\r\n\r\n"); !strings.Contains(peertest.ReadAll(c), "alive") {
		t.Error("the second one does not answer")
	}
	third := second
	third.Address, third.Name = "stt_server.attic", "attic"
	moved := with
	moved.STTServers = []runbook.STTServer{r.Runbook.STTServers[0], third}
	r.Must(servers.Check(&moved)) // the port is ours
	servers.Use(&moved)
	if c := peertest.Raw(t, third.Listen, "GET /health/live HTTP/1.0\r\n\r\n"); !strings.Contains(peertest.ReadAll(c), "alive") {
		t.Error("the port was not handed over")
	}
	if list := servers.Listeners(); len(list) != 2 || list[0].Why != "" || list[1].Why != "" {
		t.Errorf("%+v", list)
	}
	both := with
	both.STTServers = []runbook.STTServer{second, third}
	if err := servers.Check(&both); err == nil || !strings.Contains(err.Error(), "same port") {
		t.Errorf("two on one port: %v", err)
	}
	r.Must(l.text(`{"type":"end"}`))
	if m := l.answer(); m["type"] != "transcription" {
		t.Errorf("the stream of the first: %v", m)
	}
	// A port that another program has: it is said, in the check and in the health, and served once it is free.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	r.Must(err)
	other := *r.Runbook
	other.STTServers = []runbook.STTServer{r.Runbook.STTServers[0]}
	other.STTServers[0].Listen = taken.Addr().String()
	if err := servers.Check(&other); err == nil || !strings.HasPrefix(err.Error(), "stt_server.house.listen: ") {
		t.Errorf("%v", err)
	}
	servers.Use(&other)
	if list := servers.Listeners(); len(list) != 1 || list[0].Component != "stt_server.house.listen" || !strings.Contains(list[0].Why, "is not served") {
		t.Errorf("%+v", list)
	}
	taken.Close()
	none := *r.Runbook
	none.STTServers = nil
	servers.Use(&none)
	if list := servers.Listeners(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

// TestAHeartbeatDoesNotWaitForTheQueue: while every place is taken by an engine that answers nothing, heartbeats and health are
// answered, and what is too much is refused at once.
func TestAHeartbeatDoesNotWaitForTheQueue(t *testing.T) {
	r := newRig(t)
	queue := peertest.NewFull(4)
	r.engine.set(func() {
		r.engine.hear = func(ctx context.Context, _ sttrole.Hearing) (sttrole.Heard, error) {
			if !queue.Wait(ctx) {
				return sttrole.Heard{}, &sttrole.BusyError{RetryAfter: time.Second, Cause: "full"}
			}
			return sttrole.Heard{Text: "done"}, ctx.Err()
		}
	})
	body, kind := form("file", sound(1))
	r.asker().BesideFull(t, queue, peertest.Body{Path: "/stt/v1/stream", Type: kind, Text: body.String()},
		peertest.Body{Path: "/stt/v1/heartbeat", Type: "application/json", Text: goodBeat}, "done")
}
