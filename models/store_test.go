package models

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orac/models/onnx"
)

// listed makes a store whose catalogue has one model and a library.
func listed(t *testing.T) Store {
	t.Helper()
	restore := catalogue
	catalogue = []Entry{
		{Name: "one", Kind: Head, Package: "pkg", Path: "one.onnx", File: "one.onnx", SHA256: sumOf("one")},
		{Name: "onnxruntime", Kind: Runtime, Package: "pkg", Path: "lib.so", File: "lib.so", SHA256: sumOf("library")},
	}
	t.Cleanup(func() { catalogue = restore })
	s := Store{Dir: t.TempDir()}
	put(t, s.Dir, "one.onnx", "one")
	put(t, s.Dir, "lib.so", "library")
	return s
}

// put makes a file, in place of one that is there, as a rename would.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	part := filepath.Join(dir, name+".new")
	err := errors.Join(os.WriteFile(part, []byte(text), 0o600), os.Rename(part, filepath.Join(dir, name)))
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhatWasCheckedIsWhatRuns replaces a file at every moment between two looks at it: what a call gives is what it compared.
func TestWhatWasCheckedIsWhatRuns(t *testing.T) {
	for _, source := range []string{"catalog:one", "word.onnx", "https://example.com/url.onnx"} {
		s := listed(t)
		put(t, s.Dir, "word.onnx", "one")
		put(t, s.Dir, "url-"+sumOf("one")[:16]+".onnx", "one")
		swaps := 0
		swap := func(path string) {
			put(t, s.Dir, filepath.Base(path), "two")
			swaps++
		}
		s.hooks.read = swap
		f, err := s.Resolve(source, sumOf("one"), s.Dir)
		if err != nil || swaps != 1 || string(f.Bytes) != "one" || f.SHA256 != sumOf("one") {
			t.Errorf("%s, replaced after it was read: %q, %s, %v", source, f.Bytes, f.SHA256, err)
		}
		put(t, s.Dir, filepath.Base(f.Path), "one")
		s.hooks = hooks{found: swap}
		if f, err := s.Resolve(source, sumOf("one"), s.Dir); err == nil || swaps != 2 {
			t.Errorf("%s, replaced before it was read: %q, %v", source, f.Bytes, err)
		}
	}
}

func TestTheLibraryThatWasCheckedIsOpen(t *testing.T) {
	s := listed(t)
	f, err := s.Library()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	put(t, s.Dir, "lib.so", "another")
	b := make([]byte, 10)
	if n, _ := f.ReadAt(b, 0); string(b[:n]) != "library" {
		t.Errorf("got %q", b[:n])
	}
	if _, err := s.Library(); !errors.Is(err, ErrChecksum) {
		t.Errorf("another library: %v", err)
	}
	put(t, s.Dir, "lib.so", "library")
	if err := os.Chmod(filepath.Join(s.Dir, "lib.so"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Library(); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("a library that others may change: %v", err)
	}
}

// TestHostileModelFiles: nothing waits, and nothing large is read.
func TestHostileModelFiles(t *testing.T) {
	s := listed(t)
	at := filepath.Join(s.Dir, "word.onnx")
	fifo := func(path string) error {
		os.Remove(path) // where there is one
		return syscall.Mkfifo(path, 0o600)
	}
	for _, tc := range []struct {
		make func() error
		want string
	}{
		{func() error { return fifo(at) }, "not a regular file"},
		{func() error { return errors.Join(os.Remove(at), os.Mkdir(at, 0o700)) }, "not a regular file"},
		{func() error { return errors.Join(os.Remove(at), os.Symlink("/dev/zero", at)) }, "not a regular file"},
		{func() error { return errors.Join(os.Remove(at), os.Symlink("word.onnx", at)) }, "too many levels"},
		{func() error {
			return errors.Join(os.Remove(at), os.WriteFile(at, nil, 0o600), os.Truncate(at, onnx.MaxFile+1))
		}, "larger than the limit of 64 MiB"},
		{func() error { // it becomes one after it was looked at
			s.hooks.found = func(path string) { _ = fifo(path) }
			return os.Truncate(at, 10)
		}, "not a regular file"},
	} {
		if err := tc.make(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Resolve("word.onnx", "", s.Dir); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want %q", err, tc.want)
		}
	}
}

// TestHostileCount: who may write in the store gains nothing of the file that counts downloads.
func TestHostileCount(t *testing.T) {
	s := listed(t)
	at := filepath.Join(s.Dir, begun)
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, make := range map[string]func() error{
		"a pipe":      func() error { return syscall.Mkfifo(at, 0o600) },
		"a link":      func() error { return os.Symlink(other, at) },
		"a hard link": func() error { return os.Link(other, at) },
		"a folder":    func() error { return os.Mkdir(at, 0o700) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if _, done, err := s.reserve(); err == nil {
			done()
			t.Errorf("%s was accepted", what)
		}
		if b, _ := os.ReadFile(other); string(b) != "precious" {
			t.Errorf("%s: another file was written: %q", what, b)
		}
		if err := os.RemoveAll(at); err != nil {
			t.Fatal(err)
		}
	}
}
