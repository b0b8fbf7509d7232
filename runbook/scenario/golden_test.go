package scenario

import (
	"encoding/json"
	"strings"
	"testing"

	"orac/runbook/language"
	"orac/runbook/testkit"
)

// testWorld is a closed world for tests.
func testWorld() language.Options {
	return language.Options{
		Env: func(name string) (string, bool) { return "pin-s3cret", name == "ORAC_VAR_pin" },
	}
}

// TestGoldenBad renders the diagnostics of every scenario in testdata/bad. A new case is a new file; `go test -run Golden
// -update` writes what it says now.
func TestGoldenBad(t *testing.T) {
	testkit.GoldenFolder(t, "testdata/bad", ".hcl", func(t *testing.T, name string, src []byte) string {
		s, ds := Parse(src, name, testWorld())
		if s != nil || !ds.HasErrors() {
			t.Error("the scenario is accepted")
		}
		return render(t, ds)
	})
}

// TestGoldenGood decodes every scenario in testdata/good, warnings included.
func TestGoldenGood(t *testing.T) {
	testkit.GoldenFolder(t, "testdata/good", ".hcl", func(t *testing.T, name string, src []byte) string {
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
