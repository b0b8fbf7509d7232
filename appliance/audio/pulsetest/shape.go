package pulsetest

import (
	"encoding/binary"
	"time"
)

// Shape changes what a microphone hears. With the zero value it hears silence where nothing plays, and nothing goes wrong. Its
// functions are called by one goroutine, with pieces of 10 ms.
type Shape struct {
	Background func(pcm []int16) // fills what is heard where nothing plays, and is mixed under what does; nil: silence
	Instead    func(pcm []int16) // changes the final sound; if it overwrites it, what plays meanwhile is lost
	Rate       float64           // how fast its clock is: 1 is right, and 0 means 1
	Lose       func() bool       // whether a piece is lost on its way
	Crumbs     bool              // pieces arrive in parts of odd sizes, of at least one sample
}

// Shape changes what the microphone hears, from the next piece on.
func (m *Mic) Shape(s Shape) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shape = s
}

// pace is how long a piece takes.
func (m *Mic) pace() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shape.Rate <= 0 {
		return piece
	}
	return time.Duration(float64(piece) / m.shape.Rate)
}

// formed returns the bytes that are written for a piece.
func (m *Mic) formed(pcm []int16) [][]byte {
	m.mu.Lock()
	lose, crumbs := m.shape.Lose, m.shape.Crumbs
	m.mu.Unlock()
	if lose != nil && lose() {
		return nil
	}
	b := make([]byte, 0, 2*len(pcm))
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	if !crumbs {
		return [][]byte{b}
	}
	var out [][]byte
	for size := 1; len(b) > 0; size = size*3%101 + 1 {
		n := min(2*size, len(b)) // whole samples: the server accepts nothing else
		out, b = append(out, b[:n]), b[n:]
	}
	return out
}
