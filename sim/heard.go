package sim

import (
	"slices"
	"time"

	"orac/appliance/audio"
)

// heard is what a microphone has delivered to the appliance: its newest hops, with enough about each to make its sound again,
// whatever the appliance has done to its own copy.
type heard struct {
	program *program
	list    []given // the newest mostGiven, and up to as many older ones
	first   int64   // number of list[0]; hops are counted across all streams, without lost ones
	streams []heardStream
}

// given is a hop that was delivered.
type given struct {
	hop   int64         // of the world
	shape shape         // how a fault changed it; nil if none did
	n     int           // which hop of the noise it is
	at    time.Duration // when a read returned with it
	muted bool          // the appliance was muted: it keeps nothing of it
}

// form changes a hop as the fault did.
func (g given) form(pcm *[audio.HopSamples]int16) {
	if g.shape != nil {
		g.shape(pcm, g.n)
	}
}

// heardStream is an open device: its first hop, and the appliance's number for that hop; -1 while unknown.
type heardStream struct {
	base, number int64
	ended        bool // its process has ended
}

const (
	// mostGiven is how many past hops are kept: five minutes. No recording goes back further, even when it is checked late.
	mostGiven = 4096
	// mostHeardStreams bounds the streams that are kept.
	mostHeardStreams = 64
)

// opened notes a stream that begins.
func (h *heard) opened() {
	if h.streams = append(h.streams, heardStream{base: h.end(), number: -1}); len(h.streams) > mostHeardStreams {
		h.streams = slices.Delete(h.streams, 0, 1)
	}
}

// named notes the appliance's number for the first hop of the stream that was opened last.
func (h *heard) named(number int64) {
	for i := range h.streams {
		if s := &h.streams[i]; s.number < 0 && !s.ended {
			s.number = number
			return
		}
	}
}

// over notes that the process has ended: its numbers no longer mean anything.
func (h *heard) over() {
	for i := range h.streams {
		h.streams[i].ended = true
	}
}

// gave notes a hop that the appliance now has.
func (h *heard) gave(g given) {
	if len(h.list) == 2*mostGiven {
		h.list = append(h.list[:0], h.list[mostGiven:]...)
		h.first += mostGiven
	}
	h.list = append(h.list, g)
}

// end returns the number after that of the newest hop.
func (h *heard) end() int64 { return h.first + int64(len(h.list)) }

// called finds the hop that the running appliance knows by a number, and the first hop of its
// stream.
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

// broken tells whether a hop is the first of its stream, or has not been delivered yet.
func (h *heard) broken(at int64) bool {
	return at == h.end() || slices.ContainsFunc(h.streams, func(s heardStream) bool { return s.base == at })
}

// breaks finds the first stream that begins at hop from or later, and before hop to.
func (h *heard) breaks(from, to int64) (at int64, ok bool) {
	for _, s := range h.streams {
		if s.base >= from && s.base < to {
			return s.base, true
		}
	}
	return 0, false
}

// at returns when the appliance received a hop that is still kept.
func (h *heard) at(hop int64) time.Duration { return h.list[hop-h.first].at }

// unmuted returns the first hop, from from on, that may begin a recording whose wake word ends with the hop wake: none before it is one of
// a mute.
func (h *heard) unmuted(from, wake int64) int64 {
	for at := min(wake, h.end()-1); at >= max(from, h.first); at-- {
		if h.list[at-h.first].muted {
			return at + 1
		}
	}
	return from
}

// part returns the hops that are still kept, from hop from on and before hop to.
func (h *heard) part(from, to int64) []given {
	from, to = max(from, h.first), min(to, h.end())
	if from >= to {
		return nil
	}
	return slices.Clone(h.list[from-h.first : to-h.first])
}

// sound makes the sound of these hops again.
func (h *heard) sound(list []given) []int16 {
	pcm := make([]int16, 0, len(list)*audio.HopSamples)
	var one [audio.HopSamples]int16
	for _, g := range list {
		h.program.again(&one, g.hop)
		g.form(&one)
		pcm = append(pcm, one[:]...)
	}
	return pcm
}
