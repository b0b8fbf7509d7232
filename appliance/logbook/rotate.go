package logbook

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"orac/appliance/statedir"
)

// File is a log file that is rotated by size: PATH is being written, PATH.1 is the one before, and so on, Keep in total. Together
// they never need more than Size * Keep bytes. A file beside them that ORAC has not set aside (see mark) is not counted, renamed
// or removed: its number is skipped. A File belongs to one Sink.
//
// If PATH is a link that belongs to the user that ORAC runs as, or to root, it is followed, and the files are set aside at its
// target.
//
// A write that fails loses its line and leaves no partial line. The next write tries everything again, so a disk that was full or
// read-only is used again as soon as possible.
type File struct {
	path string
	size int64
	keep int

	f    *os.File // nil: not open
	real string   // where it is: the path, or the target of the link
	used int64
}

// MinFile is the smallest size of a file: the longest line fits.
const MinFile = 512 << 10

// NewFile makes a file of at most size bytes, of which keep are kept. It opens nothing yet, so a disk that refuses shows when a
// line is written. An error means that the settings are wrong.
func NewFile(path string, size int64, keep int) (*File, error) {
	switch {
	case path == "":
		return nil, errors.New("log file: it needs a path")
	case size < MinFile:
		return nil, fmt.Errorf("log file %s: a size of %d bytes is too small; set at least %d", path, size, MinFile)
	case keep < 1 || keep > 100:
		return nil, fmt.Errorf("log file %s: cannot keep %d files; set 1 to 100", path, keep)
	}
	return &File{path: path, size: size, keep: keep}, nil
}

// Write writes one or more whole lines, all or nothing.
func (l *File) Write(p []byte) (int, error) {
	if int64(len(p)+len(mark)) > l.size {
		return 0, fmt.Errorf("log file %s: a write of %d bytes does not fit", l.path, len(p))
	}
	if err := l.ready(int64(len(p))); err != nil {
		return 0, err
	}
	n, err := l.f.Write(p)
	if err == nil {
		l.used += int64(n)
		return n, nil
	}
	if n > 0 && l.f.Truncate(l.used) != nil { // no partial lines; if truncating fails, too, a new file begins
		l.used += int64(n)
	}
	l.close()
	return 0, err
}

// ready makes sure that the file is open and has room for n bytes.
func (l *File) ready(n int64) error {
	if l.f != nil && !l.same() {
		l.close() // someone moved it away: write to the path, where people look
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	if l.used+n+int64(len(mark)) <= l.size {
		return nil
	}
	if err := l.finish(); err != nil {
		l.close()
		return err
	}
	l.close()
	if err := l.rotate(); err != nil {
		return err
	}
	return l.open()
}

// same tells whether the path still leads to the open file.
func (l *File) same() bool {
	if real, err := statedir.Linked(l.path); err != nil || real != l.real {
		return false
	}
	here, err := os.Lstat(l.real)
	if err != nil {
		return false
	}
	open, err := l.f.Stat()
	return err == nil && os.SameFile(here, open)
}

// open opens the file, or makes it with mode 0600. It follows no link except our own, and never blocks: it refuses a pipe, a
// device and another user's file.
func (l *File) open() error {
	real, err := statedir.Linked(l.path)
	if err != nil {
		return fmt.Errorf("log file %w", err)
	}
	l.real = real
	if err := l.sweep(); err != nil {
		return err
	}
	if info, err := os.Lstat(l.real); err == nil { // before opening it: opening a device may have effects
		if err := statedir.CheckFile(l.real, info); err != nil {
			return fmt.Errorf("log file %w", err)
		}
	}
	f, err := os.OpenFile(l.real, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = statedir.CheckFile(l.real, info)
	}
	if err != nil {
		f.Close()
		return err
	}
	l.f, l.used = f, info.Size()
	return nil
}

// folderOf returns the folder of a path; for a bare name, the current folder.
func folderOf(path string) string {
	dir, _ := filepath.Split(path)
	return filepath.Clean(dir)
}

// sweep removes files of ours that exceed the present settings, because there are too many or they are too large.
func (l *File) sweep() error {
	base := filepath.Base(l.real)
	stay := l.aside()
	d, err := os.Open(folderOf(l.real))
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(256)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, name := range names {
			number, ok := strings.CutPrefix(name, base+".")
			n, err := strconv.Atoi(number)
			if !ok || err != nil || n < 1 || strconv.Itoa(n) != number {
				continue
			}
			path := l.real + "." + number
			info, err := os.Lstat(path)
			if err == nil && (!slices.Contains(stay, path) || info.Size() > l.size) && isOurs(path) {
				if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
	}
}

// rotate gives each file of ours the next higher number and removes the oldest.
func (l *File) rotate() error {
	info, err := os.Lstat(l.real)
	if err != nil {
		return err
	}
	if l.keep == 1 || info.Size() > l.size { // larger than allowed, from an earlier setting
		return os.Remove(l.real)
	}
	names := append([]string{l.real}, l.aside()...)
	for n := len(names) - 1; n >= 1; n-- {
		if err := os.Rename(names[n-1], names[n]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (l *File) close() {
	if l.f != nil {
		_ = l.f.Close() // each write has already reported its error
		l.f = nil
	}
}

// Close closes the file.
func (l *File) Close() error {
	l.close()
	return nil
}
