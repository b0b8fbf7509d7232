package logbook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostileLogFiles: what somebody else may have put in the place of the log file is not written to, and the reason is said.
func TestHostileLogFiles(t *testing.T) {
	for name, c := range map[string]struct {
		put func(victim, path string) error
		why string
	}{
		"a link": {func(victim, path string) error {
			return errors.Join(os.Symlink(victim, path), os.Lchown(path, 12345, 12345))
		}, "is a link that belongs to the user 12345"},
		"a second name of a link": {func(victim, path string) error {
			return errors.Join(os.Symlink(victim, path+".ours"), os.Link(path+".ours", path))
		}, "a hard link to a link"},
		"a link to another's": {func(victim, path string) error {
			return errors.Join(os.Symlink(victim, path), os.Chown(victim, 12345, 12345))
		}, "it belongs to the user 12345"},
		"another's": {func(victim, path string) error { return os.Chown(victim, 12345, 12345) }, "it belongs to the user 12345"},
		"a folder":  {func(_, path string) error { return os.Mkdir(path, 0o700) }, "it is a folder"},
	} {
		dir := t.TempDir()
		victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "orac.log")
		if name == "another's" {
			victim = path
		}
		if err := os.WriteFile(victim, []byte("as it was"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.put(victim, path); err != nil {
			t.Fatal(err)
		}
		f, err := NewFile(path, MinFile, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("a line\n")); err == nil || !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
		if text, err := os.ReadFile(victim); err != nil || string(text) != "as it was" {
			t.Errorf("%s: it holds %q now (%v)", name, text, err)
		}
	}
}
