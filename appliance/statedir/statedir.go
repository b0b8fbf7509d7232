// Package statedir is the way to a state directory and to every folder in it, for all code that opens, makes, renames or removes
// something there.
//
// Guarantees:
//
//   - A folder is opened once, and everything in it is reached through that handle. It belongs to root or to the user that ORAC
//     runs as. Root does not use another user's folder.
//   - Nobody else can replace it with another folder: no folder above it belongs to another user, and none is writable by
//     everybody without the sticky bit.
//   - Nobody else may write in it. A right to do so is taken away, unless somebody has used it.
//   - No link is followed. A file is a regular one, belongs to the user or to root, is writable by nobody else, and is not a
//     second name of somebody else's file. It is checked on the same handle that is then used.
//   - WriteFile replaces a file completely or not at all, also when the power fails.
//   - A refused folder or file is reported as a Refusal: one sentence with the path and the way out. Nothing outside the folder
//     has changed.
package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Dir is an open folder. Its methods may be called from anywhere. Names are relative to it, with slashes.
type Dir struct {
	// Problems are sentences about what was corrected, or is wrong but does not keep ORAC from using the folder.
	Problems []string

	root   *os.Root
	handle *os.File // of the same folder: openat(2) needs it
	path   string   // absolute
	hooks  hooks
}

// hooks are for tests: they run between a check and the use of what was checked. Nil in production.
type hooks struct {
	found  func()                      // the path was checked, and nothing is open yet
	opened func()                      // the folder is open
	file   func()                      // a file was checked, and is not open yet
	rename func(from, to string) error // in place of os.Rename
}

// Open opens a folder. If it does not exist, it is made with mode 0700.
func Open(path string) (*Dir, error) { return hooks{}.open(path, true) }

// Existing opens a folder; fs.ErrNotExist if it does not exist.
func Existing(path string) (*Dir, error) { return hooks{}.open(path, false) }

// Usable returns why a state directory cannot be used. A missing one is fine: it can be made.
func Usable(path string) error {
	d, err := Existing(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return closed(d, err)
}

// Make makes a state directory if it does not exist, and returns why it cannot be used.
func Make(path string) error { return closed(Open(path)) }

func closed(d *Dir, err error) error {
	if err != nil {
		return fmt.Errorf("state directory %w", err)
	}
	return d.Close()
}

func (h hooks) open(path string, make bool) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: abs, hooks: h}
	real, err := d.walk(make)
	if err != nil {
		return nil, err
	}
	call(h.found)
	fd, err := open(unix.AT_FDCWD, real, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, d.explain("", real, err)
	}
	return d.adopt(fd, func() (*os.Root, error) { return os.OpenRoot(real) })
}

// Sub opens a folder in the folder. If it does not exist, it is made with mode 0700.
func (d *Dir) Sub(name string) (*Dir, error) {
	if err := d.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return d.sub(name)
}

// ExistingSub opens a folder in the folder; fs.ErrNotExist if it does not exist.
func (d *Dir) ExistingSub(name string) (*Dir, error) { return d.sub(name) }

func (d *Dir) sub(name string) (*Dir, error) {
	fd, err := d.openat(name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	s := &Dir{path: d.Path(name), hooks: d.hooks}
	return s.adopt(fd, func() (*os.Root, error) { return d.root.OpenRoot(name) })
}

// adopt makes the open folder fd the folder of d, if it passes the checks.
func (d *Dir) adopt(fd int, openRoot func() (*os.Root, error)) (*Dir, error) {
	d.handle = os.NewFile(uintptr(fd), d.path)
	call(d.hooks.opened)
	err := d.checkFolder()
	if err == nil {
		d.root, err = openRoot()
	}
	if err == nil {
		err = d.checkRoot()
	}
	if err == nil {
		err = d.closeOff()
	}
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// checkRoot verifies that the root is the folder that was checked.
func (d *Dir) checkRoot() error {
	root, err := d.root.Stat(".")
	if err != nil {
		return err
	}
	return d.mustBe(root, "the folder was replaced while it was being opened", "check who may write in the folders above it")
}

// mustBe refuses any folder but the open one.
func (d *Dir) mustBe(found fs.FileInfo, why, way string) error {
	open, err := d.handle.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(found, open) {
		return refuse(d.path, why, way)
	}
	return nil
}

// Same verifies that the path still leads to the open folder. Code that hands the path to a library which opens by path calls it
// before and after.
func (d *Dir) Same() error {
	there, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	return d.mustBe(there, "the folder was replaced", "check who may write in the folders above it, and start again")
}

// Close closes the folder.
func (d *Dir) Close() error {
	var err error
	if d.root != nil {
		err = d.root.Close()
	}
	return errors.Join(err, d.handle.Close())
}

// Path returns the absolute path of the folder, or of something in it: for people, and for libraries and programs that open by
// path.
func (d *Dir) Path(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// Mkdir makes a folder with mode 0700.
func (d *Dir) Mkdir(name string) error { return d.root.Mkdir(name, 0o700) }

// MkdirAll makes a folder and those above it, with mode 0700.
func (d *Dir) MkdirAll(name string) error { return d.root.MkdirAll(name, 0o700) }

// Lstat describes a file, a folder or a link itself.
func (d *Dir) Lstat(name string) (fs.FileInfo, error) { return d.root.Lstat(name) }

// Rename renames a file. It follows no link.
func (d *Dir) Rename(from, to string) error { return d.root.Rename(from, to) }

// Remove removes a file or an empty folder; of a link, the link.
func (d *Dir) Remove(name string) error { return d.root.Remove(name) }

// RemoveAll removes a file, or a folder with everything in it; of a link, the link.
func (d *Dir) RemoveAll(name string) error { return d.root.RemoveAll(name) }

// OpenFolder opens a folder to read or to sync its names; "." is the folder itself.
func (d *Dir) OpenFolder(name string) (*os.File, error) {
	fd, err := d.openat(name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), d.Path(name)), nil
}

// ReadDir lists the folder in order of name.
func (d *Dir) ReadDir() ([]fs.DirEntry, error) { return fs.ReadDir(d.root.FS(), ".") }

// Sync ensures that creations, renames and removals in the folder survive a loss of power.
func (d *Dir) Sync() error {
	f, err := d.OpenFolder(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Free returns how many bytes an unprivileged user can still write.
func (d *Dir) Free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(d.handle.Fd()), &st); err != nil {
		return 0, fmt.Errorf("%s: %w", d.path, err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

func call(f func()) {
	if f != nil {
		f()
	}
}
