package generation_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/runbook"
	"orac/runbook/language"
)

var errPower = errors.New("no power")

// disk is the model of a disk with folders that are entries of their parents: a new one, and all in it, is lost with the
// power unless its parent was synced, and one that was removed must have been empty.
type disk struct {
	*virtual.Disk
	dirs, durable map[string]bool
	ops           int
	failFrom      int // the operation from which on all fail
}

func newDisk() *disk {
	d := &disk{Disk: virtual.NewDisk(1 << 30), dirs: map[string]bool{}, durable: map[string]bool{}, failFrom: -1}
	d.Fail = func(op, _ string) error { return d.count(op) }
	return d
}

// count fails what comes after the power has gone.
func (d *disk) count(string) error {
	d.ops++
	if d.failFrom >= 0 && d.ops > d.failFrom {
		return errPower
	}
	return nil
}

// powerLoss takes away what has not reached the medium, and gives the power back. A disk may be faster than it is asked to
// be: an eager one has written every creation, renaming and removal of a file before its folder was synced.
func (d *disk) powerLoss(t *rt.Task, eager bool) {
	d.failFrom = -1
	if eager {
		for at := range d.dirs {
			_ = d.Disk.SyncDir(t, at)
		}
	}
	d.PowerLoss()
	for _, name := range d.Files() {
		for at := path.Dir(name); at != "."; at = path.Dir(at) {
			if !d.durable[at] {
				_ = d.Disk.Remove(t, name)
				_ = d.Disk.SyncDir(t, path.Dir(name))
				break
			}
		}
	}
	d.dirs = map[string]bool{}
	for at := range d.durable {
		d.dirs[at] = true
		_ = d.Disk.MkdirAll(t, at) // there is power again
	}
}

func (d *disk) MkdirAll(t *rt.Task, dir string) error {
	if err := d.Disk.MkdirAll(t, dir); err != nil {
		return err
	}
	for at := dir; at != "."; at = path.Dir(at) {
		d.dirs[at] = true
	}
	return nil
}

func (d *disk) ReadDir(t *rt.Task, dir string, most int) ([]rt.FileInfo, error) {
	if err := d.count("readdir"); err != nil {
		return nil, err
	}
	if !d.dirs[dir] {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	list, err := d.Disk.ReadDir(t, dir, most)
	list = slices.DeleteFunc(list, func(f rt.FileInfo) bool { return f.Dir }) // which there are is known here
	for at := range d.dirs {
		if path.Dir(at) == dir {
			list = append(list, rt.FileInfo{Name: path.Base(at), Dir: true})
		}
	}
	slices.SortFunc(list, func(a, b rt.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func (d *disk) Remove(t *rt.Task, name string) error {
	if !d.dirs[name] {
		return d.Disk.Remove(t, name)
	}
	if err := d.count("rmdir"); err != nil {
		return err
	}
	if inside, _ := d.Disk.ReadDir(t, name, 10); len(inside) > 0 {
		return fmt.Errorf("%s is not empty", name)
	}
	delete(d.dirs, name)
	return d.Disk.Remove(t, name)
}

func (d *disk) SyncDir(t *rt.Task, dir string) error {
	if err := d.Disk.SyncDir(t, dir); err != nil {
		return err
	}
	for at := range d.durable {
		if path.Dir(at) == dir && !d.dirs[at] {
			delete(d.durable, at)
		}
	}
	for at := range d.dirs {
		if path.Dir(at) == dir {
			d.durable[at] = true
		}
	}
	return nil
}

// open opens a store in which nothing may be wrong.
func open(t *testing.T, k *rt.Task, d rt.FS) *generation.Store {
	t.Helper()
	s, err := generation.Open(k, d)
	if err != nil {
		t.Error(err)
	}
	return s
}

// world is what the runbooks of these tests are evaluated in.
func world() language.Options {
	return language.Options{
		HashKey:  []byte("key"),
		Env:      func(string) (string, bool) { return "", false },
		Secret:   func(string) (string, error) { return "s3cret", nil },
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		Open:     func(string) (fs.File, error) { return nil, fs.ErrNotExist },
	}
}

// data is what is kept of a small runbook that can be told from others by its note.
func data(t *testing.T, note string) generation.Generation {
	t.Helper()
	return evaluated(t, fmt.Sprintf("appliance \"desk\" {} # %s\n", note), note, world())
}

func evaluated(t *testing.T, source, note string, opts language.Options) generation.Generation {
	t.Helper()
	rb, ds := runbook.Parse([]byte(source), "dir/orac.hcl", opts)
	if rb == nil {
		t.Fatal(ds)
	}
	return generation.Generation{Applied: time.Unix(1000, 5).UTC(), File: rb.File, Note: note, Source: []byte(source), Inputs: rb.Inputs()}
}

func commit(t *testing.T, k *rt.Task, s *generation.Store, note string) int {
	t.Helper()
	n, err := s.Commit(k, data(t, note))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// current is the number and the note of the current generation, which must be whole.
func current(t *testing.T, k *rt.Task, s *generation.Store) (int, string) {
	t.Helper()
	n, err := s.Current(k)
	if err != nil {
		t.Error(err)
	}
	if n == 0 {
		return 0, ""
	}
	g, err := s.Load(k, n)
	if err != nil {
		t.Errorf("the current generation: %v", err)
		return n, ""
	}
	return n, g.Note
}
