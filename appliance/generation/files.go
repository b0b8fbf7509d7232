package generation

import (
	"fmt"

	"orac/appliance/rt"
	"orac/runbook/language"
)

// FilesDir holds copies of model files, named by their SHA-256 with .onnx. A generation that names a copy runs with it, whatever
// is at the original path today. The code that loads a model puts the copy there; Sweep removes copies that no generation names.
const FilesDir = dir + "/files"

const fileSuffix = ".onnx"

// FileName is the name of the copy of a file.
func FileName(hash string) string { return hash + fileSuffix }

// Sweep removes the copies that no generation names, and partial copies that a killed process left.
func (s *Store) Sweep(t *rt.Task) error {
	copies, err := s.entries(t, FilesDir)
	if err != nil || len(copies) == 0 {
		return err
	}
	numbers, err := s.numbers(t, dir)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, n := range numbers {
		g, err := s.read(t, dir, n)
		if err != nil {
			return fmt.Errorf("generation %d: %w", n, err) // the files it names are unknown: remove nothing
		}
		for _, in := range g.Inputs.List {
			if in.Kind == language.InputNamed && in.Hash != "" {
				named[FileName(in.Hash)] = true
			}
		}
	}
	for _, c := range copies {
		if !named[c.Name] {
			if err := s.fs.Remove(t, FilesDir+"/"+c.Name); err != nil {
				return fmt.Errorf("remove a model that no generation names: %w", err)
			}
		}
	}
	return nil
}
