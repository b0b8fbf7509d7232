package wyoming

import (
	"sync"
	"time"
)

// crowd is the connections of a service: their number is bounded, in all and for each address. At the limit a new one takes the place
// of the one that has been idle longest, so that nobody can keep others out by holding connections.
type crowd struct {
	mu    sync.Mutex // guards everything that follows
	open  map[*conn]struct{}
	ended bool
}

// spareAfter is how long a connection must have been idle before another may take its place.
const spareAfter = time.Second

// admit makes room for a connection, or says why there is none.
func (c *crowd) admit(fresh *conn, most, perAddress int) (why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return "the service is closing"
	}
	same := 0
	for other := range c.open {
		if other.network == fresh.network {
			same++
		}
	}
	if same >= perAddress && !c.evict(func(x *conn) bool { return x.network == fresh.network }) {
		return "this address has too many connections"
	}
	if len(c.open) >= most && !c.evict(func(*conn) bool { return true }) {
		return "too many connections are open"
	}
	if c.open == nil {
		c.open = map[*conn]struct{}{}
	}
	c.open[fresh] = struct{}{}
	return ""
}

// evict closes the matching connection that has been idle longest. The caller holds the lock.
func (c *crowd) evict(match func(*conn) bool) bool {
	var victim *conn
	var longest time.Duration
	now := time.Now()
	for x := range c.open {
		if idle := x.idle(now); match(x) && idle >= spareAfter && idle > longest {
			victim, longest = x, idle
		}
	}
	if victim == nil {
		return false
	}
	delete(c.open, victim)
	victim.close()
	return true
}

// size is how many connections are open.
func (c *crowd) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

func (c *crowd) forget(x *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, x)
}

// end closes all connections, and admits no more.
func (c *crowd) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for x := range c.open {
		x.close()
	}
}
