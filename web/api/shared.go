package api

import (
	"encoding/json"
	"sync"
	"time"
)

// moment is the maximum age of a shared answer. It is shorter than the interval at which the monitor
// looks.
const moment = 100 * time.Millisecond

// shared is a route's answer to everybody who asks within a moment. However many they are, the appliance is asked once, and
// the JSON is written once.
type shared struct {
	mu     sync.Mutex // guards everything that follows
	made   time.Time
	text   text
	making chan struct{} // closed when the answer that is being made is there; nil: none is
	forgot int           // how often the answer was forgotten
}

// text is an answer that is already JSON, with a line end. It is shared and never changed.
type text []byte

// get returns the answer of this moment.
func (s *shared) get(now time.Time, ask func() (any, error)) (made text, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.making != nil { // it ends with the request of the one who asks
		making := s.making
		s.mu.Unlock()
		<-making
		s.mu.Lock()
	}
	if age := now.Sub(s.made); s.text != nil && age >= 0 && age < moment {
		return s.text, nil
	}
	s.text = nil // after an error there is no answer, whatever was there before
	s.making = make(chan struct{})
	forgot := s.forgot
	s.mu.Unlock()
	defer func() { // also after a panic
		s.mu.Lock()
		close(s.making)
		if s.making = nil; forgot == s.forgot {
			s.made, s.text = now, made
		}
	}()
	out, err := ask()
	if err != nil {
		return nil, err
	}
	if made, err = json.Marshal(out); err != nil {
		return nil, err
	}
	return append(made, '\n'), nil
}

// forget makes the next call ask again.
func (s *shared) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = nil
	s.forgot++
}

// changed is called after a change, so that its author sees it from now on.
func (s *Server) changed() {
	for _, r := range s.routes {
		if r.Shared {
			r.shared.forget()
		}
	}
}
