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
	for at := 0; at < len(pcm); at += infer.Hop {
		var hop [infer.Hop]int16
		copy(hop[:], pcm[at:])
		two, err := e.gate.Push(&hop)
		if err != nil {
			return nil, err
		}
		scores = append(scores, two[:]...)
	}
	return scores, nil
}

// speech finds the samples of a sound from its first voice to its last, with a margin. Without any voice, the reason says what the sound
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
		return max(0, first-samples(margin)), min(len(pcm), last+samples(margin)), "", nil
	case loudest(pcm) <= quiet:
		return 0, 0, Silence, nil
	}
	return 0, 0, Noise, nil
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
