package glibc

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"
)

// Check tells whether a program runs with the C library of Newest: which libraries it names, the versions that it needs of them,
// and whether it has code of its own that would have to run before main, which the older library would leave out.
func Check(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	symbols, err := f.ImportedSymbols()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var wrong []error
	if len(symbols) == 0 || len(libraries) == 0 {
		wrong = append(wrong, fmt.Errorf("%s imports nothing: it is not the program that was meant", path))
	}
	for _, l := range libraries {
		if !slices.Contains(needed, l) {
			wrong = append(wrong, fmt.Errorf("%s needs the library %s, which is not everywhere", path, l))
		}
	}
	for _, s := range symbols {
		if s.Version == "" {
			continue
		}
		if v, ok := parse(s.Version); !ok || v.compare(Newest) > 0 {
			wrong = append(wrong, fmt.Errorf("%s needs %s of %s, newer than %v", path, s.Name, s.Version, Newest))
		}
	}
	if s := f.Section(".init_array"); s != nil && s.Size > 8 { // one is the compiler's own, which does nothing
		wrong = append(wrong, fmt.Errorf("%s has %d functions that must run before main", path, s.Size/8))
	}
	return errors.Join(wrong...)
}
