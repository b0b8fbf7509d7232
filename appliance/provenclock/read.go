package provenclock

import (
	"time"

	"orac/appliance/statedir"
)

// Stale is the greatest age of the mark that a running appliance has written.
const Stale = SaveEvery + lookEvery

// Read returns how old a state directory is, as last written by the appliance that runs in it. It is not known, and ok is false,
// where none has run, or where the mark cannot be read.
func Read(state *statedir.Dir) (age time.Duration, ok bool) {
	m, err := readMark(state)
	return m.Age, err == nil
}

// Now returns the Point of a state directory for something that begins now, outside the appliance that may run in it: Read does
// not add earlier time to its age. proven says whether the wall clock is synchronised. The Point is not known, and ok is false,
// where no appliance has run, and where a process may still find time off that cannot be known yet.
func Now(state *statedir.Dir, wall time.Time, proven bool) (p Point, ok bool) {
	m, err := readMark(state)
	if err != nil {
		return p, false
	}
	after := Stale // a running appliance may be ahead by this much
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
