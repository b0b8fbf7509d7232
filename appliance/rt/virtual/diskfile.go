package virtual

import (
	"io/fs"
	"syscall"

	"orac/appliance/rt"
)

// openFile is a file being written.
type openFile struct {
	disk   *Disk
	file   *file
	name   string   // the name it was created with
	task   *rt.Task // the task that created it; slow operations take this task's time
	closed bool
}

// Write implements rt.File. If p does not fit, it writes what fits and returns ENOSPC.
func (o *openFile) Write(p []byte) (n int, err error) {
	d := o.disk
	err = d.do(o.task, "write", o.name, func() error {
		if o.closed {
			return fs.ErrClosed
		}
		n = int(min(int64(len(p)), max(0, d.Capacity-d.used)))
		d.used += int64(n)
		d.append(o.file, p[:n])
		if n < len(p) {
			return syscall.ENOSPC
		}
		return nil
	})
	return n, err
}

// append adds to the contents of a file. Long files double their room, and reuse the room of files that are gone: a simulated day
// spends most of its time here.
func (d *Disk) append(f *file, p []byte) {
	const long = 4096
	if need := len(f.data) + len(p); need > cap(f.data) && need > long {
		room := d.spare
		if d.spare = nil; cap(room) < need {
			room = make([]byte, 0, 2*need)
		}
		f.data = append(room[:0], f.data...)
	}
	f.data = append(f.data, p...)
}

// Sync implements rt.File. A sync that fails loses what it should have written to the medium.
func (o *openFile) Sync() error {
	f, lost := o.file, true
	err := o.disk.do(o.task, "sync", o.name, func() error {
		if lost = false; o.closed {
			return fs.ErrClosed
		}
		f.synced = len(f.data)
		return nil
	})
	if err != nil && lost && f.synced < len(f.data) {
		f.lost = append(f.lost, [2]int{f.synced, len(f.data)})
		f.synced = len(f.data)
	}
	return err
}

// Close implements rt.File. It syncs nothing and never fails on an open file.
func (o *openFile) Close() error {
	if o.closed {
		return &fs.PathError{Op: "close", Path: o.name, Err: fs.ErrClosed}
	}
	o.closed = true
	o.file.handles--
	o.disk.reclaim(o.file)
	return nil
}
