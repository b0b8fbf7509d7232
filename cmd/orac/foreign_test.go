package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// TestRootInTheStateOfAnother: root uses nothing in a state directory of another user, who may have put links there, whatever
// the command; it says so in one sentence, and touches nothing.
func TestRootInTheStateOfAnother(t *testing.T) {
	dir := t.TempDir()
	testkit.Must(t, os.Chmod(dir, 0o755))
	state, victim := filepath.Join(dir, "state"), filepath.Join(dir, "victim")
	const text = "a file that only root may write to: more than 32 bytes"
	testkit.Must(t, os.WriteFile(victim, []byte(text), 0o600))
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte("appliance \"a\" {\n  state_dir = \"state\"\n}\n"), 0o600))
	names := []string{"hash.key", "lock", "orac.db", "web.db", "audit.log", "audit.head", "tmp", "secrets", "models", "spool", "control.sock", "system.samples"}
	lay := func() {
		testkit.Must(t, os.RemoveAll(state))
		testkit.Must(t, os.Mkdir(state, 0o700))
		for _, name := range names {
			testkit.Must(t, os.Symlink(victim, filepath.Join(state, name)))
			testkit.Must(t, os.Lchown(filepath.Join(state, name), 12345, 12345))
		}
		testkit.Must(t, os.Chown(state, 12345, 12345))
	}
	self, err := os.Executable()
	testkit.Must(t, err)
	for _, c := range []struct{ line, stdin string }{
		{"run", ""}, {"run --state-dir state", ""}, {"plan", ""}, {"user add anna", "correct horse battery\n"}, {"secrets generate hey", ""},
		{"secrets rotate hey", ""}, {"secrets init", ""}, {"key create prom", ""}, {"key list", ""}, {"audit tail", ""}, {"audit verify", ""},
		{"audit export", ""}, {"models pull hey_jarvis --state-dir state", ""},
	} {
		lay()
		cmd := exec.Command(self, strings.Fields(c.line)...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(c.stdin)
		for _, e := range os.Environ() {
			if !strings.HasPrefix(e, "ORAC_MODELS_DIR=") {
				cmd.Env = append(cmd.Env, e)
			}
		}
		cmd.Env = append(cmd.Env, "ORAC_TEST_MAIN=1", "HOME="+dir)
		said, err := cmd.CombinedOutput()
		if want := "state: it belongs to the user 12345; run orac as that user (sudo -u '#12345' orac ...)"; err == nil || strings.Count(string(said), want) != 1 {
			t.Errorf("orac %s: %v: %s", c.line, err, said)
		}
		if got, err := os.ReadFile(victim); err != nil || string(got) != text {
			t.Errorf("orac %s: the file outside is %q now (%v)", c.line, got, err)
		}
		for _, name := range names {
			if link, err := os.Readlink(filepath.Join(state, name)); err != nil || link != victim {
				t.Errorf("orac %s: %s was touched: %q, %v", c.line, name, link, err)
			}
		}
	}
}
