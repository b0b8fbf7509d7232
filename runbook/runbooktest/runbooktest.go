// Package runbooktest is what the tests of the language share: a closed world, and the runbooks that they read and damage.
package runbooktest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook/language"
)

// Values of the World that no diagnostic and no printed runbook may contain.
const (
	EnvSecret    = "env-s3cret"
	FileSecret   = "file-s3cret"
	StoredSecret = "stored-s3cret"
	VarSecret    = "var-s3cret"
	storedKey    = "k3y-k3y-k3y-k3y-k3y-k3y-k3y-k3y-k3y"
	StoredHash   = "$2a$12$abcdefghijklmnopqrstuuDJaVpWmJQnzm8W0Xk0y3N7mVxD6Wk1O"
)

// World is a closed world for tests: a few environment variables, files and secrets.
func World() language.Options {
	env := map[string]string{"TOKEN": EnvSecret, "STT_URL": "http://stt.test:7272", "CHANNELS": "2", "ORAC_VAR_from_env": "three", "ORAC_VAR_pin": VarSecret}
	files := map[string]string{"token.txt": FileSecret, "prompt.json": `{"language":"en","wait":"20s"}`, "huge.txt": strings.Repeat("x", 1<<20+1)}
	return language.Options{
		Vars: map[string]string{},
		Env:  func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Secret: func(name string) (string, error) {
			switch name {
			case "token", "ha_token", "mqtt":
				return StoredSecret, nil
			case "jwt", "hey_orac", "house", "ha_webhook":
				return storedKey, nil
			case "anna_password_hash":
				return StoredHash, nil
			}
			return "", errors.New("there is no secret \"" + name + "\"")
		},
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[filepath.Base(path)]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("no such file")}
		},
		Open: func(string) (fs.File, error) { return nil, fs.ErrNotExist },
	}
}

// MustHide fails if a text contains one of the secrets of the world.
func MustHide(t *testing.T, printed string) {
	t.Helper()
	for _, s := range []string{EnvSecret, FileSecret, StoredSecret, storedKey, StoredHash, VarSecret, "l1teral"} {
		if strings.Contains(printed, s) || strings.Contains(strings.ToLower(printed), s) {
			t.Errorf("the secret %q is printed:\n%s", s, printed)
		}
	}
}

// Render returns diagnostics as people see them.
func Render(t testing.TB, ds language.Diagnostics, o language.RenderOptions) string {
	t.Helper()
	var b strings.Builder
	if err := ds.Render(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Corpus is every runbook of the tests and the examples, for the tests of a package right below runbook.
func Corpus(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, pattern := range []string{"../testdata/*/*.hcl", "../testdata/compare/*/*.hcl", "../../examples/runbooks/*.hcl"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, src)
		}
	}
	return out
}

// Mutate deletes, repeats or moves a piece of the text, or drops a character in.
func Mutate(t *rapid.T, src []byte) []byte {
	if len(src) == 0 {
		return src
	}
	at := func(name string) int { return rapid.IntRange(0, len(src)).Draw(t, name) }
	from, to, into := at("from"), at("to"), at("into")
	if from > to {
		from, to = to, from
	}
	to = min(to, from+200)
	switch rapid.IntRange(0, 3).Draw(t, "mutation") {
	case 0:
		return bytes.Join([][]byte{src[:from], src[to:]}, nil)
	case 1:
		return bytes.Join([][]byte{src[:into], src[from:to], src[into:]}, nil)
	case 2:
		c := rapid.SampledFrom([]string{"\"", "{", "}", "[", "]", "${", "\n", "=", ".", "é", "\t", " ", "<<E\n", "*", "null", "-", "\\", "9"}).Draw(t, "character")
		return bytes.Join([][]byte{src[:from], []byte(c), src[from:]}, nil)
	}
	return src
}

// Fataler is what a check of a property needs of a test.
type Fataler interface {
	Helper()
	Fatalf(string, ...any)
}
