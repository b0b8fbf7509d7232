package generation

import (
	"fmt"
	"strings"

	"orac/appliance/rt"
	"orac/runbook/language"
)

// inForceFile holds the hash of the inputs that came into force last. It says more than the current generation does: a rotated
// secret comes into force without a new generation.
const inForceFile = "in-force"

// maxHash is more than the length of a hash, in bytes.
const maxHash = 256

// SetInForce records the inputs that have come into force. If recording fails, the next start sees a change.
func (s *Store) SetInForce(t *rt.Task, in language.Inputs) error {
	if err := rt.WriteFile(t, s.fs, dir, inForceFile, fmt.Appendln(nil, in.Hash())); err != nil {
		return fmt.Errorf("generations: note what is in force: %w", err)
	}
	return nil
}

// IsInForce tells whether inputs are those that came into force last. If that is unknown, it returns false.
func (s *Store) IsInForce(t *rt.Task, in language.Inputs) bool {
	b, err := s.fs.ReadFile(t, dir+"/"+inForceFile, maxHash)
	return err == nil && strings.TrimSuffix(string(b), "\n") == in.Hash()
}
