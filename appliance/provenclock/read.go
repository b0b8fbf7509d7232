package provenclock

import (
	"time"

	"orac/appliance/statedir"
)

// Stale is how long ago an appliance that runs has written its mark, at most.
const Stale = SaveEvery + lookEvery

// Read gives how old a state directory is, as the appliance that runs in it wrote down last. It is not known, and ok false, where
// none has run, or where the mark cannot be read.
func Read(state *statedir.Dir) (age time.Duration, ok bool) {
	m, err := readMark(state)
	return m.Age, err == nil
}

// Now gives the Point of a state directory for what begins now, outside the appliance that may run in it: Read ages that by nothing
// that was before. proven says whether the wall clock is synchronised. The Point is not known, and ok false, where none has run, and
// where a process may still find time off that cannot be told now.
func Now(state *statedir.Dir, wall time.Time, proven bool) (p Point, ok bool) {
	m, err := readMark(state)
	if err != nil {
		return p, false
	}
	after := Stale // an appliance that runs may be so much further
	if !m.Anchor.IsZero() {
		if !proven {
			return p, false
		}
		m, _ = m.Step(Reading{Wall: wall, Proven: true, First: true})
		after = 0
	}
	return Point{Age: m.Age, Born: m.Age + m.Owed + after}, true
}

func readMark(state *statedir.Dir) (Mark, error) {
	text, err := state.ReadFile(Dir+"/"+File, maxMark)
	if err != nil {
		return Mark{}, err
	}
	return Parse(text)
}
