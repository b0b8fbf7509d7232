package logbook

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"orac/appliance/statedir"
)

// File is a log file that is rotated by size: PATH is being written, PATH.1 is the one before, up to PATH.(Keep-1). Together
// they never take more than Size * Keep bytes, whatever was there before. It belongs to one Sink.
//
// A write that fails loses its line, leaves no half of it, and the next write tries everything again: a disk that was full or
// read-only is used as soon as it can be.
type File struct {
	path string
	size int64
	keep int

	f    *os.File // nil: not open
	used int64
}

// MinFile is the smallest file: the longest line fits.
const MinFile = 512 << 10

// NewFile makes a file of at most size bytes, of which keep are kept. It opens nothing yet: a disk that refuses is a matter of
// the writes. An error is one of the settings.
func NewFile(path string, size int64, keep int) (*File, error) {
	switch {
	case path == "":
		return nil, errors.New("log file: it needs a path")
	case size < MinFile:
		return nil, fmt.Errorf("log file %s: a size of %d bytes is too small; give at least %d", path, size, MinFile)
	case keep < 1 || keep > 100:
		return nil, fmt.Errorf("log file %s: %d files cannot be kept; give 1 to 100", path, keep)
	}
	return &File{path: path, size: size, keep: keep}, nil
}

// Write writes one or more whole lines, all or nothing.
func (l *File) Write(p []byte) (int, error) {
	if int64(len(p)) > l.size {
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
	if n > 0 && l.f.Truncate(l.used) != nil { // no half lines; where that is refused, too, a new file begins
		l.used += int64(n)
	}
	l.close()
	return 0, err
}

// ready makes the file open and with room for n bytes.
func (l *File) ready(n int64) error {
	if l.f != nil && !l.same() {
		l.close() // someone moved it away: what is written goes where people look
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	if l.used+n <= l.size {
		return nil
	}
	l.close()
	if err := l.rotate(); err != nil {
		return err
	}
	return l.open()
}

// same tells whether the path still leads to the open file.
func (l *File) same() bool {
	here, err := os.Lstat(l.path)
	if err != nil {
		return false
	}
	open, err := l.f.Stat()
	return err == nil && os.SameFile(here, open)
}

// open opens the file, or makes it with mode 0600. It follows no link and waits for nobody: a pipe, a device and
// another user's file are refused.
func (l *File) open() error {
	if err := l.sweep(); err != nil {
		return err
	}
	if info, err := os.Lstat(l.path); err == nil { // before it is opened: to open a device may have effects
		if err := statedir.CheckFile(l.path, info); err != nil {
			return fmt.Errorf("log file %w", err)
		}
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = statedir.CheckFile(l.path, info)
	}
	if err != nil {
		f.Close()
		return err
	}
	l.f, l.used = f, info.Size()
	return nil
}

// sweep removes what earlier settings left beyond the present ones: files that are too many or too large.
func (l *File) sweep() error {
	dir, base := filepath.Split(l.path)
	d, err := os.Open(filepath.Clean(dir)) // of no folder: "."
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
			path := l.path + "." + number
			if info, err := os.Lstat(path); n >= l.keep || err == nil && info.Size() > l.size {
				if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
	}
}

// rotate gives every file the next higher number; the oldest goes.
func (l *File) rotate() error {
	info, err := os.Lstat(l.path)
	if err != nil {
		return err
	}
	if l.keep == 1 || info.Size() > l.size { // larger than any may be, by an earlier setting
		return os.Remove(l.path)
	}
	for n := l.keep - 1; n >= 1; n-- {
		from := l.path
		if n > 1 {
			from = l.path + "." + strconv.Itoa(n-1)
		}
		if err := os.Rename(from, l.path+"."+strconv.Itoa(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (l *File) close() {
	if l.f != nil {
		_ = l.f.Close() // each write was asked for its error
		l.f = nil
	}
}

// Close ends the use of the file.
func (l *File) Close() error {
	l.close()
	return nil
}
