package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// install writes r to dst with a SHA-256 of want: temporary file, sync, check,
// rename. More than limit bytes, fewer than announced by the reader's error, or a wrong sum leave
// dst as it was and nothing beside it. The error of a wrong sum tells nothing of what came.
func install(dst string, r io.Reader, limit int64, want string) (err error) {
	if err := os.MkdirAll(filepath.Dir(dst), 0o755); err != nil {
		return stored(filepath.Dir(dst), err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(dst), ".part-*")
	if err != nil {
		return stored(filepath.Dir(dst), err)
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	h := sha256.New()
	disk := &kept{w: tmp}
	n, err := io.Copy(io.MultiWriter(disk, h), io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%w of %d MiB", errTooLarge, limit>>20)
	}
	if written := errors.Join(disk.err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); written != nil {
		return stored(filepath.Dir(dst), written)
	}
	if err != nil { // of the reader: what it says is why
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return fmt.Errorf("%w: the SHA-256 of the download is not %s", ErrChecksum, want)
	}
	if err := os.Rename(tmp.Name(), dst); err != nil {
		return stored(filepath.Dir(dst), err)
	}
	return syncDir(filepath.Dir(dst))
}

// kept remembers that the disk refused: an error of a copy may be of either side.
type kept struct {
	w   io.Writer
	err error
}

func (k *kept) Write(p []byte) (int, error) {
	n, err := k.w.Write(p)
	if err != nil {
		k.err = err
	}
	return n, err
}

// syncDir makes a rename survive a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
