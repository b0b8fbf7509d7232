package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// MissingError is about files of the catalogue that are not in a store. It wraps ErrMissing.
type MissingError struct {
	Dir   string   // of the store
	Host  string   // of the registry that they would come from, where that is known without asking anybody; else ""
	Names []string // in the catalogue, in the order in which they were asked for
	Run   string   // the whole command that fetches them
}

// Error names all of them, and ends with the command.
func (e *MissingError) Error() string {
	what := "model"
	if len(e.Names) > 1 {
		what = "models"
	}
	return fmt.Sprintf("%s %s: %v: not in %s; run: %s", what, strings.Join(e.Names, ", "), ErrMissing, e.Dir, e.Run)
}

// Unwrap gives ErrMissing.
func (e *MissingError) Unwrap() error { return ErrMissing }

// Missing tells which of the named entries a store lacks: a *MissingError that names each once, or nil. Files are not read:
// whether they are the right ones shows when they are opened. The error of a name that is not in the catalogue is an
// *UnknownError.
func Missing(s Store, names []string) error {
	var lacking []string
	seen := map[string]bool{}
	for _, name := range names {
		e, err := Find(name)
		if err != nil {
			return err
		}
		absent := slices.ContainsFunc(e.parts(), func(p Part) bool {
			_, err := os.Stat(s.path(p))
			return errors.Is(err, fs.ErrNotExist)
		})
		if absent && !seen[e.Name] {
			seen[e.Name] = true
			lacking = append(lacking, e.Name)
		}
	}
	if lacking == nil {
		return nil
	}
	return s.missing(lacking...)
}

func (s Store) missing(names ...string) *MissingError {
	return &MissingError{Dir: s.Dir, Host: registryHost(), Names: names, Run: s.fetchCommand(names...)}
}

// fetchCommand is the command line that pulls entries into this store.
func (s Store) fetchCommand(names ...string) string {
	command := s.Command
	if command == "" {
		command = "orac models pull"
	}
	return strings.Join(append([]string{command}, names...), " ")
}
