package sttserver

import (
	"bufio"
	"context"
	"net/http"
	"testing"
	"time"

	"orac/appliance/sttrole"
	"orac/web/peers/peertest"
)

// asker asks a listening server.
func (r *rig) asker() peertest.Asker {
	return peertest.Asker{URL: r.listening(), Path: "/stt/v1/health", Token: r.Token("hey_orac")}
}

// TestASlowBodyIsCutOff: a sound that never comes whole holds a connection only so long, and no room.
func TestASlowBodyIsCutOff(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	r.served().Arrive = time.Second / 4
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
