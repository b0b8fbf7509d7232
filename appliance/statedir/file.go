package statedir

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"orac/models/atomicfile"
)

// Open opens a file for reading.
func (d *Dir) Open(name string) (*os.File, error) { return d.OpenFile(name, os.O_RDONLY) }

// OpenFile opens a file with the flags of os.OpenFile; it makes new files with mode 0600. It never blocks.
func (d *Dir) OpenFile(name string, flag int) (*os.File, error) {
	if err := d.Check(name); err != nil && (flag&os.O_CREATE == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err // before opening it: opening a device may have effects
	}
	call(d.hooks.file)
	fd, err := d.openat(name, flag&^os.O_TRUNC|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), d.Path(name))
	info, err := f.Stat()
	if err == nil {
		err = CheckFile(d.Path(name), info)
	}
	if err == nil && flag&os.O_TRUNC != 0 {
		err = f.Truncate(0)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Check returns what is wrong with a file; fs.ErrNotExist if there is none.
func (d *Dir) Check(name string) error {
	if !fs.ValidPath(name) {
		return d.invalid(name)
	}
	for i, c := range name {
		if c != '/' {
			continue
		}
		above := name[:i]
		info, err := d.root.Lstat(above)
		if err != nil {
			return err
		}
		if err := checkKind(d.Path(above), info, true); err != nil {
			return err
		}
	}
	info, err := d.root.Lstat(name)
	if err != nil {
		return err
	}
	return CheckFile(d.Path(name), info)
}

// ReadFile reads a file of at most `most` bytes.
func (d *Dir) ReadFile(name string, most int64) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, most)
	}
	return b, err
}

// WriteFile replaces a file, as package atomicfile promises it. Its mode is 0600.
func (d *Dir) WriteFile(name string, text []byte) error {
	if err := d.Check(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.Write(below{d, path.Dir(name)}, path.Base(name), atomicfile.Text(text))
}

// below is a folder below the folder, for package atomicfile.
type below struct {
	d    *Dir
	path string
}

// Temp returns a random name: several processes may write the same file.
func (b below) Temp(string) (atomicfile.File, string, error) {
	temp := atomicfile.Prefix + rand.Text()
	f, err := b.d.OpenFile(path.Join(b.path, temp), os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	return f, temp, err
}

func (b below) Rename(from, to string) error {
	return b.d.root.Rename(path.Join(b.path, from), path.Join(b.path, to))
}

func (b below) Remove(name string) error { return b.d.root.Remove(path.Join(b.path, name)) }

func (b below) Sync() error {
	f, err := b.d.OpenFolder(b.path)
	if err != nil {
		return atomicfile.Failed(err)
	}
	return atomicfile.Failed(errors.Join(f.Sync(), f.Close()))
}

// Sweep removes what is left of writes that were killed at least an hour ago.
func (d *Dir) Sweep() {
	list, _ := d.ReadDir() // what cannot be read stays
	for _, e := range list {
		if info, err := e.Info(); strings.HasPrefix(e.Name(), atomicfile.Prefix) && err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > time.Hour {
			_ = d.root.Remove(e.Name())
		}
	}
}

// Database prepares a database for SQLite, which opens by path: it makes the file with mode 0600 if there is none (SQLite gives
// its other files the same mode), and checks the files that SQLite keeps beside it. Call Same when the database is open.
func (d *Dir) Database(name string) (path string, err error) {
	f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := d.Check(name + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return d.Path(name), d.Same()
}

// openat opens something below the folder, and follows no link on the way.
func (d *Dir) openat(name string, flag int) (int, error) {
	if !fs.ValidPath(name) {
		return -1, d.invalid(name)
	}
	at, done := int(d.handle.Fd()), func() {}
	folder, base := path.Split(name)
	walked := ""
	for _, part := range strings.FieldsFunc(folder, func(r rune) bool { return r == '/' }) {
		walked = path.Join(walked, part)
		fd, err := open(at, part, unix.O_PATH|unix.O_DIRECTORY, 0)
		done()
		if err != nil {
			return -1, d.explain(walked, d.Path(walked), err)
		}
		at, done = fd, func() { _ = unix.Close(fd) }
	}
	defer func() { done() }()
	fd, err := open(at, base, flag, 0o600)
	if err != nil {
		return -1, d.explain(name, d.Path(name), err)
	}
	return fd, nil
}

func (d *Dir) invalid(name string) error {
	return &fs.PathError{Op: "open", Path: d.Path(name), Err: fs.ErrInvalid}
}

// explain returns the error of an open; it is a Refusal if a file of the wrong kind is there.
func (d *Dir) explain(name, path string, err error) error {
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ENXIO) {
		info, looked := os.Lstat(path)
		if d.root != nil && name != "" {
			info, looked = d.root.Lstat(name)
		}
		if looked == nil {
			if wrong := checkKind(path, info, errors.Is(err, unix.ENOTDIR)); wrong != nil {
				return wrong
			}
		}
	}
	return &fs.PathError{Op: "open", Path: path, Err: err}
}

// open is openat(2) that follows no links.
func open(at int, name string, flag int, perm uint32) (fd int, err error) {
	for {
		fd, err = unix.Openat(at, name, flag|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
