package cells

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestCells(t *testing.T) {
	red := "\x1b[31mred\x1b[0m"
	for name, c := range map[string][2]string{
		"pad":               {Pad("語", 4), "語  "},
		"pad, left":         {PadLeft(red, 5), "  " + red},
		"no room to pad":    {Pad("abc", 2), "abc"},
		"what fits":         {Shorten("abc", 3), "abc"},
		"no limit":          {Shorten("abc", 0), "abc"},
		"a cut":             {Shorten("abcd", 3), "ab…"},
		"a cut at a space":  {Shorten("ab cdef", 4), "ab…"},
		"half a character":  {Shorten("語語", 3), "語…"},
		"a colour ends":     {Shorten(red, 2), "\x1b[31mr\x1b[0m…"},
		"no limit of lines": {strings.Join(Wrap("a  b", 0), "|"), "a  b"},
		"nothing":           {strings.Join(Wrap("", 3), "|"), ""},
		"spaces alone":      {strings.Join(Wrap("     ", 3), "|"), ""},
		"lines":             {strings.Join(Wrap("a bc d efgh", 4), "|"), "a bc|d|efgh"},
		"a long word":       {strings.Join(Wrap("a bcdefg h", 3), "|"), "a|bcd|efg|h"},
		"wide characters":   {strings.Join(Wrap("語語 語語", 5), "|"), "語語|語語"},
		"words that stay":   {strings.Join(Fill([]string{"a b", "cdefgh", "i"}, 3), "|"), "a b|cdefgh|i"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %q, want %q", name, c[0], c[1])
		}
	}
}

// TestLinesFit: nothing is wider than was asked for, and no letter is lost.
func TestLinesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab语é \u0301👍-"))).Draw(t, "text")
		columns := rapid.IntRange(2, 12).Draw(t, "columns")
		if w := ansi.StringWidth(Shorten(text, columns)); w > columns {
			t.Errorf("shortened to %d", w)
		}
		lines := Wrap(text, columns)
		for _, line := range lines {
			if w := ansi.StringWidth(line); w > columns {
				t.Errorf("%q takes %d", line, w)
			}
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if bare(strings.Join(lines, "")) != bare(text) {
			t.Errorf("%q became %q", text, lines)
		}
	})
}
