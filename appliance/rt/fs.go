package rt

import (
	"errors"
	"io/fs"
	"syscall"

	"orac/models/atomicfile"
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
type File = atomicfile.File

// FileInfo is an entry of a folder.
type FileInfo struct {
	Name string
	Size int64
	Dir  bool
}

// WriteFile replaces a file, as package atomicfile promises it.
func WriteFile(t *Task, fsys FS, dir, name string, data []byte) error {
	return atomicfile.Write(folder{t, fsys, dir}, name, atomicfile.Text(data))
}

// TempSuffix ends the names of files that WriteFile was writing when it was killed.
const TempSuffix = ".tmp"

// folder is a folder of an FS for package atomicfile.
type folder struct {
	t   *Task
	fs  FS
	dir string
}

// Temp returns the same name in every run. A file that a kill has left there is removed.
func (f folder) Temp(name string) (atomicfile.File, string, error) {
	temp := name + TempSuffix
	if err := f.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	file, err := f.fs.Create(f.t, f.dir+"/"+temp)
	return file, temp, err
}

func (f folder) Rename(from, to string) error { return f.fs.Rename(f.t, f.dir+"/"+from, f.dir+"/"+to) }
func (f folder) Remove(name string) error     { return f.fs.Remove(f.t, f.dir+"/"+name) }
func (f folder) Sync() error                  { return f.fs.SyncDir(f.t, f.dir) }

// Transient tells whether an error of an FS may be gone at the next try and says nothing about the file: the disk or the process
// is in trouble.
func Transient(err error) bool {
	_, ok := errors.AsType[syscall.Errno](err)
	return ok && !errors.Is(err, fs.ErrNotExist)
}
