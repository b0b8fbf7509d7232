package api

import (
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/logbook"
	"orac/appliance/status"
	"orac/runbook"
	"orac/web/auth"
)

// roomy is a rig whose limits nobody meets, with an appliance of a usual size and the log of the appliance.
func roomy(b *testing.B) *rig {
	r := newRigWith(b, func(rb *runbook.Runbook) {
		l := &rb.Web.Limits
		l.Viewer, l.Admin, l.PerAddress, l.MaxConnections = 1<<30, 1<<30, 1<<30, 1000
	})
	for n := range 12 {
		name := fmt.Sprintf("node.kitchen_%d", n)
		r.app.Nodes = append(r.app.Nodes, status.Node{Address: name, Kind: "ring", State: "running", Since: time.Now(), Generation: 1, Rate: 12.5, Taken: 123456, Feeds: []string{"node.next", "node.other"}})
		r.app.Health.Components = append(r.app.Health.Components, health.Component{Name: name, Level: health.Healthy, Since: time.Now()})
	}
	r.server.o.Log = logbook.New(logbook.Options{}).Logger().With("part", "web")
	r.server.gate.Log = r.server.o.Log
	return r
}

// nowhere takes an answer and drops it.
type nowhere struct {
	h      http.Header
	status int
}

func (p *nowhere) Header() http.Header         { return p.h }
func (p *nowhere) WriteHeader(status int)      { p.status = status }
func (p *nowhere) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkStatus is what a request of /api/status costs beyond HTTP: from the request that was read to the answer that is to
// be written, and its line in the log.
func BenchmarkStatus(b *testing.B) {
	r := roomy(b)
	req := r.request(auth.Viewer, "GET", "/api/status", nil)
	req.Body = http.NoBody
	b.ReportAllocs()
	for b.Loop() {
		w := &nowhere{h: http.Header{}}
		if r.server.ServeHTTP(w, req); w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

// BenchmarkHop is what a hop of 80 ms costs with 100 streams that get its level and its score: each is read over loopback.
func BenchmarkHop(b *testing.B) {
	for name, path := range map[string]string{"streams": "/api/events", "sockets": "/api/ws"} {
		b.Run(name, func(b *testing.B) {
			r := roomy(b)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := &http.Server{Handler: r.server}
			go func() { _ = server.Serve(l) }() // ends with it
			defer server.Close()
			const streams = 100
			read := make(chan int, 1<<16)
			for range streams {
				conn, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				defer conn.Close()
				head := ""
				if path == "/api/ws" {
					head = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
				}
				fmt.Fprintf(conn, "GET %s?kinds=level,score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n", path, r.tokens[auth.Viewer], head)
				go func() { // ends with the connection
					buf := make([]byte, 16<<10)
					for {
						n, err := conn.Read(buf)
						if err != nil {
							return
						}
						for i := range n - 7 {
							if string(buf[i:i+7]) == `"kind":` {
								read <- 1
							}
						}
					}
				}()
			}
			for open(r.server.o.Events) < streams {
				time.Sleep(time.Millisecond)
			}
			hop := func() {
				at := time.Now()
				r.server.o.Events.Publish(
					event.Event{At: at, Node: "source.usb", Body: event.Level{Device: "usb", RMS: 123.4, Peak: 2345}},
					event.Event{At: at, Node: "head.hey_jarvis", Body: event.Score{Device: "usb", Model: "hey_jarvis", Score: 0.0123}})
				for range 2 * streams {
					select {
					case <-read:
					case <-time.After(10 * time.Second):
						b.Fatal("an event has not come")
					}
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				hop()
			}
		})
	}
}

func open(h *Hub) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}
