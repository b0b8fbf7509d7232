package virtual

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"orac/appliance/rt"
)

// Disk is a model of a file system that remembers what has reached the medium, and that can break as real ones do. Capacity,
// ReadOnly, Fail, Break and Slow set what goes wrong while it runs; PowerLoss, TornPowerLoss and CrashAt set what is left when
// the power fails.
//
// What is modelled, and how:
//
//   - The contents of a file reach the medium when it is synced; creations, renames and removals when their folder is. This is
//     what POSIX promises. Most real file systems keep more, such as the name of a file that was synced.
//   - Names change as in a journal. A rename happens completely or not at all, even between folders. Among changes that were not
//     synced, a later one never survives an earlier one.
//   - A sync that fails loses for good what it should have written, as Linux does: a later sync that succeeds does not bring it
//     back (it can still be read until the power fails).
//   - A write that does not fit writes what fits. Only contents need room; a removed file does until it is closed.
//   - Creating or removing a folder is durable at once. Files only grow. Modes, links and times do not exist.
//
// Operations need no time unless Slow says so. A Disk belongs to one driver.
type Disk struct {
	Capacity int64 // bytes
	ReadOnly bool  // every change fails with EROFS, as after a remount because of errors
	// Fail returns the error that an operation fails with, or nil to let it happen. op is one of Ops.
	Fail func(op, name string) error
	// Slow returns how long an operation takes before it happens. Nothing interrupts it: a task that is told to stop meanwhile
	// waits for it, as in a real system call. nil: no time.
	Slow func(op, name string) time.Duration

	files   map[string]*file // as programs see them
	durable map[string]*file // as they are after a power loss
	journal []change         // changes of names that are not durable yet, in order
	dirs    map[string]bool
	used    int64
	faults  []*fault
	spare   []byte // memory of a file that is gone, for the next one that grows

	counts  map[string]int
	changes int
	crash   crash
	off     bool
}

// Ops are the operations of a disk. All except read and list change something.
var Ops = []string{"mkdir", "create", "write", "sync", "rename", "remove", "syncdir", "read", "list"}

// file is the contents of a file, which has any number of names.
type file struct {
	data    []byte
	synced  int      // bytes that have reached the medium
	lost    [][2]int // the ranges of those, from and to, that a failed sync has lost
	names   int      // names that programs see
	handles int      // open handles
}

// NewDisk makes an empty disk.
func NewDisk(capacity int64) *Disk {
	return &Disk{
		Capacity: capacity, files: map[string]*file{}, durable: map[string]*file{}, dirs: map[string]bool{".": true}, counts: map[string]int{},
	}
}

// Files returns the names of all files, in order.
func (d *Disk) Files() []string { return slices.Sorted(maps.Keys(d.files)) }

// Peek returns the contents that programs see in a file, whatever breaks: it is for observers outside the world. nil if there is
// no such file.
func (d *Disk) Peek(name string) []byte {
	if f := d.files[name]; f != nil {
		return slices.Clone(f.data)
	}
	return nil
}

// Count returns how often an operation was begun, whether it succeeded or not.
func (d *Disk) Count(op string) int { return d.counts[op] }

// Changes returns how many operations that change something were begun. CrashAt counts the same way.
func (d *Disk) Changes() int { return d.changes }

