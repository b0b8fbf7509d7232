package memo

import "sync"

// table remembers outputs by their inputs, at most limit of them: when it is full, the oldest is removed. It is divided
// into shards, each with its own lock, so that appliances which run in parallel rarely wait for each other.
type table[V any] struct {
	shards []shard[V]
}

// shards of a table that is large enough to fill them evenly.
const (
	manyShards = 64
	evenly     = 64 * manyShards // entries
)

type shard[V any] struct {
	mu      sync.Mutex // guards everything that follows
	limit   int        // 0: none
	known   map[Key]V
	order   []Key // of known, in a ring once limit is reached
	oldest  int   // in order
	hits    uint64
	misses  uint64
	evicted uint64
	_       [24]byte // keeps the locks of two shards out of one cache line
}

// newTable returns a table; limit 0 disables it.
func newTable[V any](limit int) *table[V] {
	n := 1
	if limit == 0 || limit >= evenly {
		n = manyShards
	}
	t := &table[V]{shards: make([]shard[V], n)}
	for i := range t.shards {
		t.shards[i].limit = limit / n
		t.shards[i].known = map[Key]V{}
	}
	return t
}

func (t *table[V]) get(k Key) (V, bool) {
	s := &t.shards[k.shard(len(t.shards))]
	s.mu.Lock()
	v, ok := s.known[k]
	if ok {
		s.hits++
	} else {
		s.misses++
	}
	s.mu.Unlock()
	return v, ok
}

// put remembers an output. Two goroutines may have computed the same output.
func (t *table[V]) put(k Key, v V) {
	s := &t.shards[k.shard(len(t.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.known[k]; ok {
		return
	}
	if s.limit == 0 || len(s.order) < s.limit {
		s.order = append(s.order, k)
	} else {
		delete(s.known, s.order[s.oldest])
		s.order[s.oldest], s.oldest = k, (s.oldest+1)%s.limit
		s.evicted++
	}
	s.known[k] = v
}

// all returns a copy of everything that is remembered.
func (t *table[V]) all() map[Key]V {
	m := map[Key]V{}
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for k, v := range s.known {
			m[k] = v
		}
		s.mu.Unlock()
	}
	return m
}

// Counts are the counts of one kind of network.
type Counts struct {
	Hits    uint64 `json:"hits"`    // hops whose input was known
	Misses  uint64 `json:"misses"`  // hops whose input was not
	Held    int    `json:"held"`    // outputs that are remembered now …
	Limit   int    `json:"limit"`   // … and at most; 0 means all
	Evicted uint64 `json:"evicted"` // outputs that were forgotten
}

func (t *table[V]) counts() (c Counts) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		c.Hits, c.Misses, c.Evicted = c.Hits+s.hits, c.Misses+s.misses, c.Evicted+s.evicted
		c.Held, c.Limit = c.Held+len(s.known), c.Limit+s.limit
		s.mu.Unlock()
	}
	return c
}
