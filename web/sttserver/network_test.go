package sttserver

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/appliance/sttrole"
	"orac/runbook"
)

// raw opens a connection and says something.
func raw(t testing.TB, url, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, text) // a connection that is refused may be closed already
	return c
}

// TestSlowAndManyConnections: a client that says nothing, or a byte at a time, is cut off, and however many there are, who has a
// token is served.
func TestSlowAndManyConnections(t *testing.T) {
	r := newRigWith(t, func(rb *runbook.Runbook) { rb.STTServers[0].MaxConnections = 10 })
	url, _ := r.listening(t)
	for _, text := range []string{"", "POST /stt/v1/stream HTTP/1.1\r\nHost: x", "POST /stt/v1/stream HTTP/1.1\r\nHost: stt\r\nContent-Length: 100000\r\n\r\nxx"} {
		for range 30 {
			raw(t, url, text)
		}
		req, err := http.NewRequest("GET", url+"/stt/v1/health", nil)
		r.must(err)
		req.Header.Set("Authorization", "Bearer "+r.token("hey_orac"))
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			res, err := client.Do(req)
			if err == nil {
				res.Body.Close()
			}
			if err == nil && res.StatusCode == 200 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("beside connections that say %q: %v, %v", text, res, err)
			}
		}
	}
}

// TestASlowBodyIsCutOff: a sound that never comes whole holds a connection only so long, and no room.
func TestASlowBodyIsCutOff(t *testing.T) {
	r := newRig(t)
	url, _ := r.listening(t)
	r.served().times.arrive = time.Second / 4
	r.servers.Use(r.rb)
	head := "POST /stt/v1/stream HTTP/1.1\r\nHost: stt\r\nAuthorization: Bearer " + r.token("hey_orac") + "\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n"
	c := raw(t, url, head+"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRIFF")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	r.must(err)
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
	url, servers := r.listening(t)
	l, code := dial(t, url, "/stt/v1/ws/stream", r.token("hey_orac"))
	if code != 101 {
		t.Fatal(code)
	}
	r.must(l.pcm(tone(1)))
	second := r.rb.STTServers[0]
	second.Address, second.Name, second.Listen = "stt_server.barn", "barn", free(t)
	with := *r.rb
	with.STTServers = append([]runbook.STTServer{}, r.rb.STTServers[0], second)
	r.must(servers.Check(&with))
	servers.Use(&with)
	if c := raw(t, second.Listen, "GET /health/live HTTP/1.0\r\n\r\n"); !strings.Contains(readAll(c), "alive") {
		t.Error("the second one does not answer")
	}
	third := second
	third.Address, third.Name = "stt_server.attic", "attic"
	moved := with
	moved.STTServers = []runbook.STTServer{r.rb.STTServers[0], third}
	r.must(servers.Check(&moved)) // the port is ours
	servers.Use(&moved)
	if c := raw(t, third.Listen, "GET /health/live HTTP/1.0\r\n\r\n"); !strings.Contains(readAll(c), "alive") {
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
	r.must(l.text(`{"type":"end"}`))
	if m := l.answer(); m["type"] != "transcription" {
		t.Errorf("the stream of the first: %v", m)
	}
	// A port that another program has: it is said, in the check and in the health, and served once it is free.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	other := *r.rb
	other.STTServers = []runbook.STTServer{r.rb.STTServers[0]}
	other.STTServers[0].Listen = taken.Addr().String()
	if err := servers.Check(&other); err == nil || !strings.HasPrefix(err.Error(), "stt_server.house.listen: ") {
		t.Errorf("%v", err)
	}
	servers.Use(&other)
	if list := servers.Listeners(); len(list) != 1 || list[0].Component != "stt_server.house.listen" || !strings.Contains(list[0].Why, "is not served") {
		t.Errorf("%+v", list)
	}
	taken.Close()
	none := *r.rb
	none.STTServers = nil
	servers.Use(&none)
	if list := servers.Listeners(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func readAll(c net.Conn) string {
	b, _ := io.ReadAll(c)
	return string(b)
}

// TestAHeartbeatDoesNotWaitForTheQueue: while every place is taken by an engine that answers nothing, heartbeats and health are
// answered, and what is too much is refused at once.
func TestAHeartbeatDoesNotWaitForTheQueue(t *testing.T) {
	r := newRig(t)
	url, _ := r.listening(t)
	const places = 4
	let, began := make(chan struct{}), make(chan struct{}, places)
	r.engine.set(func() {
		r.engine.hear = func(ctx context.Context, _ sttrole.Hearing) (sttrole.Heard, error) {
			select {
			case began <- struct{}{}:
			default:
				return sttrole.Heard{}, &sttrole.BusyError{RetryAfter: time.Second, Cause: "full"}
			}
			select {
			case <-let:
			case <-ctx.Done():
			}
			return sttrole.Heard{Text: "done"}, ctx.Err()
		}
	})
	token := r.token("hey_orac")
	post := func(path, kind string, body io.Reader) (int, string) {
		req, err := http.NewRequest("POST", url+path, body)
		r.must(err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", kind)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	var waiting sync.WaitGroup
	for range places {
		waiting.Go(func() {
			body, kind := form("file", sound(1))
			if code, text := post("/stt/v1/stream", kind, body); code != 200 || !strings.Contains(text, "done") {
				t.Errorf("%d %s", code, text)
			}
		})
	}
	for range 1000 { // until all places are taken; the deadline of the test is the bound
		if len(began) == places {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if code, text := post("/stt/v1/heartbeat", "application/json", strings.NewReader(goodBeat)); code != 200 {
		t.Errorf("a heartbeat: %d %s", code, text)
	}
	body, kind := form("file", sound(1))
	code, text := post("/stt/v1/stream", kind, body)
	var p struct{ Code string }
	if err := json.Unmarshal([]byte(text), &p); err != nil || code != 503 || p.Code != "queue-full" {
		t.Errorf("one more: %d %s", code, text)
	}
	close(let)
	waiting.Wait()
}
