package moonshine

import (
	"time"

	"orac/models/infer"
)

// Where speech begins and ends. The figures were measured: models/README.md.
const (
	voiced = 0.5                    // a score of the voice gate that means speech
	margin = 200 * time.Millisecond // of sound kept before and after it
	quiet  = 60                     // the loudest sample of what counts as silence
)

// speech finds the part of a sound from its first voice to its last, with a margin, in samples. Without any voice, the reason says
// what the sound is instead.
func speech(gate *infer.VAD, pcm []int16) (from, to int, nothing Reason, err error) {
	const half = infer.Hop / 2
	gate.Reset()
	first, last := -1, -1
	loudest := int16(0)
	for at := 0; at < len(pcm); at += infer.Hop {
		var hop [infer.Hop]int16
		for _, x := range pcm[at : at+copy(hop[:], pcm[at:])] {
			loudest = max(loudest, x, -max(x, -32767))
		}
		scores, err := gate.Push(&hop)
		if err != nil {
			return 0, 0, "", err
		}
		for i, score := range scores {
			if score < voiced {
				continue
			}
			if first < 0 {
				first = at + i*half
			}
			last = at + (i+1)*half
		}
	}
	switch {
	case first >= 0:
		edge := int(margin.Seconds() * Rate)
		return max(0, first-edge), min(len(pcm), last+edge), "", nil
	case loudest <= quiet:
		return 0, 0, Silence, nil
	}
	return 0, 0, Noise, nil
}
