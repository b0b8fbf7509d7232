package chaos

import (
	"sync"

	"orac/appliance/stt/stttest"
)

// STT is a speech-to-text server at an address that stays the same while it goes away and comes back. Its methods may be called
// from anywhere.
type STT struct {
	address string

	mu     sync.Mutex // guards what follows
	server *stttest.Server
	before []stttest.Heard // by servers that were closed
}

// ServeSTT starts one on a free port of loopback.
func ServeSTT() (*STT, error) {
	s := &STT{address: "127.0.0.1:0"}
	return s, s.Open()
}

// URL is its base address.
func (s *STT) URL() string { return "http://" + s.address }

// Open starts it, again.
func (s *STT) Open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		return nil
	}
	server, err := stttest.Serve(s.address, stttest.Behaviour{})
	if err != nil {
		return err
	}
	s.server, s.address = server, server.Address()
	return nil
}

// Close ends it and every connection.
func (s *STT) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		s.server.Close()
		s.before = append(s.before, s.server.Heard()...)
		s.server = nil
	}
	return nil
}

// Script gives the behaviours of an endpoint's next requests.
func (s *STT) Script(e stttest.Endpoint, b ...stttest.Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		s.server.Script(e, b...)
	}
}

// Heard is all that it received so far.
func (s *STT) Heard() []stttest.Heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append([]stttest.Heard(nil), s.before...)
	if s.server != nil {
		all = append(all, s.server.Heard()...)
	}
	return all
}

// Answered are the utterances that it answered well, in the order of their requests.
func (s *STT) Answered() (list []stttest.Heard) {
	for _, h := range s.Heard() {
		if (h.Endpoint == stttest.WS || h.Endpoint == stttest.HTTP) && h.Whole && h.Answered {
			list = append(list, h)
		}
	}
	return list
}
