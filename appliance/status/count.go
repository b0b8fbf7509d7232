package status

// Buckets are the upper bounds, in seconds, of counts that measure times.
var Buckets = []float64{.05, .1, .25, .5, 1, 2, 5, 10, 30, 60}

// Count is how often something happened since the start, with these labels: see event.Counters.
type Count struct {
	Name   string
	Labels []string
	N      uint64
	Sum    float64  // of seconds, of what measures times
	Under  []uint64 // how many were at most as long as each of Buckets; nil for what only counts
}

// Add counts once.
func (c *Count) Add(seconds float64) {
	c.N++
	c.Sum += seconds
	for i := range c.Under {
		if seconds <= Buckets[i] {
			c.Under[i]++
		}
	}
}
