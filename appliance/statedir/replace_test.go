package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReplace: the text is exchanged whole, or written in place where no other file can take the place; the mode and a link stay,
// and nothing is left beside it.
func TestReplace(t *testing.T) {
	refused := func(err error) hooks {
		return hooks{rename: func(from, to string) error { return &os.LinkError{Op: "rename", Old: from, New: to, Err: err} }}
	}
	for name, c := range map[string]struct {
		hooks   hooks
		inPlace bool
		err     error
	}{
		"a plain file":                   {},
		"a file that is a mount":         {hooks: refused(unix.EBUSY), inPlace: true},
		"a file of another file system":  {hooks: refused(unix.EXDEV), inPlace: true},
		"a folder that may not be used":  {hooks: refused(unix.EACCES), inPlace: true},
		"a read-only folder around it":   {hooks: refused(unix.EROFS), inPlace: true},
		"a disk that refuses the rename": {hooks: refused(unix.EIO), err: unix.EIO},
	} {
		for _, text := range []string{"short", strings.Repeat("long ", 5000), ""} {
			dir := t.TempDir()
			real, link := filepath.Join(dir, "real.hcl"), filepath.Join(dir, "orac.hcl")
			if err := errors.Join(os.WriteFile(real, []byte("what was there before"), 0o640), os.Symlink("real.hcl", link)); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Stat(real)
			inPlace, err := c.hooks.replace(link, []byte(text))
			if inPlace != c.inPlace || !errors.Is(err, c.err) {
				t.Errorf("%s: in place %v, %v", name, inPlace, err)
			}
			want := text
			if c.err != nil {
				want = "what was there before"
			}
			got, _ := os.ReadFile(real)
			after, _ := os.Lstat(real)
			if string(got) != want || after.Mode() != before.Mode() || os.SameFile(before, after) != (c.inPlace || c.err != nil) {
				t.Errorf("%s: %d bytes %q, mode %v", name, len(got), got[:min(len(got), 30)], after.Mode())
			}
			if to, err := os.Readlink(link); to != "real.hcl" {
				t.Errorf("%s: the link is gone: %v", name, err)
			}
			if list, _ := os.ReadDir(dir); len(list) != 2 {
				t.Errorf("%s: it left %v", name, list)
			}
		}
	}
}

func TestReplaceWritesFilesOnly(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{pipe: ErrNotRegular, dir: ErrNotRegular, filepath.Join(dir, "none"): fs.ErrNotExist} {
		if _, err := Replace(path, []byte("text")); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestReplaceInPlaceGivesTheOldTextBack when the new one does not fit.
func TestReplaceInPlaceGivesTheOldTextBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orac.hcl")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(path)
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	// A file may grow to 4 KiB and no further, as on a full disk; Go ignores the signal.
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4096, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	err := overwrite(path, info, make([]byte, 10_000))
	if restored := unix.Setrlimit(unix.RLIMIT_FSIZE, &was); restored != nil {
		t.Fatal(restored)
	}
	got, _ := os.ReadFile(path)
	if !errors.Is(err, unix.EFBIG) || string(got) != "old" {
		t.Errorf("%v, and the file is %d bytes", err, len(got))
	}
}
