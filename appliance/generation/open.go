package generation

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"orac/appliance/rt"
)

// Open looks at the generations below a state directory. It removes what a power loss has left of a commit or of a removal, moves
// damaged generations to generations/damaged, and reports them. An error is that of the file system; the store can be used all
// the same, and later calls return the error again.
func Open(t *rt.Task, fsys rt.FS) (*Store, error) {
	s := &Store{fs: fsys}
	if err := fsys.MkdirAll(t, dir); err != nil {
		return s, fmt.Errorf("generations: make the folder: %w", err)
	}
	numbers, err := s.numbers(t, dir)
	if err != nil {
		return s, err
	}
	s.sweep(t)
	for _, n := range numbers {
		if _, err := s.read(t, dir, n); errors.Is(err, ErrDamaged) {
			s.setAside(t, n, err.Error())
		}
	}
	return s, nil
}

// sweep erases what is left of interrupted commits and removals, as far as the disk allows.
func (s *Store) sweep(t *rt.Task) {
	now, err := s.Current(t)
	known := err == nil
	numbers, err := s.numbers(t, dir)
	if err != nil {
		return
	}
	for _, n := range numbers {
		files, err := s.files(t, dir, n)
		_, whole := files[metaFile]
		_, removed := files[removedFile]
		if err == nil && (len(files) == 0 || removed || known && n > now && !whole) {
			_ = s.erase(t, n) // the next sweep tries again
		}
	}
}

// erase removes a generation. Its first step marks the generation as incomplete, and its last step removes that mark, so that
// what a power loss leaves never looks damaged.
func (s *Store) erase(t *rt.Task, number int) error {
	at := dir + "/" + folder(number)
	err := s.fs.Rename(t, at+"/"+metaFile, at+"/"+removedFile)
	if err == nil {
		err = s.fs.SyncDir(t, at)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := s.files(t, dir, number)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == removedFile {
			continue
		}
		if err := s.fs.Remove(t, at+"/"+name); err != nil {
			return err
		}
	}
	if err := s.fs.SyncDir(t, at); err != nil {
		return err
	}
	if err := s.fs.Remove(t, at+"/"+removedFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.removeFolder(t, at)
}

// removeFolder removes the folder of a generation that has no files left.
func (s *Store) removeFolder(t *rt.Task, at string) error {
	if err := s.fs.SyncDir(t, at); err != nil {
		return err
	}
	if err := s.fs.Remove(t, at); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.fs.SyncDir(t, dir)
}

// setAside moves a damaged generation to where people find it, meta.json last, so that what a power loss leaves still looks
// damaged. If the disk refuses, the generation stays and the next Open tries again.
func (s *Store) setAside(t *rt.Task, number int, cause string) {
	if err := s.moveAside(t, number); err != nil {
		cause += "; it could not be set aside: " + err.Error()
	}
	s.reports = append(s.reports, Report{Number: number, Cause: cause})
}

func (s *Store) moveAside(t *rt.Task, number int) error {
	from, to := dir+"/"+folder(number), damagedDir+"/"+folder(number)
	files, err := s.files(t, dir, number)
	if err != nil {
		return err
	}
	if err := s.fs.MkdirAll(t, to); err != nil {
		return err
	}
	for _, parent := range []string{dir, damagedDir} {
		if err := s.fs.SyncDir(t, parent); err != nil {
			return err
		}
	}
	move := func(name string) error {
		if err := s.fs.Rename(t, from+"/"+name, to+"/"+name); err != nil {
			return err
		}
		if err := s.fs.SyncDir(t, to); err != nil { // there before it is gone here
			return err
		}
		return s.fs.SyncDir(t, from)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == metaFile {
			continue
		}
		if err := move(name); err != nil {
			return err
		}
	}
	if _, ok := files[metaFile]; ok {
		if err := move(metaFile); err != nil {
			return err
		}
	}
	return s.removeFolder(t, from)
}
