package provenclock

import (
	"time"

	"orac/appliance/statedir"
)

// Read gives how old a state directory is, as the appliance that runs in it wrote down last: SaveEvery ago at most, if one
// runs. It is not known, and ok false, where none has run, or where the mark cannot be read.
func Read(state *statedir.Dir) (age time.Duration, ok bool) {
	text, err := state.ReadFile(Dir+"/"+File, maxMark)
	if err != nil {
		return 0, false
	}
	m, err := Parse(text)
	return m.Age, err == nil
}
