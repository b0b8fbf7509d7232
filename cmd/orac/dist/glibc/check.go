package glibc

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"
)

// Check tells whether a program runs with the C library of Newest: which libraries it names, and the versions that it needs of them.
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
	return errors.Join(wrong...)
}
