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
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = in.Rename(temp, name)
	}
	if err != nil {
		_ = in.Remove(temp) // err is the error to return; the owner of the folder removes what is left
		return err
	}
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

// Failed returns the error of syncing a folder if it says that the disk failed. Other errors only mean that the file system
// cannot sync folders.
func Failed(err error) error {
	for _, failure := range failures {
		if errors.Is(err, failure) {
			return err
		}
	}
	return nil
}
