package runbook_test

import (
	"encoding/json"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
	"orac/runbook/testkit"
)

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

// golden compares what f says about every runbook of a folder with the golden file beside it. It shows no secret.
func golden(t *testing.T, folder string, f func(t *testing.T, name string, src []byte) string) {
	testkit.GoldenFolder(t, folder, ".hcl", func(t *testing.T, name string, src []byte) string {
		got := f(t, name, src)
		runbooktest.MustHide(t, got)
		return got
	})
}
