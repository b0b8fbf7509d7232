package memo

import (
	"orac/appliance/audio"
	"orac/appliance/node"
)

// voices are the known outputs of the voice gate.
type voices struct {
	table *table[*voice]
	pool  *pool[resumable] // nil for a recording
	again string           // how to record again
}

// voice is one output of a gate, with the gate's state at that point. It does not change.
type voice struct {
	value float32
	after Key    // of the state
	state []byte // in the format of resumable; nil in a recording
}

// resumable is a gate whose past is a value.
type resumable interface {
	node.Gate
	AppendState([]byte) []byte
	SetState([]byte) error
}

// gate is one of many that share voices.
type gate struct {
	v     *voices
	last  *voice // nil after a reset
	total int64  // hops since it was opened
	chain chain
}

func (v *voices) open() (node.Gate, error) {
	if v.pool != nil {
		if err := v.pool.ready(); err != nil {
			return nil, err
		}
	}
	return &gate{v: v}, nil
}

// Push implements node.Gate.
func (g *gate) Push(pcm *[audio.HopSamples]int16) (float32, error) {
	var before Key
	if g.last != nil {
		before = g.last.after
	}
	sound := hashPCM(pcm)
	g.chain.begin(before, 1)
	g.chain.add(&sound)
	key := g.chain.key()
	g.total++
	known, ok := g.v.table.get(key)
	if !ok {
		if g.v.pool == nil {
			return 0, absent("the voice gate", g.total-1, g.v.again)
		}
		var err error
		if known, err = g.run(pcm); err != nil {
			return 0, err
		}
		g.v.table.put(key, known)
	}
	g.last = known
	return known.value, nil
}

// run lets a real gate continue from the last state.
func (g *gate) run(pcm *[audio.HopSamples]int16) (*voice, error) {
	r, err := g.v.pool.take(func(resumable) int { return 0 }, 1)
	if err != nil {
		return nil, err
	}
	defer g.v.pool.put(r)
	if g.last == nil {
		r.Reset()
	} else if err := r.SetState(g.last.state); err != nil {
		return nil, err
	}
	var v voice
	if v.value, err = r.Push(pcm); err != nil {
		return nil, err
	}
	v.state = r.AppendState(nil)
	v.after = hash(v.state)
	return &v, nil
}

// Reset implements node.Gate.
func (g *gate) Reset() { g.last = nil }

// Close implements node.Gate.
func (g *gate) Close() error { return nil }
