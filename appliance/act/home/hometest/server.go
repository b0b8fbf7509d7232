// Package hometest is a Home Assistant that speaks its REST and WebSocket interfaces, well or badly.
//
// It is written from the interface, not from our client: it knows areas, floors, devices, entities and their states, changes states as
// services are called, and tells every change to who has subscribed. It answers with the behaviour that it is told, for every request or
// in a script, and records what it was asked. Start gives tests one on loopback; Serve runs one at an address.
package hometest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/appliance/unruly"
)

// Token is the long-lived token that the server accepts.
const Token = "eyJhbGciOi.hush.llat"

// Version is what the server says it is.
const Version = "2026.10.2"

// Server is a running server. Its methods may be called from anywhere.
type Server struct {
	unruly.Manner[Endpoint, Behaviour] // how it behaves, and how much it was asked: requests, and messages on WebSockets
	socket                             *unruly.Socket

	mu      sync.Mutex // guards everything that follows
	home    House
	token   string
	calls   []Call
	changed chan struct{} // closed and replaced when calls or peers change
	peers   map[*peer]bool
	limited bool // the token is not that of an administrator
	context int
}

// Call is a service call, or a text for the conversation.
type Call struct {
	Service string // "light.turn_on", "conversation.process"
	Targets []string
	Data    map[string]any
	Trace   string // X-Request-ID
	Did     bool   // it was acted on
	At      time.Time
	Parent  string // traceparent
}

// Serve starts a server at an address such as "127.0.0.1:0", with a home.
func Serve(address string, h House) (*Server, error) {
	s := &Server{home: h.clone(), token: Token, changed: make(chan struct{}), peers: map[*peer]bool{}, socket: unruly.Serve(address)}
	return s, s.Up()
}

// Start serves a home on loopback until the test ends.
func Start(tb unruly.TB, h House) *Server {
	tb.Helper()
	s, err := Serve("127.0.0.1:0", h)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Down)
	return s
}

// Up listens, after Down again at the same address.
func (s *Server) Up() error { return s.socket.Up(s.handler()) }

// Down ends the server and every connection, as a kill does. States stay.
func (s *Server) Down() {
	s.mu.Lock()
	peers := s.peers
	s.peers = map[*peer]bool{}
	s.mu.Unlock()
	s.socket.Down(func() {
		for p := range peers {
			_ = p.conn.CloseNow()
		}
	})
}

// Leave ends every WebSocket, as Home Assistant does when a token is revoked. It goes on listening.
func (s *Server) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.peers {
		go p.conn.CloseNow() // it waits for who writes
	}
}

// URL is the base address.
func (s *Server) URL() string { return s.socket.URL() }

// RequireToken changes the token that is accepted.
func (s *Server) RequireToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// Limit makes the token that of a user who is no administrator: some commands are refused.
func (s *Server) Limit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited = true
}

// Calls are the service calls and conversations so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Await waits until done says so of the calls so far and of the number of subscribed WebSockets.
func (s *Server) Await(ctx context.Context, done func(calls []Call, subscribed int) bool) error {
	for {
		s.mu.Lock()
		subscribed := 0
		for p := range s.peers {
			if len(p.subscribed) > 0 {
				subscribed++
			}
		}
		ok, changed := done(s.calls, subscribed), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell wakes who waits. The lock is held.
func (s *Server) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/{$}", s.guarded(func(w http.ResponseWriter, _ *http.Request, _ Behaviour) {
		unruly.Answer(w, map[string]string{"message": "API running."})
	}))
	mux.HandleFunc("GET /api/config", s.guarded(func(w http.ResponseWriter, _ *http.Request, _ Behaviour) { unruly.Answer(w, s.config()) }))
	mux.HandleFunc("GET /api/states", s.guarded(func(w http.ResponseWriter, _ *http.Request, _ Behaviour) { unruly.Answer(w, s.States()) }))
	mux.HandleFunc("GET /api/states/{id}", s.guarded(func(w http.ResponseWriter, r *http.Request, b Behaviour) {
		state, ok := s.State(r.PathValue("id"))
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			unruly.Answer(w, map[string]string{"message": "Entity not found."})
			return
		}
		unruly.Answer(w, state)
	}))
	mux.HandleFunc("POST /api/services/{domain}/{service}", s.guarded(s.service))
	mux.HandleFunc("POST /api/conversation/process", s.guarded(s.conversation))
	mux.HandleFunc("GET /api/websocket", s.websocket)
	return mux
}

// guarded checks the token and misbehaves as it is told.
func (s *Server) guarded(f func(http.ResponseWriter, *http.Request, Behaviour)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b := s.Next(endpoint(r.URL.Path))
		if s.misbehave(w, r, b) {
			return
		}
		s.mu.Lock()
		token := s.token
		s.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, "401: Unauthorized", http.StatusUnauthorized)
			return
		}
		f(w, r, b)
	}
}

// body reads the JSON of a request.
func body(r *http.Request) (map[string]any, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || strings.TrimSpace(string(text)) == "" {
		return map[string]any{}, err
	}
	var m map[string]any
	return m, json.Unmarshal(text, &m)
}
