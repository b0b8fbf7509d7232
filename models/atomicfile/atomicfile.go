// Package atomicfile replaces a file completely or not at all.
//
// Guarantees:
//
//   - Whoever reads the file sees the old text or the new one, also after a kill and after a loss of power: the text is written to
//     a new file, synced, and renamed.
//   - When Write returns nil, the new text survives a loss of power: the folder is synced too, where its file system can do that.
//   - When Write returns an error, the old file is as it was and no temporary file is left. The one exception is a disk that
//     fails while the folder is synced: the new file is there, but may not survive.
//   - A kill can leave a temporary file. Who owns the folder removes such files.
//
// It works in the state directory, on the file system of the simulator and on plain paths, because each is a Folder. No library
// does: those that exist write to plain paths, and leave the folder unsynced.
package atomicfile

import (
	"errors"
	"io"
)

// Folder is where a file is replaced. Names are relative to it.
type Folder interface {
	// Temp makes a new file for a text that is going to be called name, and returns what it is called until then.
	Temp(name string) (f File, temp string, err error)
	Rename(from, to string) error
	Remove(name string) error
	// Sync ensures that a rename survives a loss of power.
	Sync() error
}

// File is a file that is being written.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// Write replaces a file by what fill writes. An error of fill is returned as it is.
func Write(in Folder, name string, fill func(io.Writer) error) error {
	f, temp, err := in.Temp(name)
	if err != nil {
		return err
	}
	open, placed := true, false
	defer func() { // also if fill panics
		if open {
			_ = f.Close()
		}
		if !placed {
			_ = in.Remove(temp) // the first error is the one to return; the owner of the folder removes what is left
		}
	}()
	if err := fill(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	open = false
	if err := f.Close(); err != nil {
		return err
	}
	if err := in.Rename(temp, name); err != nil {
		return err
	}
	placed = true
	return in.Sync()
}

// Text fills a file with a text.
func Text(text []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		n, err := w.Write(text)
		if err == nil && n < len(text) {
			err = io.ErrShortWrite
		}
		return err
	}
}

// Failed returns the error of syncing a folder, unless it only says that folders cannot be synced here.
func Failed(err error) error {
	for _, cannot := range impossible {
		if errors.Is(err, cannot) {
			return nil
		}
	}
	return err
}
