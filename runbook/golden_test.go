package runbook_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenBad renders the diagnostics of every runbook in testdata/bad. A new
// case is a new file; `go test -run Golden -update` writes what it says now.
func TestGoldenBad(t *testing.T) {
	golden(t, "testdata/bad", func(t *testing.T, name string, src []byte) string {
		rb, ds := runbook.Parse(src, name, runbooktest.World())
		if rb != nil || !ds.HasErrors() {
			t.Error("the runbook is accepted")
		}
		asJSON, err := json.Marshal(ds)
		if err != nil {
			t.Fatal(err)
		}
		runbooktest.MustHide(t, string(asJSON)+ds.Error())
		return runbooktest.Render(t, ds, language.RenderOptions{})
	})
}

// TestGoldenGood decodes every runbook in testdata/good, warnings included.
func TestGoldenGood(t *testing.T) {
	golden(t, "testdata/good", func(t *testing.T, name string, src []byte) string {
		rb, ds := runbook.Parse(src, name, runbooktest.World())
		if rb == nil {
			t.Fatal(runbooktest.Render(t, ds, language.RenderOptions{}))
		}
		out, err := json.MarshalIndent(rb, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return runbooktest.Render(t, ds, language.RenderOptions{}) + string(out) + "\n"
	})
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
			runbooktest.MustHide(t, got)
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
