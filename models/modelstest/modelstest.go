// Package modelstest tells tests where the pulled models are.
//
// It guarantees that a test either gets a store whose files are checked or
// fails with the command that fetches them; a test never passes for want of a
// model.
package modelstest

import (
	"os"
	"path/filepath"
	"testing"

	"orac/models"
)

// Store is the one in ORAC_MODELS_DIR, or .orac/models in the directory of go.mod.
func Store(t testing.TB) models.Store {
	t.Helper()
	if dir := os.Getenv("ORAC_MODELS_DIR"); dir != "" {
		return models.Store{Dir: dir}
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return models.Store{Dir: filepath.Join(dir, ".orac", "models")}
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = up
	}
}

// Path is the checked file of a catalogue entry.
func Path(t testing.TB, name string) string {
	t.Helper()
	p, err := Store(t).Path(name)
	if err != nil {
		t.Fatalf("run make deps: %v", err)
	}
	return p
}
