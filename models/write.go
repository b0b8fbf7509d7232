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
		return fmt.Errorf("model store: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(dst), ".part-*")
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, h), io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%w of %d MiB", errTooLarge, limit>>20)
	}
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return fmt.Errorf("writing %s: %w", dst, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return fmt.Errorf("%w: what came is not the file with SHA-256 %s", ErrChecksum, want)
	}
	if err := os.Rename(tmp.Name(), dst); err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	return syncDir(filepath.Dir(dst))
}

// syncDir makes a rename survive a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
