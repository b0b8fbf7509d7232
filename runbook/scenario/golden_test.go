package scenario

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orac/runbook/language"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testWorld is a closed world for tests.
func testWorld() language.Options {
	return language.Options{
		Env: func(name string) (string, bool) { return "pin-s3cret", name == "ORAC_VAR_pin" },
	}
}

// TestGoldenBad renders the diagnostics of every scenario in testdata/bad. A new case is a new file; `go test -run Golden
// -update` writes what it says now.
func TestGoldenBad(t *testing.T) {
	golden(t, "testdata/bad", func(t *testing.T, name string, src []byte) string {
		s, ds := Parse(src, name, testWorld())
		if s != nil || !ds.HasErrors() {
			t.Error("the scenario is accepted")
		}
		return render(t, ds)
	})
}

// TestGoldenGood decodes every scenario in testdata/good, warnings included.
func TestGoldenGood(t *testing.T) {
	golden(t, "testdata/good", func(t *testing.T, name string, src []byte) string {
		s, ds := Parse(src, name, testWorld())
		if s == nil {
			t.Fatal(render(t, ds))
		}
		out, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return render(t, ds) + string(out) + "\n"
	})
}

func render(t *testing.T, ds language.Diagnostics) string {
	t.Helper()
	var b strings.Builder
	if err := ds.Render(&b, language.RenderOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "s3cret") {
		t.Errorf("a secret is printed:\n%s", b.String())
	}
	return b.String()
}

// golden compares what f says about every .hcl file of a folder with the .golden file beside it.
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
