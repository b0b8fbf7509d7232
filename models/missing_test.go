package models

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMissingNamesAllAndTheCommand(t *testing.T) {
	s := Store{Dir: t.TempDir(), Command: "orac models pull --state-dir /srv/orac"}
	e, err := Find("alexa")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, e.File), []byte("here"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = Missing(s, []string{"onnxruntime", "alexa", "hey_jarvis", "hey_jarvis_v0.1"})
	var m *MissingError
	if !errors.As(err, &m) || !errors.Is(err, ErrMissing) || !slices.Equal(m.Names, []string{"onnxruntime", "hey_jarvis"}) {
		t.Fatalf("got %v", err)
	}
	if want := "run: orac models pull --state-dir /srv/orac onnxruntime hey_jarvis"; !strings.HasSuffix(err.Error(), want) || !strings.Contains(err.Error(), s.Dir) {
		t.Errorf("got %q, which does not end with %q", err, want)
	}
	if err := Missing(s, []string{"alexa"}); err != nil {
		t.Errorf("what is there is said to be missing: %v", err)
	}
	var unknown *UnknownError
	if err := Missing(s, []string{"alexia"}); !errors.As(err, &unknown) || unknown.Near != "alexa" {
		t.Errorf("an unknown name: %v", err)
	}
}
