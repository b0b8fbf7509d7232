package edge

import (
	"sync"

	"orac/web/auth"
)

// Shares divides a number of places (streams, reports, connections) among callers, so that no person and no group keeps others
// out. Nobody gets more places than are still free: however many greedy callers there are, each leaves as many as it takes.
// Some places are kept for admins, so that they can always get in to help. It is safe for concurrent use.
type Shares struct {
	mu     sync.Mutex // guards everything that follows
	n      int
	others int // places of callers who are not admins
	of     map[string]int
}

// Take gives somebody one of at most most places, if one is free. kept is how many are only for admins. The caller returns the
// place with leave.
func (s *Shares) Take(who auth.Identity, most, kept int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	free, own := most-s.n, s.of[who.Subject()]
	if who.Role != auth.Admin {
		free = min(free, max(1, most-kept)-s.others)
	}
	if free < 1 || own > 0 && own >= free {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.of[who.Subject()]++
	s.n++
	if who.Role != auth.Admin {
		s.others++
	}
	return true
}

// Leave returns the place of an identity.
func (s *Shares) Leave(who auth.Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n--
	if who.Role != auth.Admin {
		s.others--
	}
	if s.of[who.Subject()]--; s.of[who.Subject()] == 0 {
		delete(s.of, who.Subject())
	}
}

// Taken returns how many places are taken.
func (s *Shares) Taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}
