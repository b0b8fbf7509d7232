package appliance_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance"
	"orac/runbook"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGraphs compiles testdata/graphs/*.hcl and compares the drawing with the file's .golden.
func TestGraphs(t *testing.T) {
	files, err := filepath.Glob("testdata/graphs/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rb, problems := runbook.Load(file, runbook.Options{})
			if problems.HasErrors() {
				t.Fatal(problems.Error())
			}
			var got bytes.Buffer
			g, err := appliance.Compile(rb)
			if err != nil {
				got.WriteString("error: " + err.Error() + "\n")
			} else {
				g.Print(&got)
				got.WriteString("\n")
				g.DOT(&got)
			}
			golden := strings.TrimSuffix(file, ".hcl") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
			}
		})
	}
}
