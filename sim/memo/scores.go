package memo

import (
	"slices"

	"orac/appliance/node"
)

// scores are the known outputs of the heads, all in one table.
type scores struct {
	table *table[*score]
	again string // how to record again
}

// score is one output of a head. It does not change.
type score struct {
	values []float32
	masked bool
}

// model is the file of one head: what is known of it, and its real heads.
type model struct {
	key    Key
	window int
	pool   *pool[node.Classifier] // nil for a recording
}

// windowed is a head that says how many embeddings it looks at.
type windowed interface{ Window() int }

// head is one of many of a model.
type head struct {
	s     *scores
	m     *model
	name  string
	past  []embedded // the newest window of embeddings, in a ring
	n     int64      // since the last reset
	total int64      // since it was opened
	chain chain
	out   []float32
}

type embedded struct {
	values [96]float32
	hash   Key
}

func (s *scores) open(m *model, name string) *head {
	return &head{s: s, m: m, name: name, past: make([]embedded, m.window)}
}

func (h *head) at(i int64) *embedded { return &h.past[i%int64(h.m.window)] }

// Push implements node.Classifier.
func (h *head) Push(embedding *[96]float32) ([]float32, bool, error) {
	e := h.at(h.n)
	e.values, e.hash = *embedding, hashEmbedding(embedding)
	h.n++
	h.total++
	from := max(0, h.n-int64(h.m.window))
	h.chain.begin(h.m.key, int(h.n-from))
	for i := from; i < h.n; i++ {
		h.chain.add(&h.at(i).hash)
	}
	key := h.chain.key()
	v, ok := h.s.table.get(key)
	if !ok {
		if h.m.pool == nil {
			return nil, true, absent("the head of "+h.name, h.total-1, h.s.again)
		}
		var err error
		if v, err = h.run(from); err != nil {
			return nil, true, err
		}
		h.s.table.put(key, v)
	}
	h.out = append(h.out[:0], v.values...)
	return h.out, v.masked, nil
}

// run feeds a real head the whole window. A head computes nothing before it has seen all of it, so there is no need to keep
// one in step.
func (h *head) run(from int64) (*score, error) {
	r, err := h.m.pool.take(func(node.Classifier) int { return 0 }, 1)
	if err != nil {
		return nil, err
	}
	defer h.m.pool.put(r)
	r.Reset()
	var v score
	for i := from; i < h.n; i++ {
		var values []float32
		if values, v.masked, err = r.Push(&h.at(i).values); err != nil {
			return nil, err
		}
		if i == h.n-1 {
			v.values = slices.Clone(values)
		}
	}
	return &v, nil
}

// Reset implements node.Classifier.
func (h *head) Reset() { h.n = 0 }

// Window is the number of embeddings that a score depends on.
func (h *head) Window() int { return h.m.window }

// Close implements node.Classifier.
func (h *head) Close() error { return nil }
