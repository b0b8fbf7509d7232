package capture

import (
	"encoding/binary"
	"sync/atomic"

	"orac/appliance/audio"
)

// ring carries sound from the audio library's thread, which must neither block nor allocate, to the goroutine that writes
// it out: one writer, one reader, 2.5 s of room. What finds no room is dropped and counted.
type ring struct {
	slots    [32]hop
	head     atomic.Uint64 // slots filled so far
	tail     atomic.Uint64 // slots emptied so far
	wake     chan struct{} // holds a token after something was filled
	seq      uint64        // of the hop being filled; the writer's own, as all below
	fill     int           // samples in it
	dropped  uint64
	channels int
}

func newRing(channels int) *ring { return &ring{wake: make(chan struct{}, 1), channels: channels} }

// write takes interleaved little-endian int16 frames and averages their channels.
func (r *ring) write(b []byte) {
	for step := 2 * r.channels; len(b) >= step; b = b[step:] {
		sum := 0
		for c := range r.channels {
			sum += int(int16(binary.LittleEndian.Uint16(b[2*c:])))
		}
		slot := &r.slots[r.head.Load()%uint64(len(r.slots))]
		slot.pcm[r.fill] = int16(sum / r.channels)
		if r.fill++; r.fill == audio.HopSamples {
			r.finish(slot)
		}
	}
}

// finish gives a full slot to the reader, unless the reader still has all others.
func (r *ring) finish(slot *hop) {
	if r.head.Load()-r.tail.Load() == uint64(len(r.slots))-1 {
		r.dropped++
	} else {
		slot.seq, slot.dropped = r.seq, r.dropped
		r.head.Add(1)
		select {
		case r.wake <- struct{}{}:
		default: // there is a token already
		}
	}
	r.seq++
	r.fill = 0
}

// read gives the oldest full slot, or nil; release gives it back.
func (r *ring) read() *hop {
	if r.tail.Load() == r.head.Load() {
		return nil
	}
	return &r.slots[r.tail.Load()%uint64(len(r.slots))]
}

func (r *ring) release() { r.tail.Add(1) }
