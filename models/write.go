package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"orac/models/atomicfile"
)

// install replaces dst by what r gives, which has a SHA-256 of want. More than limit bytes, fewer than announced by the reader's
// error, or a wrong sum leave dst as it was. The error of a wrong sum tells nothing of what came.
func install(dst string, r io.Reader, limit int64, want string) error {
	dir, name := filepath.Dir(dst), filepath.Base(dst)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return stored(dir, err)
	}
	var bad error // the fault of the reader, not of the disk
	err := atomicfile.Write(atomicfile.Dir{Path: dir, Mode: 0o644}, name, func(w io.Writer) error {
		h := sha256.New()
		disk := &kept{w: w}
		n, err := io.Copy(io.MultiWriter(disk, h), io.LimitReader(r, limit+1))
		switch {
		case disk.err != nil:
			return disk.err
		case err != nil:
			bad = err
		case n > limit:
			bad = fmt.Errorf("%w of %d MiB", errTooLarge, limit>>20)
		case hex.EncodeToString(h.Sum(nil)) != want:
			bad = fmt.Errorf("%w: the SHA-256 of the download is not %s", ErrChecksum, want)
		}
		return bad
	})
	if bad != nil {
		return bad
	}
	return stored(dir, err)
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
