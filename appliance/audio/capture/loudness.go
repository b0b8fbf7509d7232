package capture

import (
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
)

// Loudness is how loud it was at a microphone, as 16-bit amplitudes.
type Loudness struct {
	RMS  float64
	Peak int
}

// loudnessHops is how many hops a loudness covers: half a second.
const loudnessHops = 6

// Measure listens to a microphone for half a second and keeps no sound. Each hop may take as long as wait.
func Measure(t *rt.Task, s Spec, wait time.Duration) (heard Loudness, err error) {
	stream, err := New(s).Open(t)
	if err != nil {
		return heard, err
	}
	defer stream.Close(t)
	var hop [audio.HopSamples]int16
	for range loudnessHops {
		if err := stream.Read(t, &hop, t.Now().Add(wait)); err != nil {
			return heard, err
		}
		heard.RMS, heard.Peak = max(heard.RMS, float64(audio.RMS(hop[:]))), max(heard.Peak, audio.Peak(hop[:]))
	}
	return heard, nil
}
