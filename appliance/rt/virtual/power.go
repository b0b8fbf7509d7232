package virtual

import (
	"maps"
	"math/rand/v2"
	"path"
	"slices"

	"orac/appliance/rt"
)

// change is a change of a name: a creation (no from), a removal (no to), or a rename.
type change struct {
	from, to string
	file     *file
}

func (c change) touches(names map[string]bool) bool { return names[c.from] || names[c.to] }

// note writes a change of a name into the journal.
func (d *Disk) note(c change) { d.journal = append(d.journal, c) }

// apply makes a change durable.
func (d *Disk) apply(c change) {
	gone := d.durable[c.to] // the file that a rename replaces
	if c.to == "" {
		gone = d.durable[c.from]
	}
	if c.from != "" {
		delete(d.durable, c.from)
	}
	if c.to != "" {
		d.durable[c.to] = c.file
	}
	if gone != nil {
		d.retire(gone)
	}
}

// retire keeps the memory of a file for reuse if it is no longer on the medium and cannot be reached.
func (d *Disk) retire(f *file) {
	if f.names == 0 && f.handles == 0 && cap(f.data) > cap(d.spare) {
		d.spare, f.data = f.data[:0], nil
	}
}

// syncNames makes the changes of a folder durable, together with the earlier changes that they build on.
func (d *Disk) syncNames(dir string) {
	sync := make([]bool, len(d.journal))
	names := map[string]bool{}
	for i, c := range slices.Backward(d.journal) {
		in := c.from != "" && path.Dir(c.from) == dir || c.to != "" && path.Dir(c.to) == dir
		if in || c.touches(names) {
			sync[i] = true
			for _, name := range []string{c.from, c.to} {
				if name != "" {
					names[name] = true
				}
			}
		}
	}
	left := d.journal[:0]
	for i, c := range d.journal {
		if sync[i] {
			d.apply(c)
		} else {
			left = append(left, c)
		}
	}
	clear(d.journal[len(left):])
	d.journal = left
}

// PowerLoss leaves only what has reached the medium for certain: the least that a real disk keeps. Afterwards the disk is on
// again, and files that were open before can no longer be used.
func (d *Disk) PowerLoss() { d.lose(nil) }

// TornPowerLoss is PowerLoss on a disk that was about to write. Some of what was not synced has reached the medium, as drawn from
// r. Of the journal, the first entries count, up to a random one. The unsynced part of a file is missing, cut anywhere, present
// in part (each of its sectors of 512 bytes is there or zero), or of full length and zero.
func (d *Disk) TornPowerLoss(r *rand.Rand) { d.lose(r) }

func (d *Disk) lose(r *rand.Rand) {
	if r != nil {
		for _, c := range d.journal[:r.IntN(len(d.journal)+1)] {
			d.apply(c)
		}
	}
	d.journal, d.spare, d.used = nil, nil, 0
	d.files = map[string]*file{}
	for _, name := range slices.Sorted(maps.Keys(d.durable)) { // in order, for r
		f := &file{data: d.durable[name].left(r), names: 1}
		f.synced = len(f.data)
		d.files[name], d.durable[name] = f, f
		d.used += int64(len(f.data))
	}
	d.off, d.crash = false, crash{}
}

const sector = 512

// left returns the contents of a file after a loss of power.
func (f *file) left(r *rand.Rand) []byte {
	data := slices.Clone(f.data[:f.synced])
	for _, l := range f.lost {
		clear(data[l[0]:l[1]])
	}
	rest := f.data[f.synced:]
	if r == nil || len(rest) == 0 {
		return data
	}
	there := func() bool { return false }
	switch r.IntN(4) {
	case 0:
		return data
	case 1:
		rest = rest[:r.IntN(len(rest)+1)]
		there = func() bool { return true }
	case 2:
		there = func() bool { return r.IntN(2) == 0 }
	}
	for at := f.synced; len(rest) > 0; {
		n := min(len(rest), sector-at%sector)
		if there() {
			data = append(data, rest[:n]...)
		} else {
			data = append(data, make([]byte, n)...)
		}
		at, rest = at+n, rest[n:]
	}
	return data
}

// crash is when the power fails.
type crash struct {
	at    int // number of the change; 0: never
	after bool
	then  func()
}

// PowerOff cuts the power now: no operation returns until PowerLoss or TornPowerLoss is called, not even operations of the
// deferred functions that run when the driver is closed.
func (d *Disk) PowerOff() { d.off = true }

// CrashAt makes the power fail at the n-th change from the beginning, counted from 1 as Changes does: either right before it has
// any effect, or right after it had all of its effect and before the task learns of it. It then calls then, which may stop the
// world (Driver.Halt). From then on no operation of this disk returns: the task ends where it is. PowerLoss or TornPowerLoss sets
// what is left, and turns the disk on again.
func (d *Disk) CrashAt(n int, after bool, then func()) { d.crash = crash{n, after, then} }

func (d *Disk) crashIf(after bool) {
	if d.crash.at != d.changes || d.crash.after != after || d.crash.at == 0 {
		return
	}
	d.PowerOff()
	if d.crash.then != nil {
		d.crash.then()
	}
	d.unwindIfOff()
}

// unwindIfOff ends a task that starts any operation after the power has failed.
func (d *Disk) unwindIfOff() {
	if d.off {
		panic(rt.Unwind{})
	}
}
