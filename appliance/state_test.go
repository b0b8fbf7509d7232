package appliance_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"orac/appliance"
)

// mounted is a tmpfs of so many bytes.
func mounted(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Fatalf("mount a tmpfs (the tests run as root): %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestAStateDirectoryBelongsToOne(t *testing.T) {
	dir := t.TempDir()
	first, err := appliance.OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = appliance.OpenState(dir)
	if !errors.Is(err, appliance.ErrLocked) || !strings.Contains(err.Error(), "--state-dir") {
		t.Errorf("the second got: %v", err)
	}
	first.Close()
	again, err := appliance.OpenState(dir)
	if err != nil {
		t.Fatalf("after the first has left: %v", err)
	}
	again.Close()
}

func TestAStateDirectoryThatCannotBeUsed(t *testing.T) {
	readOnly := mounted(t, "1m")
	if err := unix.Mount("", readOnly, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	full := mounted(t, "64k")
	if err := os.WriteFile(filepath.Join(full, "ballast"), make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := appliance.OpenState(full)
	if err != nil {
		t.Fatalf("with a full disk the appliance is deaf: %v", err)
	}
	if len(s.Problems) == 0 || !strings.Contains(strings.Join(s.Problems, " "), "make room") {
		t.Errorf("a full disk is not told of: %q", s.Problems)
	}
	s.Close()
	for dir, want := range map[string]string{
		readOnly: "cannot be written: choose another",
		file:     "it is not a folder",
	} {
		s, err := appliance.OpenState(dir)
		if err == nil {
			s.Close()
			t.Errorf("%s was opened; want an error with %q", dir, want)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("got %q; want it to name %s and say %q", err, dir, want)
		}
	}
}
