// Package testkit has what the tests of every package say. Only tests import it.
//
// A golden file holds what the code is expected to write. `go test PACKAGE -update` writes all of them anew; read the difference
// before you commit it.
package testkit

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Must ends a test if there is an error.
func Must(t interface {
	Helper()
	Fatal(...any)
}, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Golden compares a text with a golden file.
func Golden[T string | []byte](t testing.TB, file string, got T) {
	t.Helper()
	if *update {
		Must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	Must(t, err)
	Same(t, file, want, []byte(got))
}

// GoldenFolder compares what f says of every file of a folder that has an ending with the .golden file beside it. A new case is a
// new file. f gets the name without the folder.
func GoldenFolder(t *testing.T, folder, ending string, f func(t *testing.T, name string, src []byte) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"+ending))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no cases (%v)", folder, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ending), func(t *testing.T) {
			src, err := os.ReadFile(file)
			Must(t, err)
			Golden(t, strings.TrimSuffix(file, ending)+".golden", f(t, filepath.Base(file), src))
		})
	}
}

// Same compares two texts, and shows the lines in which they differ.
func Same[T string | []byte](t testing.TB, what string, want, got T) {
	t.Helper()
	d := udiff.Unified(what, what+" now", string(want), string(got))
	if d == "" {
		return
	}
	if lines := strings.SplitAfterN(d, "\n", shown+1); len(lines) > shown {
		d = strings.Join(lines[:shown], "") + "…"
	}
	t.Errorf("%s is not what the code says; if it is meant to change: go test -update\n%s", what, d)
}

// shown is how many lines of a difference are shown.
const shown = 200
