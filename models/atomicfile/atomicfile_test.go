package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// step records what is asked of a folder, and fails at one step.
type step struct {
	asked []string
	fails string
}

var errStep = errors.New("it fails")

func (s *step) do(what string) error {
	if s.asked = append(s.asked, what); what == s.fails {
		return errStep
	}
	return nil
}

func (s *step) Temp(name string) (File, string, error) {
	return file{s}, "temp", s.do("temp " + name)
}
func (s *step) Rename(from, to string) error { return s.do("rename " + from + " " + to) }
func (s *step) Remove(name string) error     { return s.do("remove " + name) }
func (s *step) Sync() error                  { return s.do("sync folder") }

type file struct{ *step }

func (f file) Write(p []byte) (int, error) { return len(p), f.do("write " + string(p)) }
func (f file) Sync() error                 { return f.do("sync") }
func (f file) Close() error                { return f.do("close") }

// TestWrite: the order of the steps is the promise, and whatever step fails, the old file stays and the new one goes.
func TestWrite(t *testing.T) {
	all := []string{"temp a", "write x", "sync", "close", "rename temp a", "sync folder"}
	for fails, want := range map[string][]string{
		"":              all,
		"temp a":        {"temp a"},
		"write x":       {"temp a", "write x", "close", "remove temp"},
		"sync":          {"temp a", "write x", "sync", "close", "remove temp"},
		"close":         {"temp a", "write x", "sync", "close", "remove temp"},
		"rename temp a": {"temp a", "write x", "sync", "close", "rename temp a", "remove temp"},
		"sync folder":   all,
	} {
		in := &step{fails: fails}
		err := Write(in, "a", Text([]byte("x")))
		if !slices.Equal(in.asked, want) {
			t.Errorf("where %q fails: %q", fails, in.asked)
		}
		if errors.Is(err, errStep) != (fails != "") {
			t.Errorf("where %q fails: %v", fails, err)
		}
	}
}

func TestAShortWriteIsAnError(t *testing.T) {
	if err := Text([]byte("abc"))(short{}); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

type short struct{}

func (short) Write(p []byte) (int, error) { return len(p) - 1, nil }

// TestWriteFile: the mode is the one that was asked for, the text is replaced, and nothing is left beside it.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"one", ""} {
		if err := WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%q, %v", b, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := WriteFile(filepath.Join(dir, "a/b"), nil, 0o600); !errors.Is(err, unix.ENOTDIR) {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestFailed: a folder that cannot be synced is no failure, a disk that breaks is one.
func TestFailed(t *testing.T) {
	for err, failed := range map[error]bool{nil: false, unix.EINVAL: false, unix.EACCES: false, unix.EIO: true, unix.ENOSPC: true, unix.EMFILE: true} {
		if (Failed(err) != nil) != failed {
			t.Errorf("%v: %v", err, Failed(err))
		}
	}
}

// TestAPanicLeavesNothing: whoever fills a file may panic, as somebody else's reader may.
func TestAPanicLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	func() {
		defer func() { _ = recover() }()
		_ = Write(Dir{Path: dir, Mode: 0o600}, "b", func(io.Writer) error { panic("x") })
	}()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
