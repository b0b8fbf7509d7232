package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// impossible are the errors of a file system that cannot sync folders, and of a folder that may be written and not read.
var impossible = []error{unix.EINVAL, unix.ENOTSUP, unix.ENOSYS, unix.EACCES, unix.EPERM, unix.EROFS}

// Prefix begins the names of temporary files.
const Prefix = ".part-"

// Dir is a folder of the operating system. It follows links on the way to the folder.
type Dir struct {
	Path string
	Mode fs.FileMode                 // of the new file
	Move func(from, to string) error // gives the new file its name; nil means os.Rename
}

// WriteFile replaces a file at a path.
func WriteFile(path string, text []byte, mode fs.FileMode) error {
	return Write(Dir{Path: filepath.Dir(path), Mode: mode}, filepath.Base(path), Text(text))
}

// Temp implements Folder. The name is a random one that no other file has.
func (d Dir) Temp(string) (File, string, error) {
	f, err := os.CreateTemp(d.Path, Prefix+"*")
	if err != nil {
		return nil, "", err
	}
	if err := f.Chmod(d.Mode); err != nil {
		return nil, "", errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, filepath.Base(f.Name()), nil
}

// Rename implements Folder.
func (d Dir) Rename(from, to string) error {
	move := d.Move
	if move == nil {
		move = os.Rename
	}
	return move(filepath.Join(d.Path, from), filepath.Join(d.Path, to))
}

// Remove implements Folder.
func (d Dir) Remove(name string) error { return os.Remove(filepath.Join(d.Path, name)) }

// Sync implements Folder.
func (d Dir) Sync() error {
	f, err := os.Open(d.Path)
	if err != nil {
		return Failed(err)
	}
	return Failed(errors.Join(f.Sync(), f.Close()))
}
