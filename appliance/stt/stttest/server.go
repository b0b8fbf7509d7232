// Package stttest is a speech-to-text server that speaks the observed protocol of ORAC STT, well or badly.
//
// It is written from the protocol, not from our client: it checks requests as the original does, and answers with the
// behaviour that it is told, for every request or in a script. It records everything that it received. As a separate
// process (Serve) it replaces an ORAC STT in chaos runs; Start gives tests one on loopback.
package stttest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a running server. Its methods may be called from anywhere.
type Server struct {
	http     *http.Server
	listener net.Listener
	ctx      context.Context // ends with the server
	cancel   context.CancelFunc
	stopped  chan struct{}

	mu          sync.Mutex              // guards the fields below
	admits      func(token string) bool // nil: everybody
	transcribe  func(n int, pcm []int16) string
	standing    map[Endpoint]Behaviour
	script      map[Endpoint][]Behaviour
	one         string // the utterance that a Behaviour with One is about; "" until there is one
	heard       []Heard
	changed     chan struct{} // closed and replaced when heard or finished change
	speeches    int
	connections int
}

// Serve starts a server at an address such as "127.0.0.1:0"; every endpoint behaves as b.
func Serve(address string, b Behaviour) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("stttest: %w", err)
	}
	s := &Server{
		listener: l,
		stopped:  make(chan struct{}),
		standing: map[Endpoint]Behaviour{HTTP: b, WS: b, Wyoming: b, Heartbeat: b, Health: b, Webhook: b, Speech: b},
		script:   map[Endpoint][]Behaviour{},
		changed:  make(chan struct{}),
		transcribe: func(n int, pcm []int16) string {
			return fmt.Sprintf("utterance %d of %.2f seconds", n, float64(len(pcm))/rate)
		},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return s.ctx }, ConnContext: s.keepConn}
	go func() {
		defer close(s.stopped)
		_ = s.http.Serve(l) // Close ends it
	}()
	return s, nil
}

// TB is what this package needs of a *testing.T, so that a program that serves does not link package testing.
type TB interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Cleanup(func())
	Context() context.Context
}

// Start serves on loopback until the test ends.
func Start(tb TB) *Server {
	tb.Helper()
	s, err := Serve("127.0.0.1:0", Behaviour{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// BlackHole is the base address of a host that accepts connections and never answers, until the test ends.
func BlackHole(tb TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // nothing accepts; the kernel completes connections by itself
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return "http://" + l.Addr().String()
}

// Close ends the server and every connection.
func (s *Server) Close() {
	s.cancel()
	_ = s.http.Close()
	<-s.stopped
}

// Address is the host and port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// URL is the base address.
func (s *Server) URL() string { return "http://" + s.Address() }

// Connections is how many connections were made so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Set changes how an endpoint behaves when no script is left for it.
func (s *Server) Set(e Endpoint, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.One && !s.standing[e].One { // otherwise it is about the same one
		s.one = ""
	}
	s.standing[e] = b
}

// aim turns a behaviour that is about one utterance into a good one for all others. wake is the time of the
// wake word.
func (x *exchange) aim(wake string) {
	if !x.One {
		return
	}
	s := x.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.one == "" {
		s.one = wake
	}
	if s.one != wake {
		x.Behaviour = Behaviour{}
	}
}

// Script sets the behaviours of an endpoint's next requests, after those already scripted.
func (s *Server) Script(e Endpoint, b ...Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[e] = append(s.script[e], b...)
}

// RequireToken answers 401 to requests without this bearer token; with an empty token all requests
// are accepted.
func (s *Server) RequireToken(token string) {
	if token == "" {
		s.Admit(nil)
		return
	}
	s.Admit(func(shown string) bool { return shown == token })
}

// Admit answers 401 to requests whose bearer token f does not accept, which is "" if there is none; with nil all requests are accepted.
func (s *Server) Admit(f func(token string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admits = f
}

// Transcribe sets what the server understands: n counts the utterances from 1.
func (s *Server) Transcribe(f func(n int, pcm []int16) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transcribe = f
}

func (s *Server) understand(pcm []int16) string {
	s.mu.Lock()
	s.speeches++
	n, f := s.speeches, s.transcribe
	s.mu.Unlock()
	return f(n, pcm)
}
