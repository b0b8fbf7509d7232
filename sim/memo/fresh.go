package memo

import (
	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/node"
)

// Fresh changes inference in one respect: a voice gate is reset at every quiet hop that follows a second of quiet. A hop
// is quiet if its RMS on the int16 scale is below quiet.
//
// Silero's state remembers minutes and never returns exactly to an earlier value: in 400 rounds of a loop it did not. So in a
// loop a Memo by itself saves no gate computations. With Fresh, a command that follows a second of quiet is computed once, and so
// is silence, whose hops are all alike. The price is fidelity: the scores are those of a gate that has just been opened. Use it
// for long runs, and say so in their reports.
func Fresh(i graph.Inference, quiet float32) graph.Inference {
	open := i.Gate
	i.Gate = func() (node.Gate, error) {
		g, err := open()
		if err != nil {
			return nil, err
		}
		return &fresh{Gate: g, below: quiet}, nil
	}
	return i
}

// settled is the number of quiet hops in a second; the delay of the gate is shorter.
const settled = audio.Rate / audio.HopSamples

type fresh struct {
	node.Gate
	below float32
	quiet int // hops in a row
}

func (f *fresh) Push(pcm *[audio.HopSamples]int16) (float32, error) {
	if audio.RMS(pcm[:]) >= f.below {
		f.quiet = 0
	} else if f.quiet++; f.quiet > settled {
		f.Gate.Reset()
	}
	return f.Gate.Push(pcm)
}

func (f *fresh) Reset() {
	f.quiet = 0
	f.Gate.Reset()
}
