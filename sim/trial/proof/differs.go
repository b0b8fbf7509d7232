package proof

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"orac/appliance/audio"
)

const (
	hop = audio.HopSamples
	// farthest is how many samples before and after its place a piece of sound is searched for, to say what became of it.
	farthest = 8 * hop
)

// Differs says how a recording differs from what was heard; "" if every sample is the same.
func Differs(heard, recorded []int16) string {
	if slices.Equal(heard, recorded) {
		return ""
	}
	n := 0
	for n < min(len(heard), len(recorded)) && heard[n] == recorded[n] {
		n++
	}
	switch n {
	case len(recorded):
		return fmt.Sprintf("its last %v are missing: it has %d of %d samples", span(len(heard)-n), len(recorded), len(heard))
	case len(heard):
		return fmt.Sprintf("it goes on for %v after its end: it has %d samples, not %d", span(len(recorded)-n), len(recorded), len(heard))
	}
	at := n - n%hop // sound is passed on in hops: the defect most likely began with one
	return fmt.Sprintf("sample %d (%v) is %d, and %d was heard: %s", n, span(n), recorded[n], heard[n], became(heard, recorded, n, at))
}

// became says what most likely became of the sound. n is the first wrong sample, at the beginning of its hop.
func became(heard, recorded []int16, n, at int) string {
	if starts(recorded[at:], part(heard, at+hop)) && starts(part(recorded, at+hop), part(heard, at)) {
		return "two hops have changed places"
	}
	for k := 1; k <= farthest; k++ {
		if starts(recorded[n:], part(heard, n+k)) {
			return fmt.Sprintf("%v are missing there", span(k))
		}
		if k <= n && starts(recorded[n:], part(heard, n-k)) {
			return fmt.Sprintf("%v are there twice", span(k))
		}
	}
	for _, c := range changes {
		if like(recorded[n:], heard[n:], c.of) {
			return c.what
		}
	}
	return "no sound from there on is what was heard near it"
}

// changes are what may have become of each sample.
var changes = []struct {
	what string
	of   func(int16) int16
}{
	{"it is silence", func(int16) int16 { return 0 }},
	{"the bytes of its samples have changed places", func(v int16) int16 { return int16(bits.ReverseBytes16(uint16(v))) }},
	{"its sign has changed", func(v int16) int16 { return -v }},
	{"it is twice as loud", func(v int16) int16 { return 2 * v }},
	{"it is half as loud", func(v int16) int16 { return v / 2 }},
}

// like tells whether the next hop of a recording is the sound changed in a certain way.
func like(recorded, heard []int16, change func(int16) int16) bool {
	n := min(len(recorded), len(heard), hop)
	for i := range n {
		if recorded[i] != change(heard[i]) {
			return false
		}
	}
	return n > 0
}

// starts tells whether two sounds begin with the same hop, or have the same remainder of one.
func starts(a, b []int16) bool {
	n := min(len(a), len(b), hop)
	return n > hop/16 && slices.Equal(a[:n], b[:n]) // a few samples may be alike by chance
}

func part(pcm []int16, from int) []int16 { return pcm[min(max(from, 0), len(pcm)):] }

func span(samples int) time.Duration { return audio.Time(samples).Round(100 * time.Microsecond) }

// Holes says how a recording differs from what was heard apart from missing hops, and returns how many are missing. Use it for
// sound of which the appliance itself reports losses.
func Holes(heard, recorded []int16) (missing int, differs string) {
	for at := 0; len(recorded) > 0; recorded = recorded[min(hop, len(recorded)):] {
		piece := recorded[:min(hop, len(recorded))]
		for !same(piece, part(heard, at)) {
			if at += hop; at >= len(heard) {
				return missing, fmt.Sprintf("there is sound in it that nothing heard in its order: its last %v", span(len(recorded)))
			}
			missing++
		}
		at += len(piece)
	}
	return missing, ""
}

func same(piece, heard []int16) bool {
	return len(heard) >= len(piece) && slices.Equal(piece, heard[:len(piece)])
}
