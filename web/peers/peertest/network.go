package peertest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
)

// Listening serves the rig's runbook over the network, and returns its address.
func (r *Rig) Listening(hosts *peers.Hosts, site func(context.Context, runbook.Address) edge.Site) (url string) {
	r.T.Helper()
	opened := make(chan string, 8)
	r.Hosts = hosts
	hosts.Opened = func(_ runbook.Address, url string) { opened <- url }
	hosts.Bounds = edge.Bounds{Head: time.Second / 4, Slow: time.Second / 4}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { hosts.Run(ctx, site, func() *runbook.Runbook { return r.Runbook }); close(ended) }()
	r.T.Cleanup(func() { cancel(); <-ended })
	select {
	case url = <-opened:
	case <-time.After(10 * time.Second):
		r.T.Fatal("it does not listen")
	}
	return strings.TrimSuffix(url, "/")
}

// Free is an address of this machine at which nobody listens.
func Free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Raw opens a connection and says something.
func Raw(t testing.TB, url, text string) net.Conn {
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

// ReadAll reads what is left of a connection.
func ReadAll(c net.Conn) string {
	b, _ := io.ReadAll(c)
	return string(b)
}

// Asker has a token, and asks for something that answers at once.
type Asker struct{ URL, Path, Token string }

// served asks until it is served, for as long as within.
func (a Asker) served(t testing.TB, within time.Duration, beside string) {
	t.Helper()
	req, err := http.NewRequest("GET", a.URL+a.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.Token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
		}
		if err == nil && res.StatusCode == 200 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("beside %s: %v, %v", beside, res, err)
		}
	}
}

// BesideSlow checks that it is served beside connections that say nothing, or texts that never come whole.
func (a Asker) BesideSlow(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range append([]string{""}, texts...) {
		for range 30 {
			Raw(t, a.URL, text)
		}
		a.served(t, 10*time.Second, "connections that say "+text)
	}
}

// BesideThousands checks that it is served beside 10 000 connections, one after the other faster than they are cut off.
func (a Asker) BesideThousands(t testing.TB) {
	t.Helper()
	const all, atOnce = 10_000, 200
	var opened sync.WaitGroup
	for range atOnce {
		opened.Go(func() {
			for range all / atOnce {
				if c, err := net.Dial("tcp", strings.TrimPrefix(a.URL, "http://")); err == nil {
					_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost:") // never whole
					c.Close()
				}
			}
		})
	}
	a.served(t, 20*time.Second, "thousands of connections")
	opened.Wait()
	a.served(t, 20*time.Second, "nothing")
}

// Body is what is sent.
type Body struct{ Path, Type, Text string }

// Post sends a body, and returns the status and the answer.
func (a Asker) Post(t testing.TB, b Body) (int, string) {
	t.Helper()
	req, err := http.NewRequest("POST", a.URL+b.Path, strings.NewReader(b.Text))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header.Set("Authorization", "Bearer "+a.Token)
	req.Header.Set("Content-Type", b.Type)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// Full is a queue whose places are taken until it is let go.
type Full struct {
	began, let chan struct{}
}

// NewFull makes a queue with so many places.
func NewFull(places int) *Full {
	return &Full{make(chan struct{}, places), make(chan struct{})}
}

// Wait takes a place until the queue is let go or ctx ends; false if there is none.
func (f *Full) Wait(ctx context.Context) bool {
	select {
	case f.began <- struct{}{}:
	default:
		return false
	}
	select {
	case <-f.let:
	case <-ctx.Done():
	}
	return true
}

// BesideFull checks that heartbeats are answered while work waits in every place, that more of it is refused at once, and that what
// waited is answered with done in the end.
func (a Asker) BesideFull(t testing.TB, f *Full, work, beat Body, done string) {
	t.Helper()
	var waiting sync.WaitGroup
	for range cap(f.began) {
		waiting.Go(func() {
			if code, text := a.Post(t, work); code != 200 || !strings.Contains(text, done) {
				t.Errorf("%d %s", code, text)
			}
		})
	}
	for range 1000 { // until all places are taken; the deadline of the test is the bound
		if len(f.began) == cap(f.began) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if code, text := a.Post(t, beat); code != 200 {
		t.Errorf("a heartbeat: %d %s", code, text)
	}
	code, text := a.Post(t, work)
	var p struct{ Code string }
	if err := json.Unmarshal([]byte(text), &p); err != nil || code != 503 || p.Code != "queue-full" {
		t.Errorf("one more: %d %s", code, text)
	}
	close(f.let)
	waiting.Wait()
}
