package runbook

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestManyProblemsAreToldQuickly gives the largest runbook in which everything is wrong, on one line, alike and each in its
// own way.
func TestManyProblemsAreToldQuickly(t *testing.T) {
	for name, part := range map[string]func(int) string{
		"alike":     func(int) string { return "${a}" },
		"different": func(i int) string { return fmt.Sprintf("${a%d}", i) },
	} {
		var b strings.Builder
		for i := 0; b.Len() < MaxFileSize-100; i++ {
			b.WriteString(part(i))
		}
		start := time.Now()
		_, ds := Parse([]byte("appliance \"a\" {}\nlocals {\n  x = \""+b.String()+"\"\n}\n"), "orac.hcl", testWorld())
		if err := ds.Render(io.Discard, RenderOptions{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 5*time.Second { // 0.2 s alone; 100 whole lines took 6 s
			t.Errorf("%s: it took %s", name, took)
		}
		want := 1
		if name == "different" {
			want = maxDiagnostics + 1
		}
		if len(ds) != want || !ds.HasErrors() {
			t.Errorf("%s: %d problems are told, not %d", name, len(ds), want)
		}
	}
}

// TestTheHintForAnEmptyRunbookIsOne checks that what the hint shows can be used as it is.
func TestTheHintForAnEmptyRunbookIsOne(t *testing.T) {
	_, ds := Parse(nil, "orac.hcl", testWorld())
	if len(ds) != 1 {
		t.Fatalf("%d problems", len(ds))
	}
	_, hint, _ := strings.Cut(ds[0].Detail, "\n")
	rb, ds := Parse([]byte(hint), "orac.hcl", testWorld())
	if len(ds) > 0 || len(rb.Listeners) != 1 {
		t.Errorf("%v in\n%s", ds, hint)
	}
}