// do takes an operation through everything that can happen to it, and finally carries it out.
func (d *Disk) do(t *rt.Task, op, name string, f func() error) error {
	d.takeTime(t, op, name)
	d.unwindIfOff()
	d.counts[op]++
	writes := op != "read" && op != "list"
	if writes {
		d.changes++
		d.crashIf(false)
	}
	err := d.refuses(op, name, writes)
	if err == nil {
		err = f()
	}
	if writes {
		d.crashIf(true)
	}
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// MkdirAll implements rt.FS.
func (d *Disk) MkdirAll(t *rt.Task, dir string) error {
	dir = path.Clean(dir)
	if d.dirs[dir] {
		return nil
	}
	return d.do(t, "mkdir", dir, func() error {
		for ; dir != "."; dir = path.Dir(dir) {
			d.dirs[dir] = true
		}
		return nil
	})
}

// Create implements rt.FS.
func (d *Disk) Create(t *rt.Task, name string) (rt.File, error) {
	f := &file{handles: 1, names: 1}
	err := d.do(t, "create", name, func() error {
		if d.files[name] != nil || d.dirs[name] {
			return fs.ErrExist
		}
		if !d.dirs[path.Dir(name)] {
			return fs.ErrNotExist
		}
		d.files[name] = f
		d.note(change{to: name, file: f})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &openFile{disk: d, file: f, name: name, task: t}, nil
}

// ReadFile implements rt.FS.
func (d *Disk) ReadFile(t *rt.Task, name string, limit int64) (b []byte, err error) {
	err = d.do(t, "read", name, func() error {
		f := d.files[name]
		if f == nil {
			return fs.ErrNotExist
		}
		if int64(len(f.data)) > limit {
			return fmt.Errorf("longer than %d bytes", limit)
		}
		b = slices.Clone(f.data)
		return nil
	})
	return b, err
}

// ReadDir implements rt.FS.
func (d *Disk) ReadDir(t *rt.Task, dir string, most int) (list []rt.FileInfo, err error) {
	err = d.do(t, "list", dir, func() error {
		for name, f := range d.files {
			if path.Dir(name) == dir {
				list = append(list, rt.FileInfo{Name: path.Base(name), Size: int64(len(f.data))})
			}
		}
		for name := range d.dirs {
			if path.Dir(name) == dir && name != "." {
				list = append(list, rt.FileInfo{Name: path.Base(name), Dir: true})
			}
		}
		slices.SortFunc(list, func(a, b rt.FileInfo) int { return strings.Compare(a.Name, b.Name) })
		list = list[:min(len(list), max(0, most))]
		return nil
	})
	return list, err
}

// Rename implements rt.FS. It replaces a file that has the new name.
func (d *Disk) Rename(t *rt.Task, from, to string) error {
	return d.do(t, "rename", from, func() error {
		f := d.files[from]
		switch {
		case f == nil, !d.dirs[path.Dir(to)]:
			return fs.ErrNotExist
		case d.dirs[to]:
			return fs.ErrExist
		case from == to:
			return nil
		}
		d.unlink(to)
		delete(d.files, from)
		d.files[to] = f
		d.note(change{from: from, to: to, file: f})
		return nil
	})
}

// Remove implements rt.FS.
func (d *Disk) Remove(t *rt.Task, name string) error {
	return d.do(t, "remove", name, func() error {
		switch {
		case d.dirs[name]:
			return d.removeDir(name)
		case d.files[name] == nil:
			return fs.ErrNotExist
		}
		d.unlink(name)
		d.note(change{from: name})
		return nil
	})
}

// removeDir removes an empty folder.
func (d *Disk) removeDir(name string) error {
	for f := range d.files {
		if strings.HasPrefix(f, name+"/") {
			return syscall.ENOTEMPTY
		}
	}
	for f := range d.dirs {
		if strings.HasPrefix(f, name+"/") {
			return syscall.ENOTEMPTY
		}
	}
	delete(d.dirs, name)
	return nil
}

// unlink removes a name, and with the last name the contents.
func (d *Disk) unlink(name string) {
	if f := d.files[name]; f != nil {
		delete(d.files, name)
		f.names--
		d.reclaim(f)
	}
}

// reclaim frees the room of a file that can no longer be reached.
func (d *Disk) reclaim(f *file) {
	if f.names == 0 && f.handles == 0 {
		d.used -= int64(len(f.data))
	}
}

// SyncDir implements rt.FS.
func (d *Disk) SyncDir(t *rt.Task, dir string) error {
	return d.do(t, "syncdir", dir, func() error {
		if !d.dirs[path.Clean(dir)] {
			return fs.ErrNotExist
		}
		d.syncNames(path.Clean(dir))
		return nil
	})
}

// Free implements rt.FS.
func (d *Disk) Free(*rt.Task) (int64, error) { return max(0, d.Capacity-d.used), nil }
