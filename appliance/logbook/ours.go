package logbook

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"orac/appliance/statedir"
)

// mark is the last line of a file that ORAC has set aside, and proves that the file is ORAC's. A file beside the log
// without it belongs to somebody else, such as logrotate, or to an ORAC that wrote no mark; it is left alone. The text
// is part of the format: never change it.
const mark = `{"seq":0,"level":"INFO","message":"the log goes on in a new file","by":"orac"}` + "\n"

// isOurs tells whether ORAC has set a file aside. It returns false for a file that cannot be read.
func isOurs(path string) bool {
	f, info, err := statedir.Regular(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if here, err := os.Lstat(path); err != nil || !os.SameFile(here, info) || info.Size() < int64(len(mark)) {
		return false // a link is not ours
	}
	end := make([]byte, len(mark))
	_, err = f.ReadAt(end, info.Size()-int64(len(mark)))
	return err == nil && string(end) == mark
}

// aside lists the names for files that are set aside, the newest first. It skips names of files that belong to somebody else.
func (l *File) aside() (names []string) {
	for n := 1; len(names) < l.keep-1; n++ {
		name := l.real + "." + strconv.Itoa(n)
		if _, err := os.Lstat(name); err != nil || isOurs(name) {
			names = append(names, name)
		}
	}
	return names
}

// finish writes the mark; if the disk is full, it replaces the end of the file.
func (l *File) finish() error {
	_, err := l.f.Write([]byte(mark))
	if err == nil {
		return nil
	}
	if err := l.f.Truncate(max(0, l.used-int64(len(mark)))); err != nil {
		return err
	}
	_, err = l.f.Write([]byte(mark))
	return err
}

// CheckFile returns why a log file cannot be written, without making or changing anything; nil if it finds no reason.
func CheckFile(path string) error {
	real, err := statedir.Linked(path)
	if err != nil {
		return err
	}
	info, err := os.Lstat(real)
	if err == nil {
		if err := statedir.CheckFile(real, info); err != nil {
			return err
		}
	}
	return mayMake(real)
}

// mayMake tells whether a file could be made in the folder of a path.
func mayMake(path string) error {
	folder := folderOf(path)
	const writeAndSearch = 2 | 1 // W_OK, X_OK of access(2)
	if err := syscall.Access(folder, writeAndSearch); err != nil {
		return &fs.PathError{Op: "write", Path: folder, Err: err}
	}
	return nil
}
