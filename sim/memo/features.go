package memo

import (
	"sync/atomic"

	"orac/appliance/audio"
	"orac/appliance/node"
)

// reach is how many hops an embedding depends on, bit for bit. The first of its 76 mel frames comes from half of the ninth hop before the
// newest, and the mel frames of that hop need samples of the tenth. Our kernels compute four rows of a layer from six; what cancels there
// leaves its rounding, which comes from up to 80 frames before the newest hop: all of the tenth, and so samples of the eleventh.
const reach = 12

// features are the known outputs of the extractor.
type features struct {
	table    *table[*[96]float32]
	pool     *pool[*stepped] // nil for a recording
	again    string          // how to record again
	replayed atomic.Uint64
}

// stepped is a real extractor with its position.
type stepped struct {
	node.Extractor
	after Key  // the input it has heard; the zero Key if it has heard nothing yet
	lost  bool // it has failed and must be reset
}

// extractor is one of many that share features. It keeps the newest hops, so that a real extractor can be brought to its
// position.
type extractor struct {
	f     *features
	past  [reach]heard // in a ring
	n     int64        // hops since the last reset
	total int64        // hops since it was opened
	chain chain
}

// heard is a hop of the past.
type heard struct {
	pcm   [audio.HopSamples]int16
	hash  Key
	after Key // of the input that ends with it
}

// open returns a further extractor.
func (f *features) open() (node.Extractor, error) {
	if f.pool != nil {
		if err := f.pool.ready(); err != nil {
			return nil, err
		}
	}
	return &extractor{f: f}, nil
}

// at returns hop i since the last reset, which must be one of the newest reach hops.
func (x *extractor) at(i int64) *heard { return &x.past[i%reach] }

// Push implements node.Extractor.
func (x *extractor) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	h := x.at(x.n)
	h.pcm, h.hash = *pcm, hashPCM(pcm)
	x.n++
	x.total++
	from := max(0, x.n-reach)
	x.chain.begin(Key{}, int(x.n-from))
	for i := from; i < x.n; i++ {
		x.chain.add(&x.at(i).hash)
	}
	h.after = x.chain.key()
	if known, ok := x.f.table.get(h.after); ok {
		*out = *known
		return nil
	}
	if x.f.pool == nil {
		return absent("the extractor", x.total-1, x.f.again)
	}
	if err := x.run(out); err != nil {
		return err
	}
	result := *out
	x.f.table.put(h.after, &result)
	return nil
}

// run feeds a real extractor those of the newest hops that it has not heard.
func (x *extractor) run(out *[96]float32) error {
	r, err := x.f.pool.take(x.lacks, reach+1)
	if err != nil {
		return err
	}
	defer x.f.pool.put(r)
	lacks := int64(x.lacks(r))
	r.lost = true // unless it reaches the end
	if lacks >= reach {
		if err := r.Reset(); err != nil {
			return err
		}
		lacks = min(reach, x.n)
	}
	x.f.replayed.Add(uint64(lacks - 1))
	for i := x.n - lacks; i < x.n; i++ {
		if err := r.Push(&x.at(i).pcm, out); err != nil {
			return err
		}
	}
	r.after, r.lost = x.at(x.n-1).after, false
	return nil
}

// lacks returns how many of the newest hops a real extractor has not heard. It is reach if the extractor is not in step with
// any sound, and reach+1 if it may be in step with a different one; then it must be reset and hear them all.
func (x *extractor) lacks(r *stepped) int {
	if r.lost || r.after == (Key{}) {
		return reach
	}
	for lacks := int64(1); lacks < reach && lacks < x.n; lacks++ {
		if x.at(x.n-1-lacks).after == r.after {
			return int(lacks)
		}
	}
	return reach + 1
}

// Reset implements node.Extractor.
func (x *extractor) Reset() error {
	x.n = 0
	return nil
}

// Close implements node.Extractor.
func (x *extractor) Close() error { return nil }
