package infer

import (
	"os"
	"os/exec"
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
