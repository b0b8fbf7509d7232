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
	Overlap time.Duration `json:"overlap_ns,omitempty"` // from the rotation
	// Age is how old the state directory was at the rotation, or nil if that was unknown. Born is the point at which the
	// overlap begins (provenclock.Point); nil in older files, where the overlap begins at Age.
	Age   *time.Duration `json:"age_ns,omitempty"`
	Born  *time.Duration `json:"born_ns,omitempty"`
	Value string         `json:"value"`
}

// gone tells whether the secret's overlap has ended for good, whatever the wall clock is set to later. The age of the
// state directory decides; if it is unknown, or has started again since the rotation, the wall clock does.
func (p previous) gone(age time.Duration, known bool) bool {
	if p.Age != nil && known && age >= *p.Age {
		born := p.Age
		if p.Born != nil {
			born = p.Born
		}
		return age-*born >= p.Overlap
	}
	return !time.Now().Before(p.Until)
}

// age returns how old the state directory is.
func (s *Store) age() (time.Duration, bool) {
	state, err := statedir.Existing(filepath.Dir(s.Dir))
	if err != nil {
		return 0, false
	}
	defer state.Close()
	return provenclock.Read(state)
}

// now returns the point to store for something that begins now.
func (s *Store) now() (provenclock.Point, bool) {
	state, err := statedir.Existing(filepath.Dir(s.Dir))
	if err != nil {
		return provenclock.Point{}, false
	}
	defer state.Close()
	wall := time.Now()
	return provenclock.Now(state, wall, provenclock.Kernel(provenclock.Built())(wall))
}

// Rotate replaces a secret with a new one. The old one stays valid for overlap.
func (s *Store) Rotate(name string, overlap time.Duration) error {
	now, known := s.now()
	return s.in(name, true, func(r *statedir.Dir) error {
		old, err := read(r, name)
		if err != nil {
			return err
		}
		if overlap > 0 {
			p := previous{Until: time.Now().Add(overlap).UTC().Truncate(time.Second), Overlap: overlap, Value: old}
			if known {
				p.Age, p.Born = &now.Age, &now.Born
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

// Previous returns the secret before the present one, and until when it is valid by the wall clock, which the caller compares. A
// secret whose overlap has ended for good is removed; one that has ended only by a wall clock that is ahead is not.
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
	}) // whatever is wrong with it, it is not valid
	return value, until, ok
}

// HasPrevious tells whether there is a secret before the present one, valid or not.
func (s *Store) HasPrevious(name string) bool { return s.Stamp(name+previousSuffix) != Stamp{} }
