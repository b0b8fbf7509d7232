package language_test

import (
	"fmt"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// TestManyProblemsOnALongLine gives a runbook in which everything is wrong, on one line, alike and each in its own way. Of the
// line, no problem looks at more than what is near its place: a hundred times all of it took seconds.
func TestManyProblemsOnALongLine(t *testing.T) {
	for name, part := range map[string]func(int) string{
		"alike":     func(int) string { return "${a}" },
		"different": func(i int) string { return fmt.Sprintf("${a%d}", i) },
	} {
		var b strings.Builder
		for i := 0; b.Len() < language.MaxFileSize/4; i++ {
			b.WriteString(part(i))
		}
		_, ds := runbook.Parse([]byte("appliance \"a\" {}\nlocals {\n  x = \""+b.String()+"\"\n}\n"), "orac.hcl", runbooktest.World())
		for _, d := range ds {
			line, under, looked, ok := d.Snippet(80)
			if !ok {
				continue
			}
			if looked > 8<<10 {
				t.Errorf("%s: %d characters of the line are looked at", name, looked)
			}
			if !strings.Contains(line, "${a") || !strings.Contains(under, "^") {
				t.Errorf("%s: the place is out of sight:\n%s\n%s", name, line, under)
			}
		}
		want := 1
		if name == "different" {
			want = language.MaxDiagnostics + 1
		}
		if len(ds) != want || !ds.HasErrors() {
			t.Errorf("%s: %d problems are told, not %d", name, len(ds), want)
		}
	}
}

// TestTheHintForAnEmptyRunbookIsOne checks that what the hint shows can be used as it is.
func TestTheHintForAnEmptyRunbookIsOne(t *testing.T) {
	_, ds := runbook.Parse(nil, "orac.hcl", runbooktest.World())
	if len(ds) != 1 {
		t.Fatalf("%d problems", len(ds))
	}
	_, hint, _ := strings.Cut(ds[0].Detail, "\n")
	rb, ds := runbook.Parse([]byte(hint), "orac.hcl", runbooktest.World())
	if len(ds) > 0 || len(rb.Listeners) != 1 {
		t.Errorf("%v in\n%s", ds, hint)
	}
}
