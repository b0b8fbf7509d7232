package virtual

import (
	"path"
	"slices"
	"syscall"

	"orac/appliance/rt"
)

// fault is one call of Break.
type fault struct {
	op, pattern string
	err         error
}

// Break makes operations fail with an error, such as syscall.EIO: operations of one kind, or all if op is empty, on the names
// that match a pattern of path.Match, or on all if it is empty. The fault ends when mend is called. A bad pattern matches
// nothing.
func (d *Disk) Break(op, pattern string, err error) (mend func()) {
	f := &fault{op, pattern, err}
	d.faults = append(d.faults, f)
	return func() { d.faults = slices.DeleteFunc(d.faults, func(x *fault) bool { return x == f }) }
}

// refuses returns why an operation fails; nil if it does not.
func (d *Disk) refuses(op, name string, writes bool) error {
	if writes && d.ReadOnly && op != "sync" && op != "syncdir" { // there is nothing left to sync
		return syscall.EROFS
	}
	for _, f := range d.faults {
		if f.op != "" && f.op != op {
			continue
		}
		if fits, _ := path.Match(f.pattern, name); fits || f.pattern == "" {
			return f.err
		}
	}
	if d.Fail != nil {
		return d.Fail(op, name)
	}
	return nil
}

// takeTime makes the task wait for a slow medium.
func (d *Disk) takeTime(t *rt.Task, op, name string) {
	if d.Slow == nil || t == nil {
		return
	}
	if takes := d.Slow(op, name); takes > 0 {
		medium := t.Shield("disk", func(t *rt.Task) error { return t.Sleep(takes) })
		_ = t.Outlast(medium, rt.Never) // ends when the time is over, and in no other way
	}
}
