// Package unruly is what the stand-ins for other programs' HTTP servers have in common: a socket that comes and goes, scripts of
// behaviour, and the ways to spoil an answer. A stand-in says what its program answers; this says how it can go wrong.
package unruly

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// TB is what stand-ins need of a *testing.T, so that a program that serves one does not link package testing.
type TB interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
}

// Socket is a server at an address. Its methods may be called from anywhere.
type Socket struct {
	mu      sync.Mutex // guards everything that follows
	address string
	http    *http.Server
	stopped chan struct{}
}

// Serve makes a socket at an address such as "127.0.0.1:0", which does not listen yet.
func Serve(address string) *Socket { return &Socket{address: address} }

// Up listens, after Down again at the same address. The contexts of requests end with Down.
func (s *Socket) Up(handler http.Handler) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("a stand-in cannot listen: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	server.RegisterOnShutdown(cancel)
	stopped := make(chan struct{})
	s.address, s.http, s.stopped = l.Addr().String(), server, stopped
	go func() {
		defer close(stopped)
		defer cancel()
		_ = server.Serve(l) // Down ends it
	}()
	return nil
}

// Down ends the server and its connections, as a kill does; between is called before it has stopped, for connections that were taken
// over. It does nothing if it is down.
func (s *Socket) Down(between func()) {
	s.mu.Lock()
	server, stopped := s.http, s.stopped
	s.http = nil
	s.mu.Unlock()
	if server == nil {
		return
	}
	_ = server.Close()
	if between != nil {
		between()
	}
	<-stopped
}

// URL is the base address.
func (s *Socket) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "http://" + s.address
}

// Manner is how a server behaves, by endpoint: the next requests in turn, and then every one as is standing. The zero value is the
// zero behaviour for all. It also counts, and wakes who waits for requests.
type Manner[K comparable, B any] struct {
	mu       sync.Mutex // guards everything that follows
	standing map[K]B
	next     map[K][]B
	asked    int
	changed  chan struct{} // closed and replaced when a request comes; nil until somebody waits
}

// Set changes how an endpoint behaves when no script is left for it.
func (s *Manner[K, B]) Set(e K, b B) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.standing == nil {
		s.standing = map[K]B{}
	}
	s.standing[e] = b
}

// Script sets the behaviours of an endpoint's next requests, after those already scripted.
func (s *Manner[K, B]) Script(e K, b ...B) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = map[K][]B{}
	}
	s.next[e] = append(s.next[e], b...)
}

// Next is how the request that has come is answered.
func (s *Manner[K, B]) Next(e K) B {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	if q := s.next[e]; len(q) > 0 {
		s.next[e] = q[1:]
		return q[0]
	}
	return s.standing[e]
}

// Asked is how many requests came.
func (s *Manner[K, B]) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// AwaitAsked waits until so many requests came, or ctx ends.
func (s *Manner[K, B]) AwaitAsked(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		enough, changed := s.asked >= n, s.changed
		s.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Wait returns false if the request ended first.
func Wait(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// Answer writes a value as JSON.
func Answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whether it arrives is the client's concern
}

// Cut sends the first half of an answer in JSON, and resets the connection.
func Cut(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	_, _ = w.Write(text[:len(text)/2])
	_ = http.NewResponseController(w).Flush()
	Reset(w)
}

// Reset ends a connection so that the other side sees a reset.
func Reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Huge writes 1 GB: a beginning, and then the same piece again and again, as far as the other side takes it.
func Huge(w http.ResponseWriter, r *http.Request, begin, piece string) {
	_, _ = io.WriteString(w, begin)
	for sent := 0; sent < 1<<30 && r.Context().Err() == nil; sent += len(piece) {
		if _, err := io.WriteString(w, piece); err != nil {
			return
		}
	}
}
