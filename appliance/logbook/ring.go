package logbook

// entry is a line and the number of bytes it counts for in the ring.
type entry struct {
	seq  uint64
	text []byte // as JSON, without its number; part of a piece that it shares with its neighbours
	size int
}

// ring keeps the newest lines of one kind within its own bounds: no kind pushes out lines of another.
type ring struct {
	lines, bytes int // at most

	kept    []entry
	head, n int
	size    int // of the kept lines
}

// at returns the i-th line, oldest first.
func (r *ring) at(i int) entry { return r.kept[(r.head+i)%len(r.kept)] }

// add keeps a line, and drops the oldest lines to make room.
func (r *ring) add(e entry) {
	for r.n > 0 && (r.n == r.lines || r.size+e.size > r.bytes) {
		r.size -= r.kept[r.head].size
		r.kept[r.head] = entry{}
		r.head = (r.head + 1) % len(r.kept)
		r.n--
	}
	if r.n == len(r.kept) {
		r.grow()
	}
	r.kept[(r.head+r.n)%len(r.kept)] = e
	r.n++
	r.size += e.size
}

// grow doubles the room for lines, up to the bound.
func (r *ring) grow() {
	more := make([]entry, min(r.lines, max(64, 2*len(r.kept))))
	for i := range r.n {
		more[i] = r.at(i)
	}
	r.kept, r.head = more, 0
}

// after returns the place of the first line with a higher number.
func (r *ring) after(seq uint64) int {
	low, high := 0, r.n
	for low < high {
		if middle := (low + high) / 2; r.at(middle).seq > seq {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}
