package control

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/appliance/status"
)

// stranger marks every connection as one of another user.
type stranger struct{ net.Listener }

func (s stranger) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if p, ok := c.(*peer); ok {
		p.refused, p.code = "this appliance belongs to another user", http.StatusForbidden
	}
	return c, err
}

// serveFor serves a model on a listener until the test ends.
func serveFor(t *testing.T, l net.Listener, m *model) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, m, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// exchange sends text and reads until the other end closes.
func exchange(t *testing.T, dir, text string) string {
	t.Helper()
	c := connect(t, dir)
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil && len(answer) == 0 {
		t.Fatal(err)
	}
	return string(answer)
}

// TestSlowReaderIsDropped: a client that never reads ends its own log and nothing else.
func TestSlowReaderIsDropped(t *testing.T) {
	dropped := make(chan error, 1)
	m := &model{status: healthy(), logs: func(ctx context.Context, _ uint64, _ bool, line func(status.LogLine) error) error {
		for ctx.Err() == nil {
			if err := line(status.LogLine{Message: strings.Repeat("x", 10_000)}); err != nil {
				dropped <- err
				return err
			}
		}
		dropped <- ctx.Err()
		return ctx.Err()
	}}
	dir := start(t, m, 50*time.Millisecond)
	c := connect(t, dir)
	if _, err := io.WriteString(c, "GET /v1/logs?follow=true HTTP/1.1\r\nHost: orac\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-dropped:
		if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
			t.Errorf("it ended with %v, not with the deadline", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the daemon is stuck with a client that does not read")
	}
	if _, err := NewClient(dir).Status(t.Context()); err != nil {
		t.Errorf("others are not served: %v", err)
	}
}

// TestApplyOutlivesItsClient: a client that does not read, or goes, neither blocks an apply nor ends it.
func TestApplyOutlivesItsClient(t *testing.T) {
	for _, goes := range []bool{false, true} {
		began, gone, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		m := &model{apply: func(ctx context.Context, _ status.ApplyRequest, progress func(string)) (status.Applied, error) {
			close(began)
			<-gone
			for range 20_000 {
				progress(strings.Repeat("x", 1000))
			}
			done <- ctx.Err()
			return status.Applied{OK: true}, nil
		}}
		dir := start(t, m, 50*time.Millisecond)
		c := connect(t, dir)
		body := `{"file":"/f","hash":"x"}`
		if _, err := io.WriteString(c, "POST /v1/apply HTTP/1.1\r\nHost: orac\r\nContent-Length: 24\r\n\r\n"+body); err != nil {
			t.Fatal(err)
		}
		<-began
		if goes {
			c.Close()
		}
		close(gone)
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("client goes %v: the apply was ended: %v", goes, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("client goes %v: the apply is stuck", goes)
		}
	}
}

// TestTooManyClients: 32 are served, the next are told, those beyond are closed; all goes on when they leave.
func TestTooManyClients(t *testing.T) {
	following := make(chan struct{}, maxConns)
	m := &model{status: healthy(), logs: func(ctx context.Context, _ uint64, _ bool, _ func(status.LogLine) error) error {
		following <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}
	dir := start(t, m, time.Second)
	var followers []net.Conn
	for range maxConns {
		c := connect(t, dir)
		if _, err := io.WriteString(c, "GET /v1/logs?follow=1 HTTP/1.1\r\nHost: orac\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		followers = append(followers, c)
		<-following
	}
	_, err := NewClient(dir).Health(t.Context())
	if err == nil || !strings.Contains(err.Error(), "too many clients") {
		t.Errorf("client %d: %v", maxConns+1, err)
	}
	var silent []net.Conn
	for range maxRefusals {
		silent = append(silent, connect(t, dir))
	}
	beyond := connect(t, dir)
	if err := beyond.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := beyond.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a client beyond all bounds reads %d bytes, %v", n, err)
	}
	for _, c := range append(followers, silent...) {
		c.Close()
	}
	until := time.Now().Add(5 * time.Second)
	for {
		if _, err = NewClient(dir).Status(t.Context()); err == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("nobody is served after they have left: %v", err)
		}
	}
}

// TestBadRequests are refused with a code and words, and the daemon is not asked.
func TestBadRequests(t *testing.T) {
	m := &model{
		status: healthy(),
		plan:   func(status.PlanRequest) (status.Plan, error) { return status.Plan{}, nil },
	}
	dir := start(t, m, time.Second)
	post := func(path, body string) string {
		return exchange(t, dir, "POST "+path+" HTTP/1.0\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	}
	get := func(path string) string { return exchange(t, dir, "GET "+path+" HTTP/1.0\r\n\r\n") }
	for _, c := range []struct{ name, answer, code, words string }{
		{"large body", post("/v1/plan", `{"file":"`+strings.Repeat("x", maxBody)+`"}`), "413", "more than 1048576 bytes"},
		{"no JSON", post("/v1/plan", "hello"), "400", "not the expected JSON"},
		{"two values", post("/v1/plan", `{"file":"/f"}{}`), "400", "something follows"},
		{"unknown field", post("/v1/plan", `{"file":"/f","force":true}`), "400", "force"},
		{"relative file", post("/v1/plan", `{"file":"orac.hcl"}`), "400", "absolute"},
		{"no hash", post("/v1/apply", `{"file":"/f"}`), "400", "hash"},
		{"negative timeout", post("/v1/apply", `{"file":"/f","hash":"x","timeout_ns":-1}`), "400", "negative"},
		{"negative generation", post("/v1/rollback", `{"generation":-1}`), "400", "numbered from 1"},
		{"limit", get("/v1/incidents?limit=0"), "400", "1 to 1000"},
		{"after", get("/v1/logs?after=-1"), "400", "number of a line"},
		{"follow", get("/v1/logs?follow=perhaps"), "400", "true or false"},
		{"unknown route", get("/v2/status"), "404", "there is no GET"},
		{"wrong method", get("/v1/plan"), "404", "there is no GET"},
		{"large header", get("/v1/status HTTP/1.0\r\nX: " + strings.Repeat("x", 2*maxHeader)), "431", ""},
	} {
		if !strings.HasPrefix(c.answer, "HTTP/1.0 "+c.code) && !strings.HasPrefix(c.answer, "HTTP/1.1 "+c.code) || !strings.Contains(c.answer, c.words) {
			t.Errorf("%s: %.300q, want %s %q", c.name, c.answer, c.code, c.words)
		}
	}
	if n := m.planned.Load(); n != 0 {
		t.Errorf("the daemon was asked for %d plans", n)
	}
}

// TestManyPlans: a loop of plans leaves nothing behind.
func TestManyPlans(t *testing.T) {
	m := &model{plan: func(status.PlanRequest) (status.Plan, error) { return status.Plan{Hash: "x"}, nil }}
	c := NewClient(start(t, m, time.Second))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 125 {
				if _, err := c.Plan(t.Context(), status.PlanRequest{File: "/f"}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if n := m.planned.Load(); n != 1000 {
		t.Errorf("%d plans were made", n)
	}
}

// TestPanicOfTheDaemonIsContained: the client is told that there was no result, and others are served.
func TestPanicOfTheDaemonIsContained(t *testing.T) {
	m := &model{status: healthy(), rollback: func(int, func(string)) (status.Applied, error) { panic("BUG: for the test") }}
	c := NewClient(start(t, m, time.Second))
	if _, err := c.Rollback(t.Context(), 0, func(string) {}); err == nil {
		t.Error("a rollback that panics has a result")
	}
	if _, err := c.Status(t.Context()); err != nil {
		t.Error(err)
	}
}

// FuzzRequests: whatever a client posts, the daemon is asked for an absolute file, or not at all.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{`{"file":"/f"}`, `{"file":"/f","vars":{"a":"b"},"hash":"x","timeout_ns":5}`, `{"file":"../f"}`, `{"vars":null}`, `[`, ``, `{"file":"/f","vars":{"a":1}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		m := &model{plan: func(r status.PlanRequest) (status.Plan, error) {
			if !strings.HasPrefix(r.File, "/") {
				t.Errorf("the daemon is asked for %q", r.File)
			}
			return status.Plan{}, nil
		}}
		w := httptest.NewRecorder()
		Handler(t.Context(), m).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/plan", strings.NewReader(body)))
		if asked := m.planned.Load() == 1; asked != (w.Code == http.StatusOK) || w.Code >= 500 {
			t.Errorf("%d for %q, asked: %v", w.Code, body, asked)
		}
	})
}
