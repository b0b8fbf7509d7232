package api

import (
	"sync"

	"orac/web/auth"
)

// shares divides a number of places, of streams, reports or connections, among those who ask, so that nobody and no group keeps
// the others out: who has as many as are still free gets no more, so that of any number of greedy ones each leaves as much as it
// takes; and a part is kept for admins, so that whoever can mend something gets in. It may be used by many at once.
type shares struct {
	mu     sync.Mutex // guards everything that follows
	n      int
	others int // of those that are no admin's
	of     map[string]int
}

// take gives one of most places to somebody, if there is one to give. kept are those for admins. Who has it gives it back by leave.
func (s *shares) take(who auth.Identity, most, kept int) bool {
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

// leave gives back what take has given, to the identity that it was given to.
func (s *shares) leave(who auth.Identity) {
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

// taken is how many places are taken.
func (s *shares) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}
