package rt

import (
	"errors"
	"io/fs"
	"syscall"
)

// FS is the file system of the state directory. Names are slash-separated and relative to it; no name leads out of it. Errors
// wrap those of the operating system (errors.Is with fs.ErrNotExist, syscall.ENOSPC, … works under both drivers).
type FS interface {
	MkdirAll(t *Task, dir string) error
	// Create makes a new file; fs.ErrExist if there is one.
	Create(t *Task, name string) (File, error)
	// ReadFile reads at most limit bytes; a longer file is an error.
	ReadFile(t *Task, name string, limit int64) ([]byte, error)
	// ReadDir lists a folder's files in order of name, at most max of them.
	ReadDir(t *Task, dir string, max int) ([]FileInfo, error)
	Rename(t *Task, from, to string) error
	Remove(t *Task, name string) error
	// SyncDir ensures that creations, renames and removals in dir survive a power loss.
	SyncDir(t *Task, dir string) error
	// Free is the number of bytes that can still be written.
	Free(t *Task) (int64, error)
}

// File is a file being written. A write may be short only together with an error.
type File interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// FileInfo is an entry of a folder.
type FileInfo struct {
	Name string
	Size int64
	Dir  bool
}

// WriteFile writes a file so that after a power loss it is either complete or absent: temporary file, sync, rename, sync of the
// folder.
func WriteFile(t *Task, fsys FS, dir, name string, data []byte) error {
	tmp := dir + "/" + name + ".tmp"
	if err := fsys.Remove(t, tmp); err != nil && !isNotExist(err) {
		return err
	}
	f, err := fsys.Create(t, tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(t, tmp, dir+"/"+name)
	}
	if err != nil {
		_ = fsys.Remove(t, tmp) // best effort: the next write of this name removes it again
		return err
	}
	return fsys.SyncDir(t, dir)
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Transient tells whether an error of an FS may be gone at the next try and says nothing about the file: the disk or the process
// is in trouble.
func Transient(err error) bool {
	_, ok := errors.AsType[syscall.Errno](err)
	return ok && !errors.Is(err, fs.ErrNotExist)
}
