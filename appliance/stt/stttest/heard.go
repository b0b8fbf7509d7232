package stttest

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Heard is what the server received in one request, in the order in which requests began.
type Heard struct {
	Endpoint   Endpoint
	Behaviour  Behaviour
	Topic      string
	Header     http.Header
	Query      url.Values
	Body       []byte // of a heartbeat or webhook; the config message of a WebSocket
	PCM        []int16
	Frames     int       // binary messages
	Messages   []string  // other text messages of a WebSocket
	Began      time.Time // when the request arrived
	FirstSound time.Time
	Whole      bool      // all of the sound arrived
	Text       string    // what was understood
	ID         string    // of the utterance, as Idempotency-Key or utterance_id; the original ignores both
	Acted      time.Time // when what was understood was forwarded to ORAC Core; the original does so even if the client has gone
	Answered   bool      // a good answer was sent
	AnsweredAt time.Time
	Complaint  string // what was wrong with the request
	Over       bool   // the request has ended
}

// Heard is everything that was received so far.
func (s *Server) Heard() []Heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// Await waits until cond holds for what was heard, and returns it.
func (s *Server) Await(tb TB, cond func([]Heard) bool) []Heard {
	tb.Helper()
	for {
		s.mu.Lock()
		heard, changed := slices.Clone(s.heard), s.changed
		s.mu.Unlock()
		if cond(heard) {
			return heard
		}
		select {
		case <-changed:
		case <-tb.Context().Done():
			tb.Fatalf("the server never heard what was awaited; it heard %d requests", len(heard))
		}
	}
}

// exchange is a request under way.
type exchange struct {
	server   *Server
	index    int
	scripted bool // it keeps the behaviour that it began with
	Behaviour
}

func (s *Server) begin(e Endpoint, r *http.Request) exchange {
	return s.begins(e, Heard{Topic: r.PathValue("topic"), Header: r.Header.Clone(), Query: r.URL.Query(), ID: r.Header.Get("Idempotency-Key")})
}

// begins records a request to an endpoint.
func (s *Server) begins(e Endpoint, h Heard) exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := exchange{server: s, index: len(s.heard), Behaviour: s.standing[e]}
	if q := s.script[e]; len(q) > 0 {
		x.Behaviour, x.scripted, s.script[e] = q[0], true, q[1:]
	}
	h.Endpoint, h.Behaviour, h.Began = e, x.Behaviour, time.Now()
	s.heard = append(s.heard, h)
	s.tell()
	return x
}

// ends has a stream answered as the server behaves when its sound is complete: what befalls a server befalls what is under way there.
// What refuses a request comes too late for it.
func (x *exchange) ends(wake string) {
	s := x.server
	s.mu.Lock()
	b := s.standing[WS]
	s.mu.Unlock()
	if x.scripted || b.Do == Status || b.Do == Redirect || b.Do == NoStream {
		return
	}
	x.Behaviour = b
	x.aim(wake)
	x.note(func(h *Heard) { h.Behaviour = x.Behaviour })
}

// note changes the record of the request.
func (x exchange) note(f func(*Heard)) {
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	f(&x.server.heard[x.index])
	x.server.tell()
}

// sound records audio that arrived.
func (x exchange) sound(pcm []int16, frames int) {
	x.note(func(h *Heard) {
		if h.FirstSound.IsZero() {
			h.FirstSound = time.Now()
		}
		h.PCM = append(slices.Clip(h.PCM), pcm...)
		h.Frames += frames
	})
}

// forward makes ORAC Core act on what was understood, as the original does before it answers, even if the client has gone.
func (x exchange) forward(wanted bool) {
	switch x.Do {
	case EmptyText, Unreadable, EngineText, EngineFails, EngineError, Never:
		return
	}
	if wanted {
		x.note(func(h *Heard) { h.Acted = time.Now() })
	}
}

// answered notes that a good answer was sent.
func (x exchange) answered() {
	x.note(func(h *Heard) { h.Answered, h.AnsweredAt = true, time.Now() })
}

// gate holds the answer back; false if the server was closed meanwhile.
func (x exchange) gate() bool {
	if x.Wait > 0 {
		timer := time.NewTimer(x.Wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-x.server.ctx.Done():
			return false
		}
	}
	if x.Gate == nil {
		return true
	}
	select {
	case <-x.Gate:
		return true
	case <-x.server.ctx.Done():
		return false
	}
}

// tell wakes everyone who awaits a change. The caller holds mu.
func (s *Server) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}
