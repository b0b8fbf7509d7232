package generation

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook/language"
)

// List returns all generations by number, including damaged ones and those that were set aside.
func (s *Store) List(t *rt.Task) ([]status.Generation, error) {
	now, err := s.Current(t)
	if err != nil && !errors.Is(err, errCurrent) {
		return nil, err
	}
	list := []status.Generation{}
	for _, d := range []string{dir, damagedDir} {
		numbers, err := s.numbers(t, d)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			entry := status.Generation{Number: n, Current: n == now && d == dir}
			g, err := s.read(t, d, n)
			if g != nil {
				entry.Applied, entry.Runbook, entry.Note, entry.Hash = g.Applied, g.File, g.Note, g.Inputs.Hash()
			}
			switch {
			case err != nil:
				entry.Damaged = err.Error()
			case d == damagedDir:
				entry.Damaged = "it was set aside in " + damagedDir
			}
			list = append(list, entry)
		}
	}
	slices.SortStableFunc(list, func(a, b status.Generation) int { return cmp.Compare(a.Number, b.Number) })
	return list, nil
}

// entries returns the entries of a folder; none when the folder does not exist.
func (s *Store) entries(t *rt.Task, d string) ([]rt.FileInfo, error) {
	entries, err := s.fs.ReadDir(t, d, maxEntries)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("generations: read the folder: %w", err)
	}
	return entries, nil
}

// numbers returns the numbers of the generations below a folder, in order, whatever their state.
func (s *Store) numbers(t *rt.Task, d string) ([]int, error) {
	entries, err := s.entries(t, d)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, e := range entries {
		if n := numberOf(e.Name); n > 0 && e.Dir {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// files returns the sizes of a generation's files by name.
func (s *Store) files(t *rt.Task, d string, number int) (map[string]int64, error) {
	entries, err := s.entries(t, d+"/"+folder(number))
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, e := range entries {
		sizes[e.Name] = e.Size
	}
	return sizes, nil
}

// read returns a generation below the folder d. The error wraps ErrDamaged when the files prove that it is damaged; the result
// then holds what meta.json says about it. The error wraps ErrNone when there is no generation with that number. Any other error
// is the file system's.
func (s *Store) read(t *rt.Task, d string, number int) (*Generation, error) {
	sizes, err := s.files(t, d, number)
	switch {
	case err != nil:
		return nil, err
	case len(sizes) == 0:
		return nil, ErrNone
	}
	load := func(name string, limit int64) ([]byte, error) {
		size, there := sizes[name]
		switch {
		case !there:
			return nil, damaged(name + " is missing")
		case size > limit:
			return nil, damaged(name + " is too long")
		}
		return s.fs.ReadFile(t, d+"/"+folder(number)+"/"+name, limit)
	}
	b, err := load(metaFile, maxMeta)
	if err != nil {
		return nil, err
	}
	m, err := decodeMeta(b)
	if err == nil && m.Number != number {
		err = damaged(fmt.Sprintf("%s belongs to generation %d", metaFile, m.Number))
	}
	if err != nil {
		return nil, err
	}
	g := &Generation{Number: number, Applied: m.Applied, File: m.File, Note: m.Note}
	if g.Source, err = load(runbookFile, language.MaxFileSize); err == nil && sum(g.Source) != m.Sums[runbookFile] {
		err = damaged(runbookFile + " has changed since it was written")
	}
	if err != nil {
		return g, err
	}
	inputs, err := load(inputsFile, maxInputs)
	if err == nil && sum(inputs) != m.Sums[inputsFile] {
		err = damaged(inputsFile + " has changed since it was written")
	}
	if err != nil {
		return g, err
	}
	if err := json.Unmarshal(inputs, &g.Inputs); err != nil || g.Inputs.Hash() != m.Hash || g.Inputs.Source != m.Sums[runbookFile] {
		return g, damaged(inputsFile + " belongs to another runbook")
	}
	return g, nil
}
