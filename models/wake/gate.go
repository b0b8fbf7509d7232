package wake

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Gate delays voice scores so that a wake word is compared with the voice that
// spoke it.
//
// openWakeWord 0.6 (model.py, predict) appends the score of the current hop, which is the mean
// of its two 640-sample chunks (vad.py, predict), to a list and then uses the maximum of
// list[-7:-4]. Index -1 is the current hop, so that slice is the hops 7, 6 and 5 from the end:
// those 6, 5 and 4 hops before the current one, that is 0.48, 0.40 and 0.32 s earlier by their
// position in the list. (Its comment, "0.4 to 0.56 seconds", counts to the start of the hop 7
// from the end and from the current hop's end.) While fewer than five hops were heard, the
// slice is empty and the maximum is 0; with five or six hops it holds one or two.
//
// The zero value is ready. It does not allocate.
type Gate struct {
	past [7]float32 // scores of the newest hops, oldest first
	n    int        // how many of them are real
}

// Push adds the two chunk scores of a hop and returns the voice score to
// compare with the wake word scores of that hop.
func (g *Gate) Push(chunks [2]float32) float32 {
	copy(g.past[:], g.past[1:])
	g.past[6] = (chunks[0] + chunks[1]) / 2
	if g.n < len(g.past) {
		g.n++
	}
	voice := float32(0)
	for i := len(g.past) - g.n; i < 3; i++ { // past[0:3] is list[-7:-4]
		voice = max(voice, g.past[i])
	}
	return voice
}

// Reset forgets all hops.
func (g *Gate) Reset() { *g = Gate{} }

// gateState is the size of a Gate's state: seven scores and how many of them are real.
const gateState = 4*7 + 1

// AppendState appends everything that the gate remembers.
func (g *Gate) AppendState(b []byte) []byte {
	for _, v := range g.past {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return append(b, byte(g.n))
}

// SetState replaces everything that the gate remembers with what AppendState
// appended.
func (g *Gate) SetState(b []byte) error {
	if len(b) != gateState || int(b[gateState-1]) > len(g.past) {
		return fmt.Errorf("voice gate: a saved state of %d bytes is not valid (%d are expected)", len(b), gateState)
	}
	for i := range g.past {
		g.past[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	g.n = int(b[gateState-1])
	return nil
}
