package moonshine

import (
	"math"
	"slices"
	"time"

	"orac/models/infer"
)

// Where speech begins and ends. The figures were measured: models/README.md.
const (
	voiced = 0.5                    // a score of the voice gate that means speech
	before = 200 * time.Millisecond // of sound kept before the first voice
	after  = 100 * time.Millisecond // of sound kept after the last
	quiet  = 60                     // the loudest sample of what counts as silence
)

// The voice gate misses quiet speech, which the encoder understands as well as loud speech. So quiet sound is made louder for the gate.
const (
	speaking = 4000 // the level (RMS) that it gets
	mostGain = 100
	loudPart = 5 // the level of a sound is that of its fifth loudest part: a click, or a door, is shorter
)

// Where a long sound is cut into pieces.
const (
	pause   = 700 * time.Millisecond // without a voice: a piece ends in the middle of it
	longest = 15 * time.Second       // of a piece; speech without a pause is cut where the voice is weakest, in the last third
)

// part is what the voice gate scores at once: 40 ms.
const part = infer.Hop / 2

// voices scores each part of a sound.
func (e *Engine) voices(pcm []int16) ([]float32, error) {
	e.gate.Reset()
	scores := make([]float32, 0, len(pcm)/part+2)
	gain := gainFor(pcm)
	for at := 0; at < len(pcm); at += infer.Hop {
		var hop [infer.Hop]int16
		for i, x := range pcm[at:min(len(pcm), at+infer.Hop)] {
			hop[i] = int16(min(max(gain*float64(x), math.MinInt16), math.MaxInt16))
		}
		two, err := e.gate.Push(&hop)
		if err != nil {
			return nil, err
		}
		scores = append(scores, two[:]...)
	}
	return scores, nil
}

// speech finds the samples of a sound from its first voice to its last, with margins. Without any voice, the reason says what the sound
// is instead.
func (e *Engine) speech(pcm []int16) (from, to int, nothing Reason, err error) {
	scores, err := e.voices(pcm)
	if err != nil {
		return 0, 0, "", err
	}
	first, last := -1, -1
	for i, score := range scores {
		if score < voiced {
			continue
		}
		if first < 0 {
			first = i * part
		}
		last = (i + 1) * part
	}
	switch {
	case first >= 0:
		return max(0, first-samples(before)), min(len(pcm), last+samples(after)), "", nil
	case loudest(pcm) <= quiet:
		return 0, 0, Silence, nil
	}
	return 0, 0, Noise, nil
}

// gainFor is by how much the voice gate must have a sound louder: 1 if it is loud enough, or silent.
func gainFor(pcm []int16) float64 {
	if loudest(pcm) <= quiet {
		return 1
	}
	var levels []float64
	for p := range slices.Chunk(pcm, part) {
		sum := 0.0
		for _, x := range p {
			sum += float64(x) * float64(x)
		}
		levels = append(levels, math.Sqrt(sum/float64(len(p))))
	}
	slices.Sort(levels)
	level := levels[max(0, len(levels)-loudPart)]
	return min(max(speaking/max(level, 1), 1), mostGain)
}

func loudest(pcm []int16) (most int16) {
	for _, x := range pcm {
		most = max(most, x, -max(x, -32767))
	}
	return most
}

// Piece returns how many samples at the beginning of a sound make a piece to transcribe by itself: it ends in a pause, and is at most 15 s
// long. It returns 0 if more of the sound is needed to tell.
func (e *Engine) Piece(pcm []int16) (int, error) {
	whole := len(pcm) >= samples(longest)
	scores, err := e.voices(pcm[:min(len(pcm), samples(longest))])
	if err != nil {
		return 0, err
	}
	silent, began := 0, false
	for i, score := range scores {
		if score >= voiced {
			silent, began = 0, true
			continue
		}
		if silent++; began && silent*part >= samples(pause) {
			return min(len(pcm), (i+1)*part-silent*part/2), nil
		}
	}
	if !whole {
		return 0, nil
	}
	weakest := len(scores) - 1
	for i := weakest; i >= len(scores)*2/3 && began; i-- {
		if scores[i] < scores[weakest] {
			weakest = i
		}
	}
	return min(samples(longest), (weakest+1)*part), nil
}

func samples(d time.Duration) int { return int(d * Rate / time.Second) }
