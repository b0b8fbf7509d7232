package secrets

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"orac/appliance/provenclock"
	"orac/appliance/statedir"
)

// previous is the secret before the present one.
type previous struct {
	Until   time.Time     `json:"until"`
	Overlap time.Duration `json:"overlap_ns,omitempty"` // from the rotation on
	// Age is how old the state directory was at the rotation; nil where that was not known.
	Age   *time.Duration `json:"age_ns,omitempty"`
	Value string         `json:"value"`
}

// gone tells whether it is good for nothing any more, whatever the wall clock is set to. The age of the state directory
// decides; where it is not known, or has begun anew since the rotation, the wall clock does.
func (p previous) gone(age time.Duration, known bool) bool {
	if p.Age != nil && known && age >= *p.Age {
		return age-*p.Age >= p.Overlap
	}
	return !time.Now().Before(p.Until)
}

// age is how old the state directory is.
func (s *Store) age() (time.Duration, bool) {
	state, err := statedir.Existing(filepath.Dir(s.Dir))
	if err != nil {
		return 0, false
	}
	defer state.Close()
	return provenclock.Read(state)
}

// Rotate replaces a secret by a new one. The one before stays good for as long as overlap.
func (s *Store) Rotate(name string, overlap time.Duration) error {
	age, known := s.age()
	return s.in(name, true, func(r *statedir.Dir) error {
		old, err := read(r, name)
		if err != nil {
			return err
		}
		if overlap > 0 {
			p := previous{Until: time.Now().Add(overlap).UTC().Truncate(time.Second), Overlap: overlap, Value: old}
			if known {
				p.Age = &age
			}
			text, err := json.Marshal(p)
			if err != nil {
				return err
			}
			if err := r.WriteFile(name+previousSuffix, text); err != nil {
				return err
			}
		} else if err := r.Remove(name + previousSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return r.WriteFile(name, []byte(New()+"\n"))
	})
}

// Previous returns the secret before the present one, and until when it is good by the wall clock: the caller compares. One whose
// overlap is over for ever is removed; one whose time is over only by a wall clock that is ahead is not.
func (s *Store) Previous(name string) (value string, until time.Time, ok bool) {
	age, known := s.age()
	_ = s.in(name, false, func(r *statedir.Dir) error {
		text, err := read(r, name+previousSuffix)
		if err != nil {
			return err
		}
		var p previous
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return err
		}
		if p.gone(age, known) {
			return r.Remove(name + previousSuffix)
		}
		value, until, ok = p.Value, p.Until, true
		return nil
	}) // whatever is wrong with it: it is not good
	return value, until, ok
}

// HasPrevious tells whether there is a secret before the present one, good or not.
func (s *Store) HasPrevious(name string) bool { return s.Stamp(name+previousSuffix) != Stamp{} }
