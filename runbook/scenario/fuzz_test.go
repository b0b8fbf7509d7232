package scenario

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook/language"
)

// FuzzParse: whatever the text, it is a scenario or there is an error, its conditions can be evaluated, and formatting it
// changes nothing of that.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.hcl", "../../examples/scenarios/*.hcl"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range found {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte(head + "change \"watchdog\" {\n  read_stall = \"9s\"\n}\n"))
	o := files(map[string]string{"kitchen.hcl": kitchen})
	f.Fuzz(func(t *testing.T, src []byte) {
		s, ds := Parse(src, "x.hcl", o)
		if (s == nil) != ds.HasErrors() {
			t.Fatalf("scenario %v with %v", s != nil, ds)
		}
		var b strings.Builder
		if err := ds.Render(&b, language.RenderOptions{Color: true, Width: 40}); err != nil {
			t.Fatal(err)
		}
		if once, ds := Vocabulary.Format(src, "x.hcl"); !ds.HasErrors() {
			if again, _ := Parse(once, "x.hcl", o); (again == nil) != (s == nil) {
				t.Fatalf("formatting changes whether it is valid:\n%s", once)
			}
			if twice, _ := Vocabulary.Format(once, "x.hcl"); !bytes.Equal(once, twice) {
				t.Fatalf("formatting twice differs:\n%q\n%q", once, twice)
			}
		}
		if s == nil {
			return
		}
		if !Is(src) {
			t.Fatal("a scenario is not taken for one")
		}
		for _, p := range s.Steady {
			_, _ = p.Holds.Eval(State{Nodes: map[string]Node{"a": {}}}) // it may lack what is asked for; it may not panic
		}
		if rb, out, ds := s.Runbook(o); (rb == nil) != ds.HasErrors() || (out == nil) != (rb == nil) {
			t.Fatalf("runbook %v with %v", rb != nil, ds)
		}
	})
}
