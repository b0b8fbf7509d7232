package node

import (
	"time"

	"orac/appliance/play"
	"orac/appliance/rt"
)

// Cells are values that nodes share, by name. The map is used by whoever builds nodes; the cells by all.
type Cells[T any] struct{ cells map[string]*rt.Cell[T] }

// Of is the cell of a name; one of its own if nobody keeps them.
func (x *Cells[T]) Of(name string) *rt.Cell[T] {
	if x == nil {
		return &rt.Cell[T]{}
	}
	if x.cells == nil {
		x.cells = map[string]*rt.Cell[T]{}
	}
	c, ok := x.cells[name]
	if !ok {
		c = &rt.Cell[T]{}
		x.cells[name] = c
	}
	return c
}

// Aloud says until when each speaker is known to speak, so that a trigger that hears it does not take its words for those of a person.
type Aloud = Cells[rt.Instant]

// WakeSounds says of each listener whether a sound follows a wake word, if somebody has switched that. It lasts until the next start.
type WakeSounds = Cells[Switched]

// Switched is a switch; the zero value is one that nobody has touched.
type Switched struct{ Touched, On bool }

// Or is what holds: what somebody has switched, or what is declared.
func (s Switched) Or(declared bool) bool {
	if s.Touched {
		return s.On
	}
	return declared
}

// Echoes is how long what was handed to a speaker may still be heard: on its way, in its buffers, and in the window of a model, which holds
// the whole wake word.
const Echoes = play.Lead*play.FrameTime + 100*time.Millisecond + 600*time.Millisecond

// speaks notes that the speaker speaks, and is heard.
func (n *Player) speaks(t *rt.Task) {
	if n.mixer.Highest() >= play.Answer && n.kept.loud() > 0 {
		n.Aloud.Take(rt.NewCell(t.Now().Add(Echoes)))
	}
}
