package infer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"orac/models/modelstest"
	"orac/models/onnx"
)

// data reads a file of the catalogue.
func data(t testing.TB, name string) onnx.Data {
	t.Helper()
	path := modelstest.Path(t, name)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return onnx.Data{Path: path, Bytes: b}
}

// library opens a file.
func library(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// again runs one test of this binary in a new process and returns what it printed.
func again(t *testing.T, test string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.CombinedOutput() // the caller judges the output
	return string(out)
}

// TestNothingIsReported: the library opens no file and no connection apart from itself, and writes nothing anywhere.
func TestNothingIsReported(t *testing.T) {
	if os.Getenv("ORAC_TEST_LIBRARY") == "" {
		dir := t.TempDir()
		// The library also stays silent where CI is set; unset, it shows what it does at home.
		out := again(t, t.Name(), "ORAC_TEST_LIBRARY=1", "CI=", "HOME="+dir, "XDG_CACHE_HOME=", "TMPDIR="+dir)
		if !strings.Contains(out, "--- PASS: "+t.Name()) {
			t.Error(out)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("it left %v in the home directory, %v", left, err)
		}
		return
	}
	descriptors := func() map[string]bool {
		files, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		open := map[string]bool{}
		for _, f := range files {
			if target, err := os.Readlink(f); err == nil {
				open[target] = true
			}
		}
		return open
	}
	before := descriptors()
	openExtractor(t, Config{})
	for target := range descriptors() {
		if !before[target] && !strings.Contains(target, "onnxruntime-") {
			t.Errorf("%s is open", target)
		}
	}
}
