package statedir

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Regular opens a file that somebody has named, for reading, wherever it is and whoever owns it. It follows links. It opens only
// regular files, even if the file is swapped meanwhile, and never blocks.
func Regular(path string) (*os.File, fs.FileInfo, error) { return hooks{}.regular(path) }

func (h hooks) regular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path) // opening a device may have effects
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	call(h.file)
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// ErrNotRegular says that Regular does not open a folder, a pipe, a socket or a device.
var ErrNotRegular = errors.New("not a regular file")
