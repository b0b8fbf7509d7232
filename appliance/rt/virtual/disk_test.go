package virtual

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/runbook/testkit"
)

// check is a test, or a property that is tested.
type check interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// on runs f as a task of a world of its own, to the end.
func on(t check, f func(k *rt.Task)) {
	t.Helper()
	d := New(1, time.Unix(0, 0), nil)
	defer d.Close()
	root := rt.New(d, "test", func(k *rt.Task) error { f(k); return nil })
	d.Run(rt.Never)
	if !root.Done() || root.Err() != nil {
		t.Fatalf("done %v, %v", root.Done(), root.Err())
	}
}

// put writes a file without syncing anything, and leaves it open.
func put(t check, k *rt.Task, d *Disk, name, text string) rt.File {
	t.Helper()
	f, err := d.Create(k, name)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// shows is all files and what is in them.
func shows(t check, k *rt.Task, d *Disk) string {
	t.Helper()
	var list []string
	for _, name := range d.Files() {
		b, err := d.ReadFile(k, name, 1<<20)
		testkit.Must(t, err)
		list = append(list, name+"="+strings.ReplaceAll(string(b), "\x00", "0"))
	}
	return strings.Join(list, " ")
}

// TestOperationsFail holds each operation against each way to fail: its error is the right one, and it has changed nothing.
func TestOperationsFail(t *testing.T) {
	operations := map[string]func(*rt.Task, *Disk, rt.File) error{
		"mkdir":  func(k *rt.Task, d *Disk, _ rt.File) error { return d.MkdirAll(k, "dir/new") },
		"create": func(k *rt.Task, d *Disk, _ rt.File) error { _, err := d.Create(k, "dir/new"); return err },
		"write": func(_ *rt.Task, _ *Disk, f rt.File) error {
			n, err := f.Write([]byte("more"))
			if err != nil && n != 0 {
				t.Errorf("%d bytes were written, and %v", n, err)
			}
			return err
		},
		"rename": func(k *rt.Task, d *Disk, _ rt.File) error { return d.Rename(k, "dir/a", "dir/b") },
		"remove": func(k *rt.Task, d *Disk, _ rt.File) error { return d.Remove(k, "dir/a") },
		"read":   func(k *rt.Task, d *Disk, _ rt.File) error { _, err := d.ReadFile(k, "dir/a", 100); return err },
		"list":   func(k *rt.Task, d *Disk, _ rt.File) error { _, err := d.ReadDir(k, "dir", 100); return err },
		"sync":   func(_ *rt.Task, _ *Disk, f rt.File) error { return f.Sync() },
		"syncdir": func(k *rt.Task, d *Disk, _ rt.File) error {
			return d.SyncDir(k, "dir")
		},
	}
	if len(operations) != len(Ops) {
		t.Fatalf("%d operations, and %v", len(operations), Ops)
	}
	ways := map[string]struct {
		fail func(d *Disk, op string) (mend func())
		want error
		not  []string // operations that go on
	}{
		"read-only": {func(d *Disk, _ string) func() { d.ReadOnly = true; return func() { d.ReadOnly = false } }, syscall.EROFS, []string{"read", "list", "sync", "syncdir"}},
		"all":       {func(d *Disk, _ string) func() { return d.Break("", "", syscall.EIO) }, syscall.EIO, nil},
		"the kind":  {func(d *Disk, op string) func() { return d.Break(op, "", syscall.EIO) }, syscall.EIO, nil},
		"the name":  {func(d *Disk, _ string) func() { return d.Break("", "dir*", syscall.EIO) }, syscall.EIO, []string{"mkdir", "create", "write", "rename", "remove", "read", "sync"}},
		"names":     {func(d *Disk, _ string) func() { return d.Break("", "dir/*", syscall.EIO) }, syscall.EIO, []string{"list", "syncdir"}},
		"elsewhere": {func(d *Disk, op string) func() { return d.Break(op, "other/*", syscall.EIO) }, nil, Ops},
		"another": {func(d *Disk, op string) func() {
			return d.Break(Ops[(slices.Index(Ops, op)+1)%len(Ops)], "", syscall.EIO)
		}, nil, Ops},
		"hook": {func(d *Disk, op string) func() {
			d.Fail = func(o, _ string) error {
				if o == op {
					return syscall.ENOSPC
				}
				return nil
			}
			return func() { d.Fail = nil }
		}, syscall.ENOSPC, nil},
	}
	for op, do := range operations {
		for way, w := range ways {
			on(t, func(k *rt.Task) {
				d := NewDisk(100)
				testkit.Must(t, d.MkdirAll(k, "dir"))
				f := put(t, k, d, "dir/a", "text")
				mend := w.fail(d, op)
				goes := slices.Contains(w.not, op)
				before := d.Count(op)
				err := do(k, d, f)
				switch {
				case d.Count(op) != before+1:
					t.Errorf("%s, %s: counted %d", op, way, d.Count(op)-before)
				case goes && err != nil, !goes && !errors.Is(err, w.want):
					t.Errorf("%s, %s: %v", op, way, err)
				}
				mend()
				if !goes {
					if got := shows(t, k, d); got != "dir/a=text" {
						t.Errorf("%s, %s: it has left %q", op, way, got)
					}
					testkit.Must(t, do(k, d, f))
				}
			})
		}
	}
}

func TestShortWrite(t *testing.T) {
	on(t, func(k *rt.Task) {
		d := NewDisk(10)
		f := put(t, k, d, "a", "123456")
		if n, err := f.Write([]byte("789abc")); n != 4 || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := f.Write([]byte("d")); n != 0 || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("full: %d, %v", n, err)
		}
		if n, err := f.Write(nil); n != 0 || err != nil {
			t.Errorf("nothing: %d, %v", n, err)
		}
		g, err := d.Create(k, "b") // a name takes no room
		testkit.Must(t, err)
		testkit.Must(t, d.Remove(k, "a"))
		if n, _ := g.Write([]byte("x")); n != 0 {
			t.Error("a file that is removed and open takes no room")
		}
		testkit.Must(t, f.Close())
		if free, _ := d.Free(k); free != 10 {
			t.Errorf("%d are free", free)
		}
		if n, err := g.Write([]byte("0123456789")); n != 10 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		testkit.Must(t, d.Rename(k, "b", "c"))
		testkit.Must(t, g.Close())
		put(t, k, d, "e", "")
		testkit.Must(t, d.Rename(k, "e", "c")) // what it replaces is gone
		if free, _ := d.Free(k); free != 10 {
			t.Errorf("%d are free after a replacement", free)
		}
		d.Capacity = -5
		if free, _ := d.Free(k); free != 0 {
			t.Errorf("%d are free on a disk that has shrunk", free)
		}
	})
}

