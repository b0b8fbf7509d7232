package capture

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"

	"orac/appliance/audio"
)

// ring carries sound from the audio library's thread, which must neither block nor allocate, to the goroutine that writes
// it out: one writer, one reader, 2.5 s of room. Sound that finds no room is dropped and counted.
type ring struct {
	slots    [32]hop
	head     atomic.Uint64 // slots filled so far
	tail     atomic.Uint64 // slots emptied so far
	wake     chan struct{} // holds a token after something was filled
	seq      uint64        // of the hop being filled; only the writer uses it and the fields below
	fill     int           // samples in it
	dropped  uint64
	channels int   // of a frame
	mixed    []int // those that are averaged; nil: all
}

func newRing(channels int, mixed []int) *ring {
	return &ring{wake: make(chan struct{}, 1), channels: channels, mixed: mixed}
}

// fit sets the ring to the number of channels that the device has, before it is started. Its error says why the named channels
// cannot be recorded as they are.
func (r *ring) fit(backend string, has int) error {
	switch asked := r.channels; {
	case asked > 1 && asked != has:
		return fmt.Errorf("has %d channels, not %d: remove channels, or choose an ALSA PCM that has as many, with id and backend = \"alsa\"", has, asked)
	case slices.Max(r.mixed) >= has:
		return fmt.Errorf("has %d channels, counted from 0: there is no channel %d", has, slices.Max(r.mixed))
	case backend == "pulse" && has > 2:
		return fmt.Errorf("has %d channels, and PulseAudio would mix them: set backend = \"alsa\" to use one unmixed", has)
	}
	r.channels = has
	return nil
}

// write reads interleaved little-endian int16 frames and averages their channels, or the named ones.
func (r *ring) write(b []byte) {
	for step := 2 * r.channels; len(b) >= step; b = b[step:] {
		sum, n := 0, len(r.mixed)
		for _, c := range r.mixed {
			sum += int(int16(binary.LittleEndian.Uint16(b[2*c:])))
		}
		if n == 0 {
			n = r.channels
			for c := range n {
				sum += int(int16(binary.LittleEndian.Uint16(b[2*c:])))
			}
		}
		slot := &r.slots[r.head.Load()%uint64(len(r.slots))]
		slot.pcm[r.fill] = int16(sum / n)
		if r.fill++; r.fill == audio.HopSamples {
			r.finish(slot)
		}
	}
}

// finish passes a full slot to the reader, unless the reader still has all others.
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

// read returns the oldest full slot, or nil; release hands it back.
func (r *ring) read() *hop {
	if r.tail.Load() == r.head.Load() {
		return nil
	}
	return &r.slots[r.tail.Load()%uint64(len(r.slots))]
}

func (r *ring) release() { r.tail.Add(1) }
