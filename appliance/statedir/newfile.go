package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"orac/models/atomicfile"
)

// CreateNew writes a new file at a path that somebody has named, completely or not at all: it is synced, then given its name. If
// something is there already, whatever it is, the error is fs.ErrExist.
func CreateNew(path string, text []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	folder := atomicfile.Dir{Path: filepath.Dir(path), Mode: 0o644, Move: moveNew}
	if err := atomicfile.Write(folder, filepath.Base(path), atomicfile.Text(text)); err != nil {
		return &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return nil
}

// moveNew renames a file unless the new name is taken.
func moveNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // not supported by the file system: NFS, some of FUSE
		if err = os.Link(from, to); err == nil {
			_ = os.Remove(from) // both names are of the same file
		}
	}
	return err
}
