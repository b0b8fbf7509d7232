package report

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook/testkit"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

// golden compares what is written with testdata/NAME.
func golden(t *testing.T, name string, write func(io.Writer) error) []byte {
	t.Helper()
	var got bytes.Buffer
	if err := write(&got); err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, filepath.Join("testdata", name), got.Bytes())
	return got.Bytes()
}

// TestTerminal compares with golden files at several widths (0: no terminal), and checks that no line is wider than the
// terminal, that colours change nothing but colours, and that no line begins with a command of GitHub's runner.
func TestTerminal(t *testing.T) {
	for name, r := range map[string]Report{"mixed": mixed(), "hostile": hostile(), "none": {Backend: "sim"}, "chaos": {Backend: "chaos", Wall: 31, Ended: "interrupted", Scenarios: []Scenario{incident(1)}}} {
		for _, columnsOf := range []int{0, 60, 80, 120} {
			if name != "mixed" && columnsOf != 80 {
				continue
			}
			plain := golden(t, fmt.Sprintf("%s.%d.golden", name, columnsOf), func(w io.Writer) error { return Terminal(w, r, Look{Width: columnsOf}) })
			for line := range strings.Lines(string(plain)) {
				line = strings.TrimSuffix(line, "\n")
				if columnsOf > 0 && ansi.StringWidth(line) > columnsOf && !strings.Contains(line, "repeat it:") {
					t.Errorf("%s at %d columns: too wide: %q", name, columnsOf, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s at %d columns: space at the end: %q", name, columnsOf, line)
				}
				if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
					t.Errorf("%s at %d columns: a command for the runner: %q", name, columnsOf, line)
				}
			}
			var painted bytes.Buffer
			if err := Terminal(&painted, r, Look{Width: columnsOf, Colour: true}); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(plain), ansi.Strip(painted.String())); d != "" {
				t.Errorf("%s at %d columns: colours change more than colours:\n%s", name, columnsOf, d)
			}
		}
	}
}
