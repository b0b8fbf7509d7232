package node

import (
	"time"

	"orac/appliance/play"
	"orac/appliance/rt"
)

// Aloud says until when each speaker is known to speak, so that a trigger that hears it does not take its words for those of a person. Its
// map is used by whoever builds nodes; the cells by all.
type Aloud struct {
	cells map[string]*rt.Cell[rt.Instant]
}

// Of is the cell of a speaker; one of its own if nobody keeps them.
func (a *Aloud) Of(speaker string) *rt.Cell[rt.Instant] {
	if a == nil {
		return &rt.Cell[rt.Instant]{}
	}
	if a.cells == nil {
		a.cells = map[string]*rt.Cell[rt.Instant]{}
	}
	c, ok := a.cells[speaker]
	if !ok {
		c = &rt.Cell[rt.Instant]{}
		a.cells[speaker] = c
	}
	return c
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
