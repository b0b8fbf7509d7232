package generation

import (
	"fmt"
	"strings"

	"orac/appliance/rt"
	"orac/runbook"
)

// inForceFile holds the hash of the inputs that came into force last. It tells more than the current generation: a rotated
// secret is in force without making another generation.
const inForceFile = "in-force"

// maxHash is more than a hash has, in bytes.
const maxHash = 256

// SetInForce notes what has come into force. What it cannot note looks like a change at the next start.
func (s *Store) SetInForce(t *rt.Task, in runbook.Inputs) error {
	if err := rt.WriteFile(t, s.fs, dir, inForceFile, fmt.Appendln(nil, in.Hash())); err != nil {
		return fmt.Errorf("generations: note what is in force: %w", err)
	}
	return nil
}

// IsInForce tells whether inputs are those that came into force last. Where that is not known they are not.
func (s *Store) IsInForce(t *rt.Task, in runbook.Inputs) bool {
	b, err := s.fs.ReadFile(t, dir+"/"+inForceFile, maxHash)
	return err == nil && strings.TrimSuffix(string(b), "\n") == in.Hash()
}
