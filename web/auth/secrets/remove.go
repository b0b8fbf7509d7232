package secrets

import (
	"errors"
	"io/fs"

	"orac/appliance/statedir"
)

// Remove removes a secret and its predecessor. It is not an error if there was none.
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
