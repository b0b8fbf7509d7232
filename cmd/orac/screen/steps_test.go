package screen

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestSteps: on a terminal each step ends with what it took, and the last with how it went; elsewhere each is a line.
func TestSteps(t *testing.T) {
	for columns, want := range map[int]string{
		60: "  ✓ prepare  1.5 s\n  ✗ swap  500 ms\n",
		0:  "  prepare\n  swap\n",
	} {
		var out bytes.Buffer
		v := NewSteps(&Screen{w: &out, width: columns})
		v.Tick(noon)
		v.Step(noon, "prepare")
		v.Tick(noon.Add(time.Second))
		v.Step(noon.Add(1500*time.Millisecond), "swap")
		v.End(noon.Add(2*time.Second), false)
		v.End(noon.Add(3*time.Second), true)
		if got := still(out.String()); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
}

// still gives what stays of a text with moving lines.
func still(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		parts := strings.Split(line, "\r\x1b[K")
		b.WriteString(parts[len(parts)-1])
	}
	return b.String()
}
