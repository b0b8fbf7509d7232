package playback

import (
	"math"
	"slices"
	"testing"

	"orac/appliance/play"
)

// taken are the amplitudes of tones in a sound, and the amplitude of what is left without them.
func taken(pcm []float64, rate int, tones ...float64) (levels []float64, rest float64) {
	left := append([]float64(nil), pcm...)
	levels = make([]float64, len(tones))
	for range 4 { // over a finite time, tones and their phases are not quite independent
		for k, hz := range tones {
			var s, c float64
			for i, v := range left {
				a := 2 * math.Pi * hz * float64(i) / float64(rate)
				s, c = s+v*math.Sin(a), c+v*math.Cos(a)
			}
			s, c = 2*s/float64(len(left)), 2*c/float64(len(left))
			for i := range left {
				a := 2 * math.Pi * hz * float64(i) / float64(rate)
				left[i] -= s*math.Sin(a) + c*math.Cos(a)
			}
			levels[k] = max(levels[k], math.Hypot(s, c))
		}
	}
	for _, v := range left {
		rest += v * v
	}
	return levels, math.Sqrt(2 * rest / float64(len(left)))
}

// played is what a device of a rate and of some channels gets of a tone, in pieces of the size that it asks for.
func played(t *testing.T, rate, channels, piece int, hz float64) (sound [][]float64) {
	r := newRing()
	f := newForm(r, libraryRate(rate), channels)
	sound = make([][]float64, channels)
	for n, out := 0, make([]byte, 2*channels*piece); len(sound[0]) < rate; {
		for r.head.Load()-r.tail.Load() < play.Lead {
			b := make([]byte, frameSize)
			for i := range play.FrameSamples {
				v := int16(math.Round(16000 * math.Sin(2*math.Pi*hz*float64(n)/play.Rate)))
				b[2*i], b[2*i+1] = byte(v), byte(uint16(v)>>8)
				n++
			}
			if !r.put(b) {
				t.Fatal("there is no room")
			}
		}
		f.fill(out)
		for i := 0; i < len(out); i += 2 * channels {
			for c := range channels {
				sound[c] = append(sound[c], float64(int16(uint16(out[i+2*c])|uint16(out[i+2*c+1])<<8)))
			}
		}
	}
	return sound
}

// TestFormIsFaithful: at every rate that devices have, what they can play is flat to 0.1 dB up to nine tenths of their band, with nothing beside it
// above -80 dB; and what they cannot play is gone. The channels are equal; those of a larger device that are not in front are silent.
func TestFormIsFaithful(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000} {
		band := float64(min(rate, play.Rate)) / 2
		for _, c := range []struct {
			hz   float64
			gone bool
		}{{100, false}, {997, false}, {0.5 * band, false}, {0.899 * band, false}, {1.05 * band, true}, {23900, true}} {
			if c.gone && (c.hz >= play.Rate/2 || c.hz <= band) {
				continue
			}
			sound := played(t, rate, 1, rate/100, c.hz)[0]
			middle := sound[rate/4 : rate*3/4]
			if c.gone {
				if _, all := taken(middle, rate); all > 16000e-4 {
					t.Errorf("%d Hz: a tone of %.0f Hz comes through at %.1f dB", rate, c.hz, 20*math.Log10(all/16000))
				}
				continue
			}
			levels, rest := taken(middle, rate, c.hz)
			if ripple := 20 * math.Log10(levels[0]/16000); math.Abs(ripple) > 0.1 {
				t.Errorf("%d Hz: a tone of %.0f Hz changes by %.2f dB", rate, c.hz, ripple)
			}
			if rest > 16000e-4 {
				t.Errorf("%d Hz: beside a tone of %.0f Hz there is %.1f dB", rate, c.hz, 20*math.Log10(rest/16000))
			}
		}
	}
	for _, channels := range []int{1, 2, 3, 6} {
		for _, piece := range []int{1, 7, 441, 1764} {
			mono := played(t, 44100, 1, 441, 440)[0]
			for c, sound := range played(t, 44100, channels, piece, 440) {
				want := mono
				if c >= 2 {
					want = make([]float64, len(mono))
				}
				if !slices.Equal(sound[:44100], want[:44100]) {
					t.Errorf("channel %d of %d in pieces of %d differs", c, channels, piece)
				}
			}
		}
	}
}

// TestARateThatNobodyConvertsTo is left to the library.
func TestARateThatNobodyConvertsTo(t *testing.T) {
	for rate, want := range map[int]int{44100: 44100, 384000: play.Rate, 4000: play.Rate, 47999: play.Rate} {
		if got := libraryRate(rate); got != want {
			t.Errorf("a device of %d Hz is opened at %d", rate, got)
		}
	}
}

// TestAFormDoesNotAllocate in the audio library's thread.
func TestAFormDoesNotAllocate(t *testing.T) {
	for _, rate := range []int{44100, 48000, 192000} {
		f, out := newForm(newRing(), rate, 2), make([]byte, 4*rate/25)
		f.fill(out)
		if n := testing.AllocsPerRun(100, func() { f.fill(out) }); n > 0 {
			t.Errorf("%d Hz: %g allocations a period", rate, n)
		}
	}
}
