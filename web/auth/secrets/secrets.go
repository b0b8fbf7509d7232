// Package secrets keeps the secrets of an appliance as files in its state directory.
//
// Guarantees: a file is created with mode 0600 in a folder of mode 0700, completely or not at all; a file that others may
// read is not used. No name leads out of the folder. Nothing here prints a value. Rotating a secret keeps the old one, which
// is valid until a declared moment and removed after it.
package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"orac/appliance/statedir"
	"orac/runbook/language"
	"orac/runbook/pattern"
)

// Store is the folder of secrets. Its methods are safe for concurrent use.
type Store struct {
	Dir string // <state>/secrets
}

// In returns the secrets of a state directory. It creates nothing.
func In(stateDir string) *Store { return &Store{Dir: filepath.Join(stateDir, language.SecretsDir)} }

// Info is the public description of a secret.
type Info struct {
	Name    string    `json:"name"`
	Changed time.Time `json:"changed"`
	// Previous is until when the preceding secret is valid; zero if it is not.
	Previous time.Time `json:"previous_until,omitzero"`
	Problem  string    `json:"problem,omitempty"`
}

const (
	previousSuffix = ".previous"
	maxSecret      = 64 << 10 // bytes
	bits           = 256
)

var namePattern = pattern.Lazy(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// ErrExists means that a secret was not made because it exists already.
var ErrExists = errors.New("it exists already")

// ErrNone means that the secret does not exist.
var ErrNone = errors.New("there is no such secret")

// CheckName says what is wrong with a name.
func CheckName(name string) error {
	if !namePattern().MatchString(name) || strings.HasSuffix(name, previousSuffix) { // the names of temporary files begin with a dot
		return fmt.Errorf("%.80q cannot be the name of a secret: use 1 to 64 letters, digits, _, . or -", name)
	}
	return nil
}

// New makes a value of 256 random bits, in base64url.
func New() string {
	b := make([]byte, bits/8)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Generate makes a secret that does not exist yet.
func (s *Store) Generate(name string) error {
	return s.in(name, true, func(r *statedir.Dir) error {
		if _, err := r.Lstat(name); err == nil {
			return ErrExists
		}
		return r.WriteFile(name, []byte(New()+"\n"))
	})
}

// Put writes a secret and replaces an existing one.
func (s *Store) Put(name, value string) error {
	return s.in(name, true, func(r *statedir.Dir) error { return r.WriteFile(name, []byte(value+"\n")) })
}

// Exposed tells whether anybody except the owner may read or write a secret: such a secret is not used and must be
// replaced.
func (s *Store) Exposed(name string) (exposed bool) {
	_ = s.in(name, false, func(r *statedir.Dir) error {
		info, err := r.Lstat(name)
		exposed = err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
		return err
	}) // a file that cannot be examined is not used either
	return exposed
}

// Replace makes a new secret in place of one that others may have read. The old one is no longer valid.
func (s *Store) Replace(name string) error {
	return s.in(name, true, func(r *statedir.Dir) error {
		if err := r.Remove(name + previousSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return r.WriteFile(name, []byte(New()+"\n"))
	})
}

// Info describes one secret. It returns ErrNone if the secret does not exist.
func (s *Store) Info(name string) (Info, error) {
	list, err := s.List()
	for _, i := range list {
		if i.Name == name {
			return i, nil
		}
	}
	return Info{}, errors.Join(err, fmt.Errorf("secret %s: %w", name, ErrNone))
}

// Get reads a secret.
func (s *Store) Get(name string) (value string, err error) {
	err = s.in(name, false, func(r *statedir.Dir) error {
		value, err = read(r, name)
		return err
	})
	return value, err
}

// NameOf returns the name of the secret with a value, or "" if there is none.
func (s *Store) NameOf(value string) string {
	list, err := s.List()
	if err != nil || value == "" {
		return ""
	}
	for _, i := range list {
		if v, err := s.Get(i.Name); err == nil && v == value {
			return i.Name
		}
	}
	return ""
}

// List describes all secrets, in order of name.
func (s *Store) List() (list []Info, err error) {
	dir, err := s.folder(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir()
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	for _, e := range entries {
		if CheckName(e.Name()) != nil {
			continue
		}
		i := Info{Name: e.Name()}
		if info, err := e.Info(); err == nil {
			i.Changed = info.ModTime()
		}
		if _, err := s.Get(e.Name()); err != nil {
			i.Problem = reason(err)
		}
		if _, until, ok := s.Previous(e.Name()); ok && time.Now().Before(until) {
			i.Previous = until
		}
		list = append(list, i)
	}
	return list, nil
}

// Stamp changes whenever a secret is made, replaced or removed.
type Stamp struct {
	inode   uint64
	changed int64
}

// Stamp returns the stamp of a secret. The time alone is not enough: it moves in steps of
// milliseconds.
func (s *Store) Stamp(name string) Stamp {
	dir, err := s.folder(false)
	if err != nil {
		return Stamp{}
	}
	defer dir.Close()
	info, err := dir.Lstat(name)
	if err != nil {
		return Stamp{}
	}
	stamp := Stamp{changed: info.ModTime().UnixNano()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		stamp.inode = sys.Ino
	}
	return stamp
}

// in calls f with the folder, which it creates if make is set.
func (s *Store) in(name string, make bool, f func(*statedir.Dir) error) error {
	if err := CheckName(name); err != nil {
		return err
	}
	r, err := s.folder(make)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("secret %s: %w", name, ErrNone)
	}
	if err != nil {
		return fmt.Errorf("secrets: %w", err)
	}
	defer r.Close()
	if err := f(r); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = ErrNone
		}
		return fmt.Errorf("secret %s: %w", name, err)
	}
	return nil
}

// folder opens the folder inside the state directory.
func (s *Store) folder(make bool) (*statedir.Dir, error) {
	if !make {
		state, err := statedir.Existing(filepath.Dir(s.Dir))
		if err != nil {
			return nil, err
		}
		defer state.Close()
		return state.ExistingSub(filepath.Base(s.Dir))
	}
	state, err := statedir.Open(filepath.Dir(s.Dir))
	if err != nil {
		return nil, err
	}
	defer state.Close()
	return state.Sub(filepath.Base(s.Dir))
}

func read(r *statedir.Dir, name string) (string, error) {
	f, err := r.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("others may read %s; make it private with chmod 600, and rotate it", r.Path(name))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err == nil && len(text) > maxSecret {
		err = fmt.Errorf("it has more than %d bytes", maxSecret)
	}
	return strings.TrimRight(string(text), "\r\n"), err
}

func reason(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return err.Error()
}
