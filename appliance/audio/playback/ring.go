package playback

import (
	"sync/atomic"

	"orac/appliance/play"
)

// ring carries frames from the goroutine that reads them to the audio library's thread, which must neither block nor allocate: one writer,
// one reader. Where it is empty, silence is played.
type ring struct {
	slots [16]play.Frame // more than may be under way
	head  atomic.Uint64  // frames put so far
	tail  atomic.Uint64  // frames taken so far
	wake  chan struct{}  // holds a token after a frame was taken
	at    int            // samples of the oldest frame that were taken; only the reader uses it
}

func newRing() *ring { return &ring{wake: make(chan struct{}, 1)} }

// put adds a frame's bytes; false: there is no room.
func (r *ring) put(b []byte) bool {
	head := r.head.Load()
	if head-r.tail.Load() == uint64(len(r.slots)) {
		return false
	}
	slot := &r.slots[head%uint64(len(r.slots))]
	for i := range slot {
		slot[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
	}
	r.head.Store(head + 1)
	return true
}

// samples fills out with the next samples.
func (r *ring) samples(out []int16) {
	for len(out) > 0 {
		tail := r.tail.Load()
		if tail == r.head.Load() {
			clear(out)
			return
		}
		n := copy(out, r.slots[tail%uint64(len(r.slots))][r.at:])
		out = out[n:]
		if r.at += n; r.at == play.FrameSamples {
			r.at = 0
			r.tail.Store(tail + 1)
			select {
			case r.wake <- struct{}{}:
			default: // there is a token already
			}
		}
	}
}

// empty tells whether all was taken.
func (r *ring) empty() bool { return r.tail.Load() == r.head.Load() }
