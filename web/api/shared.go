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
	mu   sync.Mutex // guards everything that follows, and is held while an answer is made: other callers wait for that answer
	made time.Time
	text text
}

// text is an answer that is already JSON, with a line end. It is shared and never changed.
type text []byte

// get returns the answer of this moment.
func (s *shared) get(now time.Time, ask func() (any, error)) (text, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.made); s.text != nil && age >= 0 && age < moment {
		return s.text, nil
	}
	s.text = nil // after an error there is no answer, whatever was there before
	out, err := ask()
	if err != nil {
		return nil, err
	}
	made, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	s.made, s.text = now, append(made, '\n')
	return s.text, nil
}

// forget makes the next call ask again.
func (s *shared) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = nil
}

// changed is called after a change, so that its author sees it from now on.
func (s *Server) changed() {
	for _, r := range s.routes {
		if r.Shared {
			r.shared.forget()
		}
	}
}
