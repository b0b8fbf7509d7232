package provenclock

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ages hold when things were first seen on the timeline of a clock: their Point.Born. A thing may be older than that, and is
// never younger.
type Ages map[string]time.Duration

// Names under which Ages keep the Point of their last change. A file cannot have such a name.
const (
	lastAge  = "/age"
	lastBorn = "/born"
)

// See notes what is there now: it notes new things at p.Born and forgets those that are gone. Where the timeline went back, all
// ages move back with it, so that nothing becomes older or younger by that. changed tells whether the ages must be saved.
func (a Ages) See(p Point, names []string) (changed bool) {
	changed = a.follow(p)
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
		if _, known := a[name]; !known {
			a[name], changed = p.Born, true
		}
	}
	for name := range a {
		if !there[name] && name != lastAge && name != lastBorn {
			delete(a, name)
			changed = true
		}
	}
	if a[lastAge], a[lastBorn] = p.Age, p.Born; len(names) == 0 {
		clear(a) // nothing to move
	}
	return changed
}

// follow moves all ages with a timeline that went back. Nothing stays noted in the future: it is there now.
func (a Ages) follow(p Point) (changed bool) {
	back := a.last().Back(p)
	for name, at := range a {
		if a[name] = min(at-back, p.Born); a[name] != at && name != lastAge && name != lastBorn {
			changed = true
		}
	}
	return changed
}

// Back is how far, at least, the timeline went back between two looks: things may be moved back by that much. It is 0 if the age
// grew (owed time was taken back), and if what is owed makes up for the age that was lost.
func (p Point) Back(now Point) time.Duration { return max(0, min(p.Age-now.Age, p.Born-now.Born)) }

// last is the Point of the last look, or one before it.
func (a Ages) last() Point {
	age, known := a[lastAge]
	born, too := a[lastBorn]
	if known && too {
		return Point{age, born}
	}
	newest := time.Duration(0) // a file from before
	for _, at := range a {
		newest = max(newest, at)
	}
	return Point{newest, newest}
}

// Due tells whether a thing is older than its retention. A thing that was never seen is not.
func (a Ages) Due(name string, age, retention time.Duration) bool {
	at, known := a[name]
	return known && age-at >= retention
}

// MaxAges bounds the text of Ages, in bytes: 200 000 names of recordings need 10 MB.
const MaxAges = 16 << 20

// Encode writes them as text: a line each, the age in nanoseconds and the name, which contains no line
// end.
func (a Ages) Encode() []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(a)) {
		fmt.Fprintf(&b, "%d %s\n", int64(a[name]), name)
	}
	return b.Bytes()
}

// ParseAges reads what Encode has written. It skips lines that make no sense: their things are seen anew.
func ParseAges(text []byte) Ages {
	a := Ages{}
	for line := range strings.Lines(string(text)) {
		number, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if at := time.Duration(n); ok && err == nil && name != "" && at > -mostAge && at < mostAge {
			a[name] = at
		}
	}
	return a
}
