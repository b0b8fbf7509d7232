package logbook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// TestALinkOfOurOwnIsFollowed, and files are set aside where it leads.
func TestALinkOfOurOwnIsFollowed(t *testing.T) {
	dir := t.TempDir()
	testkit.Must(t, os.MkdirAll(filepath.Join(dir, "disk"), 0o700))
	testkit.Must(t, os.Mkdir(filepath.Join(dir, "log"), 0o700))
	path, real := filepath.Join(dir, "log", "orac.log"), filepath.Join(dir, "disk", "orac.log")
	testkit.Must(t, os.Symlink("../disk/orac.log", path)) // to a file that is not there yet
	testkit.Must(t, CheckFile(path))
	f := newFile(t, path, 20, 2)
	for i := range 3 {
		if _, err := f.Write(fmt.Appendf(nil, "line %d of ten\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{real: "line 2 of ten\n", real + ".1": "line 1 of ten\n" + mark} {
		if got, err := os.ReadFile(name); string(got) != want {
			t.Errorf("%s holds %q (%v)", name, got, err)
		}
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
		t.Errorf("beside the link: %v", list)
	}
	testkit.Must(t, os.Remove(path))
	testkit.Must(t, os.Symlink(real+".other", path)) // led elsewhere while it is open
	if _, err := f.Write([]byte("there\n")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(real + ".other"); string(got) != "there\n" {
		t.Errorf("after the link was changed: %q", got)
	}
}

// TestOthersFilesStay: whatever the bounds, nothing beside the log is removed, renamed or written that ORAC has not set aside.
func TestOthersFilesStay(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "orac.log")
	others := map[string]string{
		".1": "logrotate's\n", ".3": strings.Repeat("larger than any of ours may be\n", 50), ".7": "beyond what is kept\n",
		".2.gz": "\x1f\x8b", "-20260101": "by date\n", ".01": "no number of ours\n",
	}
	for suffix, text := range others {
		if err := os.WriteFile(path+suffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ours := func() (list []string) {
		for n := 1; n < 20; n++ {
			if name := fmt.Sprint(path, ".", n); isOurs(name) {
				list = append(list, strings.TrimPrefix(name, path))
			}
		}
		return list
	}
	for _, c := range []struct {
		keep int
		want string
	}{{4, "[.2 .4 .5]"}, {2, "[.2]"}, {1, "[]"}, {3, "[.2 .4]"}} {
		f := newFile(t, path, 30, c.keep)
		for i := range 20 {
			if _, err := f.Write(fmt.Appendf(nil, "this is line %d\n", i)); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
		if got := fmt.Sprint(ours()); got != c.want {
			t.Errorf("of %d files, set aside are %s, not %s", c.keep, got, c.want)
		}
		for suffix, text := range others {
			if got, err := os.ReadFile(path + suffix); string(got) != text {
				t.Errorf("%d files: %s is not as it was: %v", c.keep, suffix, err)
			}
		}
	}
}

// TestTrouble: why the file is not written is known until it is.
func TestTrouble(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "orac.log")
	b := New(Options{})
	s := &FileSink{Book: b}
	defer s.Close()
	if err := s.Set(Target{path, MinFile, 2}); err == nil || s.Trouble() == nil || CheckFile(path) == nil {
		t.Fatalf("a folder is missing: %v, %v, %v", err, s.Trouble(), CheckFile(path))
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	b.Logger().Info("and now it is there")
	s.stop(patience)
	if err := s.Trouble(); err != nil || CheckFile(path) != nil {
		t.Errorf("now it is there: %v, %v", err, CheckFile(path))
	}
}
