package edit

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"

	"orac/runbook/language"
)

// TestEditsAreBounded: putting texts together takes work that grows with them, and not with the square of them.
func TestEditsAreBounded(t *testing.T) {
	lines := strings.Repeat("a\n", language.MaxFileSize/32)
	blanks := strings.Repeat("\n", language.MaxFileSize/32)
	for name, c := range map[string][3]string{
		"the same":    {lines, lines, lines},
		"gaps":        {strings.Repeat(strings.Repeat("x\n", 250)+"1\n", 20), strings.Repeat(strings.Repeat("y\n", 250)+"1\n", 20), blanks},
		"other lines": {lines, blanks, lines + blanks},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Merge(c[0], c[1], c[2]).Text(nil)
		runtime.ReadMemStats(&after)
		if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 60 {
			t.Errorf("%s: %d MiB are made", name, made)
		}
	}
	src := []byte("appliance \"a\" {}\n" + strings.Repeat("#"+strings.Repeat(" ", 1000)+"\n", 250))
	steps := slices.Repeat([]Operation{{Do: DoSet, Block: "watchdog", Attribute: "per", Expression: `"1h"`}}, 200)
	out, wrong := Rework(context.Background(), src, steps)
	if out != nil || len(wrong) != 1 || wrong[0].Step < 7 || !strings.Contains(wrong[0].Error(), "too many operations") {
		t.Errorf("%v", wrong)
	}
	if _, wrong := Rework(context.Background(), []byte("appliance \"a\" {}\n"), steps); wrong != nil {
		t.Errorf("a small text is refused: %v", wrong)
	}
}
