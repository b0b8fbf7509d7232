package secrets

import (
	"errors"
	"io/fs"

	"orac/appliance/statedir"
)

// Remove removes a secret and the one before it. That there was none is no error.
func (s *Store) Remove(name string) error {
	err := s.in(name, false, func(r *statedir.Dir) error {
		if err := r.Remove(name + previousSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return r.Remove(name)
	})
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}
