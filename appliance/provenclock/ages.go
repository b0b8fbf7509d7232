package provenclock

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ages are the ages, on the timeline of a clock, at which things were first seen. A thing may be older than that, and is never
// younger.
type Ages map[string]time.Duration

// See notes what is there at an age: what is new is as old as that, and what is gone is forgotten. Where the timeline has
// begun anew, all move along with it, so that nothing becomes older or younger by that.
func (a Ages) See(age time.Duration, names []string) (changed bool) {
	newest := time.Duration(0)
	for _, at := range a {
		newest = max(newest, at)
	}
	if back := newest - age; back > 0 {
		for name := range a {
			a[name] -= back
		}
		changed = len(a) > 0
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
		if _, known := a[name]; !known {
			a[name], changed = age, true
		}
	}
	for name := range a {
		if !there[name] {
			delete(a, name)
			changed = true
		}
	}
	return changed
}

// Due tells whether a thing is older than its retention. What was never seen is not.
func (a Ages) Due(name string, age, retention time.Duration) bool {
	at, known := a[name]
	return known && age-at >= retention
}

// MaxAges bounds the text of Ages, in bytes: 200 000 names of recordings have 10 MB.
const MaxAges = 16 << 20

// Encode makes a text of them: a line each, the age in nanoseconds and the name, which has no line end.
func (a Ages) Encode() []byte {
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&b, "%d %s\n", int64(a[name]), name)
	}
	return b.Bytes()
}

// ParseAges reads what Encode has written. A line that makes no sense is left out: its thing is seen anew.
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
