// Package crowd bounds the connections of a server that speaks to anybody: their number, in all and for each address. At the limit a new
// one takes the place of the one that has been idle longest, so that nobody can keep others out by holding connections.
package crowd

import (
	"sync"
	"time"
)

// Member is a connection.
type Member interface {
	comparable
	// Network is what counts as one address.
	Network() string
	// Idle is how long nothing has happened; 0: its place is not free.
	Idle(now time.Time) time.Duration
	// Close ends the connection. It never waits.
	Close()
}

// Crowd is the connections of a service. The zero value is empty.
type Crowd[M Member] struct {
	mu    sync.Mutex // guards everything that follows
	open  map[M]struct{}
	ended bool
}

// SpareAfter is how long a connection must have been idle before another may take its place.
const SpareAfter = time.Second

// Admit makes room for a connection, or says why there is none.
func (c *Crowd[M]) Admit(fresh M, most, perAddress int) (why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return "the service is closing"
	}
	same := 0
	for other := range c.open {
		if other.Network() == fresh.Network() {
			same++
		}
	}
	if same >= perAddress && !c.evict(func(x M) bool { return x.Network() == fresh.Network() }) {
		return "this address has too many connections"
	}
	if len(c.open) >= most && !c.evict(func(M) bool { return true }) {
		return "too many connections are open"
	}
	if c.open == nil {
		c.open = map[M]struct{}{}
	}
	c.open[fresh] = struct{}{}
	return ""
}

// evict closes the matching connection that has been idle longest. The caller holds the lock.
func (c *Crowd[M]) evict(match func(M) bool) bool {
	var victim M
	var longest time.Duration
	found := false
	now := time.Now()
	for x := range c.open {
		if idle := x.Idle(now); match(x) && idle >= SpareAfter && idle > longest {
			victim, longest, found = x, idle, true
		}
	}
	if !found {
		return false
	}
	delete(c.open, victim)
	victim.Close()
	return true
}

// Size is how many connections are open.
func (c *Crowd[M]) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// Forget removes a connection that has ended.
func (c *Crowd[M]) Forget(x M) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, x)
}

// End closes all connections, and admits no more.
func (c *Crowd[M]) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for x := range c.open {
		x.Close()
	}
}
