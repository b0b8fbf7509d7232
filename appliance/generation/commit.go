package generation

import (
	"encoding/json"
	"fmt"
	"slices"

	"orac/appliance/rt"
	"orac/runbook/language"
)

// Commit keeps a generation under the next number, makes it the current one and returns its number. When it fails, the previous
// generation stays current; only if the very last write to the disk failed, either of the two may be current.
func (s *Store) Commit(t *rt.Task, g Generation) (int, error) {
	n, err := s.commit(t, g)
	if err != nil {
		return 0, fmt.Errorf("keep the generation: %w", err)
	}
	return n, nil
}

func (s *Store) commit(t *rt.Task, g Generation) (int, error) {
	inputs, err := json.Marshal(g.Inputs)
	switch {
	case err != nil:
		return 0, err
	case g.Inputs.Source != sum(g.Source):
		return 0, fmt.Errorf("BUG: the inputs belong to another text")
	case len(g.Source) > language.MaxFileSize || len(inputs) > maxInputs:
		return 0, fmt.Errorf("it is too large: %d and %d bytes", len(g.Source), len(inputs))
	}
	s.sweep(t)
	if g.Number, err = s.next(t); err != nil {
		return 0, err
	}
	meta, err := newMeta(g, inputs).encode()
	if err != nil {
		return 0, err
	}
	at := dir + "/" + folder(g.Number)
	err = s.write(t, at, map[string][]byte{runbookFile: g.Source, inputsFile: inputs, metaFile: meta})
	if err != nil {
		_ = s.erase(t, g.Number) // best effort: Open erases what is left
		return 0, err
	}
	if err := rt.WriteFile(t, s.fs, dir, current, fmt.Appendln(nil, g.Number)); err != nil {
		return 0, err
	}
	return g.Number, nil
}

// write makes the folder of a generation. It writes the file that makes the generation complete last.
func (s *Store) write(t *rt.Task, at string, files map[string][]byte) error {
	if err := s.fs.MkdirAll(t, at); err != nil {
		return err
	}
	for _, parent := range []string{".", dir} {
		if err := s.fs.SyncDir(t, parent); err != nil {
			return err
		}
	}
	for _, name := range []string{runbookFile, inputsFile, metaFile} {
		if err := rt.WriteFile(t, s.fs, at, name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// next returns a number that no generation has, including those that were set aside.
func (s *Store) next(t *rt.Task) (int, error) {
	n, err := s.Current(t)
	if err != nil {
		n = 0 // it is rewritten; the folders show the number
	}
	for _, d := range []string{dir, damagedDir} {
		numbers, err := s.numbers(t, d)
		if err != nil {
			return 0, err
		}
		if len(numbers) > 0 {
			n = max(n, slices.Max(numbers))
		}
	}
	if n++; n > maxNumber {
		return 0, fmt.Errorf("generation numbers end at %d", maxNumber)
	}
	return n, nil
}

// Prune removes the oldest generations until keep are left, never the current one, and returns the numbers of the removed ones.
// Damaged generations that were set aside stay and do not count.
func (s *Store) Prune(t *rt.Task, keep int) ([]int, error) {
	now, err := s.Current(t)
	if err != nil {
		return nil, err // without the current one, nothing can be removed safely
	}
	numbers, err := s.numbers(t, dir)
	if err != nil {
		return nil, err
	}
	left := len(numbers)
	var gone []int
	for _, n := range numbers {
		if left <= keep {
			break
		}
		if n == now {
			continue
		}
		if err := s.erase(t, n); err != nil {
			return gone, fmt.Errorf("remove generation %d: %w", n, err)
		}
		gone = append(gone, n)
		left--
	}
	return gone, nil
}
