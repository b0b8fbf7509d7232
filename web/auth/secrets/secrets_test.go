package secrets

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := In(dir)
		if list, err := s.List(); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
		if err := s.Generate("jwt"); err != nil {
			t.Fatal(err)
		}
		if err := s.Generate("jwt"); !errors.Is(err, ErrExists) {
			t.Error(err)
		}
		first, err := s.Get("jwt")
		if err != nil || len(first) != 43 {
			t.Fatalf("%d characters, %v", len(first), err)
		}
		for path, mode := range map[string]os.FileMode{s.Dir: 0o700, filepath.Join(s.Dir, "jwt"): 0o600} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s has %v, %v", path, info.Mode(), err)
			}
		}
		if s.NameOf(first) != "jwt" || s.NameOf("other") != "" || s.NameOf("") != "" {
			t.Error("NameOf")
		}
		if err := s.Rotate("jwt", time.Hour); err != nil {
			t.Fatal(err)
		}
		second, err := s.Get("jwt")
		old, until, ok := s.Previous("jwt")
		if err != nil || second == first || !ok || old != first || time.Until(until) > time.Hour {
			t.Errorf("%v %v %v", err, ok, until)
		}
		list, err := s.List()
		if err != nil || len(list) != 1 || list[0].Previous.IsZero() {
			t.Errorf("%+v, %v", list, err)
		}
		time.Sleep(time.Hour)
		if _, _, ok := s.Previous("jwt"); ok {
			t.Error("the old one is good after its time")
		}
		if _, err := os.Stat(filepath.Join(s.Dir, "jwt"+previousSuffix)); err == nil {
			t.Error("the old one is kept after its time")
		}
		if err := s.Rotate("jwt", 0); err != nil {
			t.Fatal(err)
		}
		if _, _, ok := s.Previous("jwt"); ok {
			t.Error("without an overlap the old one is good")
		}
		if err := s.Rotate("none", 0); !errors.Is(err, ErrNone) {
			t.Error(err)
		}
	})
}

// TestNamesDoNotLeadOut: whatever a name is, nothing outside of the folder is read or written.
func TestNamesDoNotLeadOut(t *testing.T) {
	dir := t.TempDir()
	s := In(dir)
	if err := s.Generate("inside"); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(dir, "outside")
	if err := os.WriteFile(outside, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(s.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "../outside", "/etc/passwd", "a/b", "a\x00", "..\\x", "jwt.previous", "-rf", "link"} {
		if v, err := s.Get(name); err == nil {
			t.Errorf("%q gives %q", name, v)
		}
		if err := s.Generate(name); err == nil {
			t.Errorf("%q is made", name)
		}
	}
	if err := s.Put("link", "value"); err == nil || !strings.Contains(err.Error(), "it is a symbolic link") {
		t.Errorf("a link is replaced: %v", err)
	}
	if text, _ := os.ReadFile(outside); string(text) != "text" {
		t.Error("a link leads out")
	}
}

func TestOpenSecretsAreNotUsed(t *testing.T) {
	s := In(t.TempDir())
	if err := s.Generate("jwt"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(s.Dir, "jwt"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("jwt"); err == nil {
		t.Error("a secret that all may read is used")
	}
	if list, err := s.List(); err != nil || len(list) != 1 || list[0].Problem == "" {
		t.Errorf("%+v, %v", list, err)
	}
}
