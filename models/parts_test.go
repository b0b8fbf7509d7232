package models

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAModelOfSeveralFiles: all of them are pulled, each package once; the model is here when all are, and one that is damaged is
// named and replaced alone.
func TestAModelOfSeveralFiles(t *testing.T) {
	s := publish(t, good(t), good(t))
	two := catalogue[1]
	shared := Part{two.Package, two.Path, two.File, two.SHA256}
	catalogue = []Entry{
		{Name: "small", Kind: Speech, Package: "@a/pkg", Path: "models/one.onnx", File: "one.onnx", SHA256: sumOf("first model"), Parts: []Part{shared}},
		{Name: "large", Kind: Speech, Package: "@a/pkg", Path: "models/one.onnx", File: "one.onnx", SHA256: sumOf("first model"), Parts: []Part{shared}},
	}
	var steps []string
	note := func(p Progress) {
		if p.Step != "downloading" && p.Step != "checking" {
			steps = append(steps, p.Name+" "+p.Step)
		}
	}
	if _, err := s.LoadParts("small"); !errors.Is(err, ErrMissing) {
		t.Fatalf("before the pull: %v", err)
	}
	if err := s.Pull(t.Context(), []string{"small"}, note); err != nil || files(t, s.Store) != "one.onnx two.onnx" || len(s.requests()) != 1 {
		t.Fatalf("%v, %s, %q", err, files(t, s.Store), s.requests())
	}
	list, err := s.LoadParts("small")
	if err != nil || len(list) != 2 || string(list[0].Bytes) != "first model" || string(list[1].Bytes) != "second model" {
		t.Fatalf("%q, %v", list, err)
	}
	if _, err := s.Load("small"); err == nil || !strings.Contains(err.Error(), "several files") || !strings.Contains(err.Error(), "two.onnx") {
		t.Errorf("as one network: %v", err)
	}
	damaged := filepath.Join(s.Dir, "two.onnx")
	if err := os.WriteFile(damaged, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify("small"); !errors.Is(err, ErrChecksum) || !strings.Contains(err.Error(), damaged) {
		t.Errorf("verify: %v", err)
	}
	if l := s.List(); l[0].Verified || !l[0].Present {
		t.Errorf("%+v", l[0])
	}
	if err := s.Pull(t.Context(), nil, note); err != nil || s.Verify("large") != nil {
		t.Errorf("repair: %v", err)
	}
	if err := os.Remove(damaged); err != nil {
		t.Fatal(err)
	}
	if err := Missing(s.Store, []string{"large"}); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "large") {
		t.Errorf("missing: %v", err)
	}
	if want := "small installed|small installed"; strings.Join(steps, "|") != want {
		t.Errorf("steps %q, not %q", strings.Join(steps, "|"), want)
	}
}
