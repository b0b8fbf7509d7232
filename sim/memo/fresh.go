package memo

import (
	"orac/appliance"
	"orac/appliance/audio"
	"orac/appliance/node"
)

// Fresh changes inference in one thing: a voice gate starts afresh at every hop of quiet that follows a second of quiet.
// quiet is the RMS on the int16 scale below which a hop is.
//
// Silero's state remembers minutes, and never comes back to exactly where it was: in 400 rounds of a loop it did not. So a Memo alone
// saves a gate nothing in a loop. With Fresh a command that follows a second of quiet costs once, and so does silence, whose
// hops are all alike. The price is fidelity: the scores are those of a gate that has just been opened. It is for long runs,
// and their reports should say so.
func Fresh(i appliance.Inference, quiet float32) appliance.Inference {
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

// settled is how many hops of quiet are a second; the delay of the gate is shorter.
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
