// Package modelstest tells tests where the pulled models are.
//
// It guarantees that a test either gets a file that is there or fails with the
// command that fetches it; a test never passes for want of a model. It imports
// nothing of ORAC, so that every package's tests can use it.
package modelstest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the store that `make deps` fills: ORAC_MODELS_DIR, or .orac/models in the
// directory of go.mod.
func Dir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("ORAC_MODELS_DIR"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".orac", "models")
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = up
	}
}

// Path is the file of a catalogue entry, by the entry's name.
func Path(t testing.TB, name string) string {
	t.Helper()
	dir := Dir(t)
	for _, pattern := range []string{name, name + ".onnx", name + "_v*.onnx", "lib" + name + "-*.so"} {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) == 1 {
			return found[0]
		}
	}
	t.Fatalf("run make deps: %s does not hold the model %s", dir, name)
	return ""
}
