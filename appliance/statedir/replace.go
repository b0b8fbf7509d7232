package statedir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"orac/models/atomicfile"
)

// Replace rewrites an existing file that somebody has named, such as a runbook, wherever it is and whoever owns it. If the path
// is a link, it writes the file that the link points to; the mode stays. Package atomicfile says what is promised.
//
// If the file cannot be replaced, because it is a mount of its own (EBUSY) or its folder is not writable, Replace writes it in
// place, and inPlace says so. A power loss at that moment can leave a mixture of both texts. An error of writing in place leaves
// the old text; if even that fails, it says so.
func Replace(path string, text []byte) (inPlace bool, err error) { return hooks{}.replace(path, text) }

func (h hooks) replace(path string, text []byte) (inPlace bool, err error) {
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return false, err
	}
	old, info, err := Regular(path)
	if err != nil {
		return false, err
	}
	defer old.Close()
	folder := atomicfile.Dir{Path: filepath.Dir(path), Mode: info.Mode().Perm(), Move: h.rename}
	err = atomicfile.Write(folder, filepath.Base(path), atomicfile.Text(text))
	for _, fixed := range []error{unix.EBUSY, unix.EXDEV, unix.EROFS, unix.EACCES, unix.EPERM} {
		if errors.Is(err, fixed) {
			return true, overwrite(path, info, text)
		}
	}
	return false, err
}

// overwrite replaces the text in a file, and cuts off the rest. It is one write, so that others see a mixture of both texts for
// as short a time as possible.
func overwrite(path string, was fs.FileInfo, text []byte) error {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(was, info) {
		return &fs.PathError{Op: "write", Path: path, Err: errors.New("another program replaced the file meanwhile")}
	}
	old := make([]byte, info.Size())
	if _, err := f.ReadAt(old, 0); err != nil && info.Size() > 0 {
		return err
	}
	put := func(text []byte) error {
		if _, err := f.WriteAt(text, 0); err != nil {
			return err
		}
		if err := f.Truncate(int64(len(text))); err != nil {
			return err
		}
		return f.Sync()
	}
	if err := put(text); err != nil {
		if back := put(old); back != nil {
			return fmt.Errorf("%w; and the earlier text could not be restored: %w", err, back)
		}
		return err
	}
	return nil
}
