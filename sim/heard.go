package sim

import (
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/runbook/scenario"
)

// heard is what a microphone has given to the appliance, hop by hop: the last of it, and enough of each hop to make its sound again,
// whatever the appliance has done to the one that it was given.
type heard struct {
	program *program
	list    []given // the newest mostGiven and up to as many again
	first   int64   // number of list[0]; hops are counted through all streams, without those that were lost
	streams []heardStream
}

// given is a hop.
type given struct {
	hop   int64         // of the world
	shape scenario.Kind // what the device has made of it; "" if nothing
	n     int           // which hop of the noise
	at    time.Duration // when a read returned with it
}

// heardStream is an open device: its first hop, and the number that the appliance gives to it; -1 while that is not known.
type heardStream struct {
	base, number int64
	ended        bool // with its process
}

const (
	// mostGiven is how much is known of the past: five minutes. No recording goes back further, however late it is looked at.
	mostGiven = 4096
	// mostHeardStreams bounds the streams that are known.
	mostHeardStreams = 64
)

// opened notes a stream that begins.
func (h *heard) opened() {
	if h.streams = append(h.streams, heardStream{base: h.end(), number: -1}); len(h.streams) > mostHeardStreams {
		h.streams = slices.Delete(h.streams, 0, 1)
	}
}

// named notes which number the appliance gives to the first hop of the stream that was opened last.
func (h *heard) named(number int64) {
	for i := range h.streams {
		if s := &h.streams[i]; s.number < 0 && !s.ended {
			s.number = number
			return
		}
	}
}

// over notes that the process has ended: its numbers mean nothing any more.
func (h *heard) over() {
	for i := range h.streams {
		h.streams[i].ended = true
	}
}

// gave notes a hop that the appliance has now.
func (h *heard) gave(g given) {
	if len(h.list) == 2*mostGiven {
		h.list = append(h.list[:0], h.list[mostGiven:]...)
		h.first += mostGiven
	}
	h.list = append(h.list, g)
}

// end is one more than the number of the newest hop.
func (h *heard) end() int64 { return h.first + int64(len(h.list)) }

// called finds the hop that the appliance of now calls by a number, and the first hop of its stream.
func (h *heard) called(number int64) (at, base int64, ok bool) {
	end := h.end()
	for _, s := range slices.Backward(h.streams) {
		if at := s.base + number - s.number; !s.ended && s.number >= 0 && at >= max(s.base, h.first) && at < end {
			return at, s.base, true
		}
		end = s.base
	}
	return 0, 0, false
}

// broken tells whether a hop is the first of its stream, or the one that comes next, whenever that is.
func (h *heard) broken(at int64) bool {
	return at == h.end() || slices.ContainsFunc(h.streams, func(s heardStream) bool { return s.base == at })
}

// breaks finds the first hop of a stream from one hop on and before another.
func (h *heard) breaks(from, to int64) (at int64, ok bool) {
	for _, s := range h.streams {
		if s.base >= from && s.base < to {
			return s.base, true
		}
	}
	return 0, false
}

// at is when the appliance had a hop that is known.
func (h *heard) at(hop int64) time.Duration { return h.list[hop-h.first].at }

// part gives hops from one on and before another, as far as they are known.
func (h *heard) part(from, to int64) []given {
	from, to = max(from, h.first), min(to, h.end())
	if from >= to {
		return nil
	}
	return slices.Clone(h.list[from-h.first : to-h.first])
}

// sound makes the sound of hops again.
func (h *heard) sound(list []given) []int16 {
	pcm := make([]int16, 0, len(list)*audio.HopSamples)
	var one [audio.HopSamples]int16
	for _, g := range list {
		h.program.again(&one, g.hop)
		shaped(&one, g.shape, g.n)
		pcm = append(pcm, one[:]...)
	}
	return pcm
}
