package language_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

const badThreshold = "appliance \"a\" {}\n\nmodel \"m\" {\n\tsource = \"catalog:m\"\n\tthreshold = 7\n}\n"

func TestDiagnosticJSON(t *testing.T) {
	_, ds := runbook.Parse([]byte(badThreshold), "dir/orac.hcl", runbooktest.World())
	got, err := json.Marshal(ds)
	want := `[{"severity":"error","summary":"threshold is 7, out of range","detail":"It must be from 0.001 to 1.",` +
		`"file":"dir/orac.hcl","line":5,"column":14,"end_line":5,"end_column":15,"address":"model.m"}]`
	if string(got) != want || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if none, err := json.Marshal(language.Diagnostics(nil)); string(none) != "[]" || err != nil {
		t.Errorf("no diagnostics are %s, %v", none, err)
	}
}

func TestDiagnosticsAreAnError(t *testing.T) {
	_, ds := runbook.Parse([]byte(badThreshold), "orac.hcl", runbooktest.World())
	var back language.Diagnostics
	if err := ds.Err(); !errors.As(err, &back) || err.Error() != "orac.hcl:5:14: error: threshold is 7, out of range. It must be from 0.001 to 1." {
		t.Errorf("got %v", ds.Err())
	}
	rb, ds := runbook.Parse([]byte(`appliance "a" {}`), "orac.hcl", runbooktest.World())
	if rb == nil || len(ds) != 0 {
		t.Fatalf("it gives %v", ds)
	}
	if ds = append(ds, rb.Problem("appliance.a", "", language.Warning, "it is small", "")); ds.Err() != nil {
		t.Errorf("a warning alone is the error %v", ds.Err())
	}
}

// TestProblemHasItsPlace: a check outside of the language points at the attribute, or at the block when it is not written.
func TestProblemHasItsPlace(t *testing.T) {
	rb, ds := runbook.Parse([]byte("appliance \"a\" {\n  log_level = \"debug\"\n}\n"), "orac.hcl", runbooktest.World())
	if rb == nil {
		t.Fatal(ds)
	}
	for attribute, want := range map[string]string{
		"log_level": "orac.hcl:2:15: error: it is so\n   2 |   log_level = \"debug\"\n     |               ^^^^^^^\n  In appliance.a. Change it.\n",
		"log_size":  "orac.hcl:1:1: error: it is so\n   1 | appliance \"a\" {\n     | ^^^^^^^^^^^^^\n  In appliance.a. Change it.\n",
	} {
		if got := runbooktest.Render(t, language.Diagnostics{rb.Problem("appliance.a", attribute, language.Error, "it is so", "Change it.")}, language.RenderOptions{}); got != want {
			t.Errorf("%s: got\n%swant\n%s", attribute, got, want)
		}
	}
	if got := runbooktest.Render(t, language.Diagnostics{rb.Problem("store", "", language.Warning, "it is so", "")}, language.RenderOptions{}); !strings.HasPrefix(got, "orac.hcl: warning: it is so\n") {
		t.Errorf("a block that is not written: got %s", got)
	}
}

func TestRender(t *testing.T) {
	_, ds := runbook.Parse([]byte(badThreshold), "orac.hcl", runbooktest.World())
	want := "orac.hcl:5:14: error: threshold is 7, out of range\n   5 |     threshold = 7\n     |                 ^\n  In model.m. It must be from 0.001 to 1.\n"
	if got := runbooktest.Render(t, ds, language.RenderOptions{}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	colour := runbooktest.Render(t, ds, language.RenderOptions{Color: true})
	if colour = regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(colour, ""); colour != want {
		t.Errorf("without its colours it is\n%s", colour)
	}
}

// TestRenderCutsLongLines: the place stays in sight whatever stands around it.
func TestRenderCutsLongLines(t *testing.T) {
	src := "appliance \"a\" {}\nlocals {\n  a = [\"" + strings.Repeat("漢", 300) + "\", nothing, \"" + strings.Repeat("x", 300) + "\"]\n}\n"
	_, ds := runbook.Parse([]byte(src), "orac.hcl", runbooktest.World())
	lines := strings.Split(runbooktest.Render(t, ds, language.RenderOptions{Width: 60}), "\n")
	if len(lines) < 3 || !strings.Contains(lines[1], "nothing") || !strings.HasPrefix(lines[1], "   3 | …") || !strings.HasSuffix(lines[1], "…") {
		t.Fatalf("got\n%s", strings.Join(lines, "\n"))
	}
	before, _, _ := strings.Cut(lines[1], "nothing")
	columns := 0
	for _, r := range before {
		_, w := language.Visible(r, 1)
		columns += w
	}
	if strings.Index(lines[2], "^") != columns || strings.Count(lines[2], "^") != len("nothing") {
		t.Errorf("the place is not underlined:\n%s\n%s", lines[1], lines[2])
	}
}