func TestNames(t *testing.T) {
	on(t, func(k *rt.Task) {
		d := NewDisk(100)
		_, err := d.Create(k, "no/a")
		wants(t, err, fs.ErrNotExist)
		wants(t, d.SyncDir(k, "no"), fs.ErrNotExist)
		testkit.Must(t, d.MkdirAll(k, "a/b"))
		f := put(t, k, d, "a/f", "f")
		_, err = d.Create(k, "a/f")
		wants(t, err, fs.ErrExist)
		_, err = d.Create(k, "a/b")
		wants(t, err, fs.ErrExist)
		wants(t, d.Rename(k, "a/x", "a/y"), fs.ErrNotExist)
		wants(t, d.Rename(k, "a/f", "no/y"), fs.ErrNotExist)
		wants(t, d.Rename(k, "a/f", "a/b"), fs.ErrExist)
		testkit.Must(t, d.Rename(k, "a/f", "a/f"))
		wants(t, d.Remove(k, "a"), syscall.ENOTEMPTY)
		wants(t, d.Remove(k, "x"), fs.ErrNotExist)
		testkit.Must(t, d.Remove(k, "a/b"))
		_, err = d.ReadFile(k, "a/f", 0)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a file that is too long: %v", err)
		}
		testkit.Must(t, f.Close())
		wants(t, f.Close(), fs.ErrClosed)
		_, err = f.Write([]byte("x"))
		wants(t, err, fs.ErrClosed)
		wants(t, f.Sync(), fs.ErrClosed)
		put(t, k, d, "a/e", "")
		list, err := d.ReadDir(k, "a", 100)
		testkit.Must(t, err)
		if want := []rt.FileInfo{{Name: "e"}, {Name: "f", Size: 1}}; !slices.Equal(list, want) {
			t.Errorf("%+v", list)
		}
		if list, _ := d.ReadDir(k, "a", 1); len(list) != 1 {
			t.Errorf("%+v", list)
		}
	})
}

func wants(t check, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

// TestSlow: an operation takes its time, nothing interrupts it, and it happens at the end of that time.
func TestSlow(t *testing.T) {
	on(t, func(k *rt.Task) {
		d := NewDisk(100)
		d.Slow = func(op, name string) time.Duration {
			if op == "write" && name == "a" {
				return 3 * time.Second
			}
			return 0
		}
		writer := k.Go("writer", func(k *rt.Task) error {
			put(t, k, d, "a", "text")
			return nil
		})
		_ = k.Sleep(time.Second)
		writer.Stop()
		_ = k.Sleep(time.Second)
		if got := shows(t, k, d); got != "a=" {
			t.Errorf("meanwhile: %q", got)
		}
		if err := k.Wait(writer, rt.Never); err != nil || k.Now() != rt.Instant(3*time.Second) {
			t.Errorf("%v after %v", err, k.Now())
		}
		if got := shows(t, k, d); got != "a=text" {
			t.Errorf("%q", got)
		}
	})
}

// TestARemovedFileLastsUntilItIsClosed: its room is nobody else's before.
func TestARemovedFileLastsUntilItIsClosed(t *testing.T) {
	on(t, func(k *rt.Task) {
		d := NewDisk(40_000)
		long := strings.Repeat("x", 10_000)
		f := put(t, k, d, "a", long)
		testkit.Must(t, d.SyncDir(k, "."))
		testkit.Must(t, d.Remove(k, "a"))
		testkit.Must(t, d.SyncDir(k, "."))
		if free, _ := d.Free(k); free != 30_000 {
			t.Errorf("%d are free while it is open", free)
		}
		_, err := f.Write([]byte(long))
		testkit.Must(t, err)
		testkit.Must(t, f.Close())
		testkit.Must(t, d.SyncDir(k, "."))
		if free, _ := d.Free(k); free != 40_000 {
			t.Errorf("%d are free when it is closed", free)
		}
		for _, name := range []string{"b", "c"} { // they may take over its room, one after the other
			testkit.Must(t, put(t, k, d, name, strings.Repeat(name, 10_000)).Close())
		}
		if got := shows(t, k, d); got != "b="+strings.Repeat("b", 10_000)+" c="+strings.Repeat("c", 10_000) {
			t.Error("one is written over the other")
		}
	})
}
