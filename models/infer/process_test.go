package infer

import (
	"os"
	"os/exec"
	"testing"
)

// again runs one test of this binary in a new process and returns what it printed.
func again(t *testing.T, test string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.CombinedOutput() // the caller judges the output
	return string(out)
}
