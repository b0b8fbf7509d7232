package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orac/runbook/testkit"
)

// TestAnotherUsersState: whoever may not use a state directory is told whose it is, and the command line that works, by every command
// that needs it. None advises to make a secret that is there.
func TestAnotherUsersState(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("run as root: only root can become another user")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "orac-owner") // everybody may look into it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	testkit.Must(t, os.Chmod(dir, 0o755))
	program := filepath.Join(dir, "orac")
	text, err := os.ReadFile(self)
	testkit.Must(t, err)
	testkit.Must(t, os.WriteFile(program, text, 0o755))
	const book = "appliance \"a\" {\n  state_dir = \"state\"\n}\n\ndevice \"microphone\" \"m\" {}\n\nmodel \"alexa\" {\n  source = \"catalog:alexa\"\n}\n\n" +
		"listener \"l\" {\n  device = device.microphone.m\n  models = [model.alexa]\n}\n\nuser \"anna\" {\n  role          = \"admin\"\n  password_hash = secret(\"anna_password_hash\")\n}\n"
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(book), 0o644))
	testkit.Must(t, os.MkdirAll(filepath.Join(dir, "state/secrets"), 0o700))
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "state/secrets/anna_password_hash"), []byte("x"), 0o600))
	as := func(env []string, args ...string) (string, int) {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Env = append([]string{"ORAC_TEST_MAIN=1", "PATH=/usr/bin:/bin", "HOME=/nonexistent"}, env...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	for _, line := range []string{"run", "plan", "apply --auto-approve", "rollback", "generations", "status", "health", "logs", "history", "incidents", "spool list",
		"spool retry --all", "spool drop x", "spool export x", "secrets init", "secrets list", "secrets generate x", "secrets rotate anna_password_hash",
		"user add anna", "key create x", "key list", "key rotate x", "key revoke x", "token issue --user anna", "audit tail", "audit verify", "audit export"} {
		said, code := as(nil, strings.Fields(line)...)
		want := "the state directory state belongs to the user root, and you are nobody; run this as that user:\n  sudo orac " + line + "\n"
		if code != exitFailed || !strings.Contains(said, want) {
			t.Errorf("orac %s: exit code %d, %s", line, code, said)
		}
		if strings.Contains(said, "generate anna") || strings.Contains(said, "permission denied") {
			t.Errorf("orac %s misleads: %s", line, said)
		}
	}
	said, _ := as([]string{"ORAC_STATE_DIR=" + filepath.Join(dir, "state/deeper")}, "status", "-f", "my book.hcl")
	if want := "sudo orac status -f 'my book.hcl' --state-dir " + filepath.Join(dir, "state/deeper"); !strings.Contains(said, want) {
		t.Errorf("a hidden folder that a variable names: %s", said)
	}
	if said, code := as(nil, "validate"); code != exitFine || !strings.Contains(said, "You may not read state") {
		t.Errorf("orac validate: exit code %d, %s", code, said)
	}
	if said, code := as(nil, "graph"); strings.Contains(said, "belongs to the user") {
		t.Errorf("orac graph: exit code %d, %s", code, said)
	}
}
