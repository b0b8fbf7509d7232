package memo

import (
	"math/bits"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/models/wake"
	"orac/sim/trial/sound"
)

// Modelled is an integer model of inference for the sounds of sim/trial/sound. The head of a model scores 0.9 when the wake word of the
// model's name ends (from 120 ms before its end, to the end of the hop that holds it) and in the few hops that follow, and
// between 0.01 and 0.1 in all others. The voice gate returns 1 for loud sound, with the delay of the real one. Like real heads,
// the heads are masked for 16 hops after a reset. If the runbook names classes for a model, its head has those classes, and its
// wake word belongs to the first.
//
// Its results are the same on every machine: all decisions are made in integers, and the floats that it returns are quotients of
// small integers.
func Modelled() graph.Inference {
	return graph.Inference{
		Extractor: func() (node.Extractor, error) { return listener{}, nil },
		Gate:      func() (node.Gate, error) { return &loudness{}, nil },
		Model: func(m graph.ModelFile) (wake.Model, error) {
			return wake.Model{Classes: max(1, len(m.Classes)), Labels: m.Classes}, nil
		},
		Head: func(m graph.ModelFile) (node.Classifier, error) {
			return &matcher{tune: sound.Tune(m.Name), scores: make([]float32, max(1, len(m.Classes)))}, nil
		},
	}
}

// listener writes into an embedding which note fills the hop, and its level.
type listener struct{}

func (listener) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	h := sound.Listen(pcm)
	square := uint64(h.Energy / audio.HopSamples)
	clear(out[:])
	out[0] = float32(h.Note + 1)
	out[1] = float32(bits.Len64(square))
	out[2] = float32(square & 0xffff)
	return nil
}
func (listener) Reset() error { return nil }
func (listener) Close() error { return nil }

const (
	modelledWindow = 16
	// held is how many hops a score stays up: as with a real head, the word is still within the window.
	held = 4
)

// matcher is a modelled head.
type matcher struct {
	tune   [sound.Tones]uint8
	notes  [modelledWindow]int8 // heard in the newest hops, oldest first; -1 for none
	seen   int                  // hops since reset, at most modelledWindow
	scores []float32
}

// Push implements node.Classifier.
func (m *matcher) Push(e *[96]float32) ([]float32, bool, error) {
	copy(m.notes[:], m.notes[1:])
	m.notes[modelledWindow-1] = int8(int(e[0]) - 1)
	m.seen = min(m.seen+1, modelledWindow)
	clear(m.scores)
	if m.seen < modelledWindow {
		return m.scores, true, nil
	}
	m.scores[0] = float32(10+int(e[2])%91) / 1000
	for ago := range held {
		if m.ends(modelledWindow - 1 - ago) {
			m.scores[0] = 0.9
		}
	}
	return m.scores, false, nil
}

// ends tells whether the tune ends with a hop. Going back, each note must be heard in one to three hops, with at most one
// hop between two notes that neither of them fills.
func (m *matcher) ends(at int) bool {
	for i := sound.Tones - 1; i >= 0; i-- {
		if i < sound.Tones-1 && at >= 0 && m.notes[at] < 0 {
			at--
		}
		n := 0
		for at >= 0 && m.notes[at] == int8(m.tune[i]) {
			at--
			n++
		}
		if n < 1 || n > sound.NoteHops+1 {
			return false
		}
	}
	return true
}

// Window is the number of embeddings that a score depends on.
func (m *matcher) Window() int { return modelledWindow }

// Reset implements node.Classifier.
func (m *matcher) Reset() { m.seen = 0 }

// Close implements node.Classifier.
func (m *matcher) Close() error { return nil }

// loudness is a modelled voice gate.
type loudness struct{ delay wake.Gate }

// loud is the RMS from which sound counts as a voice.
const loud = 500

// Push implements node.Gate.
func (l *loudness) Push(pcm *[audio.HopSamples]int16) (float32, error) {
	var voice float32
	if sound.Energy(pcm) >= loud*loud*audio.HopSamples {
		voice = 1
	}
	return l.delay.Push([2]float32{voice, voice}), nil
}

// Reset implements node.Gate.
func (l *loudness) Reset() { l.delay.Reset() }

// Close implements node.Gate.
func (l *loudness) Close() error { return nil }

// AppendState and SetState make its past a value, like that of the real gate.
func (l *loudness) AppendState(b []byte) []byte { return l.delay.AppendState(b) }
func (l *loudness) SetState(b []byte) error     { return l.delay.SetState(b) }
