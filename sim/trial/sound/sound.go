// Package sound makes the sounds of a simulated room: silence, noise, wake words and commands.
//
// It guarantees that all arithmetic is in integers, so that a sound is the same on every machine, and that sounds of different
// seeds differ. Wake words are for modelled inference (sim/memo.Modelled); real networks do not recognise them.
//
// A sound is 16 kHz mono.
package sound

import (
	"math"
	"math/bits"
	"time"

	"orac/appliance/audio"
)

// Samples returns the number of samples in a duration.
func Samples(d time.Duration) int { return int(d * audio.Rate / time.Second) }

// Silence is digital silence.
func Silence(d time.Duration) []int16 { return make([]int16, Samples(d)) }

// Noise is what a microphone hears in an empty room: white noise without end, no two hops alike. Any part of it can
// be computed without the part before it.
type Noise struct {
	Seed uint64
	RMS  int // int16 scale, 0 to 18000; 30 to 300 are rooms, and the default endpointing hears 328 as sound
}

// MaxRMS is the level above which uniform noise would clip.
const MaxRMS = 18000

// Fill writes the samples from position at on.
func (n Noise) Fill(at int64, pcm []int16) {
	// Uniform noise of amplitude a has an RMS of a divided by the root of 3.
	amplitude := int64(min(max(n.RMS, 0), MaxRMS)) * 1774 / 1024
	// Four samples come from one word. The first may be in the middle of it.
	for len(pcm) > 0 {
		word := mix(n.Seed, uint64(at>>2)) >> (16 * uint(at&3))
		k := min(4-int(at&3), len(pcm))
		for i := range pcm[:k] {
			pcm[i] = int16(int64(int16(word)) * amplitude >> 15)
			word >>= 16
		}
		pcm, at = pcm[k:], at+int64(k)
	}
}

// Of returns the first part of the noise, as long as d.
func (n Noise) Of(d time.Duration) []int16 {
	pcm := make([]int16, Samples(d))
	n.Fill(0, pcm)
	return pcm
}

// mix applies splitmix64's finaliser to a counter and a seed.
func mix(seed, n uint64) uint64 {
	z := (n+1)*0x9e3779b97f4a7c15 + bits.RotateLeft64(seed*0xd1342543de82ef95+1, 32)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Command is somebody speaking for a duration: noise in syllables of 200 ms, never quiet in between, with a peak of 12000
// and an RMS of at least 2500 in every 20 ms. It contains no modelled wake word.
func Command(d time.Duration, seed uint64) []int16 {
	const syllable = audio.Rate / 5
	pcm := Noise{Seed: seed ^ 0x636f6d6d616e64, RMS: 6900}.Of(d) // 12000 at most
	for i := range pcm {
		at := i % syllable
		rise := min(at, syllable-at) // 0 to syllable/2
		pcm[i] = int16(int(pcm[i]) * (syllable/3 + rise) / (syllable/3 + syllable/2))
	}
	return pcm
}

// Mix adds sounds, all starting at once; what is too loud clips. The result is as long as the longest.
func Mix(sounds ...[]int16) []int16 {
	var out []int16
	for _, s := range sounds {
		if len(s) > len(out) {
			out = append(out, make([]int16, len(s)-len(out))...)
		}
		for i, v := range s {
			out[i] = clip(int(out[i]) + int(v))
		}
	}
	return out
}

func clip(v int) int16 { return int16(min(max(v, math.MinInt16), math.MaxInt16)) }

// Join concatenates sounds.
func Join(sounds ...[]int16) []int16 {
	var out []int16
	for _, s := range sounds {
		out = append(out, s...)
	}
	return out
}
