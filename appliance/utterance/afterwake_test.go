package utterance

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/audio"
)

// spoken makes sound of stretches that are loud and quiet by turns, the first one loud.
func spoken(quiet int16, stretches ...time.Duration) (pcm []int16) {
	for i, d := range stretches {
		level := []int16{5000, quiet}[i%2]
		for k := range samplesOf(d) {
			pcm = append(pcm, level*int16(1-2*(k%2)))
		}
	}
	return pcm
}

func samplesOf(d time.Duration) int { return int(d * audio.Rate / time.Second) }

func TestAfterWake(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		pcm        []int16
		recognised time.Duration
		want       time.Duration
	}{
		"a pause, recognised in it":              {spoken(20, 800*ms, 500*ms, 1000*ms), 920 * ms, 860 * ms},
		"recognised before the end":              {spoken(20, 1000*ms, 500*ms, 1000*ms), 940 * ms, 1060 * ms},
		"recognised when the command has begun":  {spoken(20, 700*ms, 200*ms, 1000*ms), 1000 * ms, 760 * ms},
		"a gap within the wake word":             {spoken(20, 400*ms, 80*ms, 300*ms, 400*ms, 1000*ms), 800 * ms, 840 * ms},
		"spoken on at once":                      {spoken(20, 2500*ms), 900 * ms, 0},
		"a short command, and the pause is last": {spoken(20, 1300*ms, 700*ms), 900 * ms, 0},
		"a noisy room":                           {spoken(900, 800*ms, 500*ms, 1000*ms), 920 * ms, 0},
		"nothing after the wake word":            {spoken(20, 900*ms, 2000*ms), 900 * ms, 960 * ms},
		"nobody knows when":                      {spoken(20, 900*ms, 2000*ms), 0, 0},
		"later than its end":                     {spoken(20, 900*ms), 2 * time.Second, 0},
		"nothing":                                {nil, 100 * ms, 0},
	} {
		if got := audio.Time(AfterWake(c.pcm, samplesOf(c.recognised))); got != c.want {
			t.Errorf("%s: the command begins at %v, want %v", name, got, c.want)
		}
	}
}

func TestAfterWakeIsInTheRecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pcm := rapid.SliceOfN(rapid.Int16(), 0, 4000).Draw(t, "sound")
		recognised := rapid.IntRange(-1, 5000).Draw(t, "recognised")
		if at := AfterWake(pcm, recognised); at < 0 || at > len(pcm) {
			t.Fatalf("it begins at sample %d of %d", at, len(pcm))
		}
	})
}
