package sim

import (
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/sim/trial/tally"
)

// level makes a sound of samples that are all the same.
func level(v int16, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = v
	}
	return pcm
}

func TestAProgramMixesAndClips(t *testing.T) {
	var p program
	p.background = [][audio.HopSamples]int16{{0: 7, 1: 7}, {0: -7}}
	p.add(play{pcm: level(20000, audio.HopSamples+3), Sound: tally.Sound{At: 2 * audio.HopTime}})
	p.add(play{pcm: level(20000, audio.HopSamples), Sound: tally.Sound{At: 3*audio.HopTime + time.Millisecond}}) // on the grid of hops
	p.add(play{pcm: level(-32768, audio.HopSamples), Sound: tally.Sound{At: 4 * audio.HopTime}})
	p.sort()
	tests := []struct {
		hop           int64
		first, second int16
		last          int16
	}{
		{0, 7, 7, 0}, {1, -7, 0, 0}, // the background, again and again
		{2, 20007, 20007, 20000},    // mixed
		{3, 32767, 32767, 20000},    // clipped where two are loud; the first is over after three samples
		{4, -32761, -32761, -32768}, // the background is louder than the bottom
		{5, -7, 0, 0}, {6, 7, 7, 0},
		{3, 32767, 32767, 20000}, // once more for another reader, who is a little behind
		{-1, -7, 0, 0},
	}
	for _, test := range tests {
		var pcm [audio.HopSamples]int16
		p.fill(&pcm, test.hop)
		if pcm[0] != test.first || pcm[1] != test.second || pcm[audio.HopSamples-1] != test.last {
			t.Errorf("hop %d is %d %d … %d; want %d %d … %d", test.hop, pcm[0], pcm[1], pcm[audio.HopSamples-1], test.first, test.second, test.last)
		}
	}
	if x := p.plays[0]; x.Until-x.At != 2*audio.HopTime {
		t.Errorf("a sound of one hop and three samples is heard for %v", x.Until-x.At)
	}
}

func TestNoiseHasItsLevelAndIsTheSameEverywhere(t *testing.T) {
	for _, want := range []int{40, 1000, 12000} {
		a, b := noise(3, want, 8), noise(3, want, 8)
		for i := range a {
			if rms := float64(audio.RMS(a[i][:])); rms < 0.9*float64(want) || rms > 1.1*float64(want) {
				t.Errorf("noise of %d has an RMS of %.0f", want, rms)
			}
			if a[i] != b[i] {
				t.Error("the same seed gives other noise")
			}
			if i > 0 && a[i] == a[i-1] {
				t.Error("two hops are alike: that is a stuck microphone")
			}
		}
	}
	if noise(3, 0, 8) != nil {
		t.Error("noise without a level is no silence")
	}
}
