package language_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orac/runbook/language"
	"orac/runbook/testkit"
)

// TestHostileSecrets: a secret of the state directory is a file of whoever runs or of root, reached without links, and nobody
// waits for it. The tests run as root; 12345 is somebody else.
func TestHostileSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		lay func(state, folder, file string)
		why string
	}{
		"a link": {func(_, _, file string) { testkit.Must(t, os.Remove(file)); testkit.Must(t, os.Symlink("other", file)) }, "is a link"},
		"a link out": {func(_, _, file string) {
			testkit.Must(t, os.Remove(file))
			testkit.Must(t, os.Symlink("/etc/hostname", file))
		}, "is a link"},
		"a pipe": {func(_, _, file string) {
			testkit.Must(t, os.Remove(file))
			testkit.Must(t, syscall.Mkfifo(file, 0o600))
		}, "another kind of file"},
		"a folder":  {func(_, _, file string) { testkit.Must(t, os.Remove(file)); testkit.Must(t, os.Mkdir(file, 0o700)) }, "another kind of file"},
		"another's": {func(_, _, file string) { testkit.Must(t, os.Chown(file, 12345, 12345)) }, "belongs to another user"},
		"in a linked one": {func(_, folder, _ string) {
			testkit.Must(t, os.Rename(folder, folder+".real"))
			testkit.Must(t, os.Symlink("secrets.real", folder))
		}, "is a link"},
		"in another's":     {func(_, folder, _ string) { testkit.Must(t, os.Chown(folder, 12345, 12345)) }, "belongs to another user"},
		"in another state": {func(state, _, _ string) { testkit.Must(t, os.Chown(state, 12345, 12345)) }, "belongs to another user"},
		"open":             {func(_, _, file string) { testkit.Must(t, os.Chmod(file, 0o644)) }, "other users may read it"},
	} {
		state := t.TempDir()
		folder := filepath.Join(state, language.SecretsDir)
		file := filepath.Join(folder, "token")
		testkit.Must(t, os.Mkdir(folder, 0o700))
		for _, path := range []string{file, filepath.Join(folder, "other")} {
			testkit.Must(t, os.WriteFile(path, []byte("s3cret\n"), 0o600))
		}
		if text, err := language.ReadSecretFile(state, "token"); err != nil || string(text) != "s3cret\n" {
			t.Fatalf("%q, %v", text, err)
		}
		c.lay(state, folder, file)
		if text, err := language.ReadSecretFile(state, "token"); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
