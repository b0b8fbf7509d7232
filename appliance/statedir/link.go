package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Linked returns where a file is, or will be, when the given path may be a link. It follows links that belong to root or to the
// user that ORAC runs as, as fs.protected_symlinks does in folders that everybody may write to. A link of anybody else is a
// Refusal. Open the result without following links.
func Linked(path string) (string, error) {
	at := path
	for range maxLinks {
		info, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return at, nil
		}
		if err != nil {
			return "", err
		}
		uid, other := otherOwner(info)
		if sys, ok := info.Sys().(*syscall.Stat_t); other || !ok || sys.Nlink > 1 {
			return "", refuse(path, at+" is a link that belongs to the user "+UserName(uid)+", or a hard link to a link", "name what it points to, or make the link yourself")
		}
		target, err := os.Readlink(at)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			folder, err := filepath.EvalSymlinks(filepath.Dir(at)) // ".." is above where the folder is
			if err != nil {
				return "", err
			}
			target = filepath.Join(folder, target)
		}
		at = target
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: unix.ELOOP}
}
