package runbook

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Values that no diagnostic and no printed runbook may contain.
const (
	envSecret    = "env-s3cret"
	fileSecret   = "file-s3cret"
	storedSecret = "stored-s3cret"
	varSecret    = "var-s3cret"
	storedKey    = "k3y-k3y-k3y-k3y-k3y-k3y-k3y-k3y-k3y"
	storedHash   = "$2a$12$abcdefghijklmnopqrstuuDJaVpWmJQnzm8W0Xk0y3N7mVxD6Wk1O"
)

// testWorld is a closed world for tests: a few environment variables, files and secrets.
func testWorld() Options {
	env := map[string]string{"TOKEN": envSecret, "STT_URL": "http://stt.test:7272", "CHANNELS": "2", "ORAC_VAR_from_env": "three", "ORAC_VAR_pin": varSecret}
	files := map[string]string{"token.txt": fileSecret, "prompt.json": `{"language":"en","wait":"20s"}`, "huge.txt": strings.Repeat("x", maxInputFile+1)}
	return Options{
		Vars: map[string]string{},
		Env:  func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Secret: func(name string) (string, error) {
			switch name {
			case "token":
				return storedSecret, nil
			case "jwt", "hey_orac", "house", "ha_webhook":
				return storedKey, nil
			case "anna_password_hash":
				return storedHash, nil
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

func mustHideSecrets(t *testing.T, printed string) {
	t.Helper()
	for _, s := range []string{envSecret, fileSecret, storedSecret, storedKey, storedHash, varSecret, "l1teral"} {
		if strings.Contains(printed, s) || strings.Contains(strings.ToLower(printed), s) {
			t.Errorf("the secret %q is printed:\n%s", s, printed)
		}
	}
}

// TestGoldenBad renders the diagnostics of every runbook in testdata/bad. A new
// case is a new file; `go test -run Golden -update` writes what it says now.
func TestGoldenBad(t *testing.T) {
	golden(t, "testdata/bad", func(t *testing.T, name string, src []byte) string {
		rb, ds := Parse(src, name, testWorld())
		if rb != nil || !ds.HasErrors() {
			t.Error("the runbook is accepted")
		}
		asJSON, err := json.Marshal(ds)
		if err != nil {
			t.Fatal(err)
		}
		mustHideSecrets(t, string(asJSON)+ds.Error())
		return render(t, ds, RenderOptions{})
	})
}

// TestGoldenGood decodes every runbook in testdata/good, warnings included.
func TestGoldenGood(t *testing.T) {
	golden(t, "testdata/good", func(t *testing.T, name string, src []byte) string {
		rb, ds := Parse(src, name, testWorld())
		if rb == nil {
			t.Fatal(render(t, ds, RenderOptions{}))
		}
		out, err := json.MarshalIndent(rb, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return render(t, ds, RenderOptions{}) + string(out) + "\n"
	})
}

func render(t *testing.T, ds Diagnostics, o RenderOptions) string {
	t.Helper()
	var b strings.Builder
	if err := ds.Render(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// golden compares what f says about every .hcl file of a folder with the .golden
// file beside it. File names in the output are without their folder.
func golden(t *testing.T, folder string, f func(t *testing.T, name string, src []byte) string) {
	files, err := filepath.Glob(filepath.Join(folder, "*.hcl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no cases (%v)", folder, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".hcl"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := f(t, name, src)
			mustHideSecrets(t, got)
			want := strings.TrimSuffix(file, ".hcl") + ".golden"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(text), got); d != "" {
				t.Errorf("%s is not what it says now (-want +got):\n%s", want, d)
			}
		})
	}
}
