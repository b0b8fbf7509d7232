package edit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// fromBrowser is what a text area makes of a text.
func fromBrowser(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n", "\r\n")
}

func TestKeepLineEnds(t *testing.T) {
	for name, c := range map[string]struct{ old, fresh, want string }{
		"mixed, one changed":       {"a\r\nb\nc\r\n", "a\nB\nc\n", "a\r\nB\nc\r\n"},
		"changed to the same":      {"a\r\nb\nb\r\n", "a\nb\nb\n", "a\r\nb\nb\r\n"},
		"new ones go by the above": {"a\r\nb\n", "a\nx\ny\nb\nz\n", "a\r\nx\r\ny\r\nb\nz\n"},
		"new ones at the top":      {"a\r\nb\r\nc\n", "x\na\nb\nc\n", "x\r\na\r\nb\r\nc\n"},
		"two for one":              {"a\nb\r\nc\n", "a\nx\ny\nc\n", "a\nx\r\ny\r\nc\n"},
		"the end is taken away":    {"a\r\nb\r\n", "a\nb", "a\r\nb"},
		"an end is given":          {"a\r\nb\r\nc", "a\nb\nc\n", "a\r\nb\r\nc\r\n"},
		"more behind the last":     {"a\r\nb", "a\nb\nc", "a\r\nb\r\nc"},
		"nothing before":           {"", "a\r\nb\r\n", "a\nb\n"},
		"nothing after":            {"a\r\n", "", ""},
		"a lone CR":                {"a\rb\n", "a\nb\n", "a\rb\n"},
	} {
		for _, fresh := range []string{c.fresh, fromBrowser(c.fresh)} {
			if got := KeepLineEnds(c.old, fresh); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
}

func TestLineEndProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := drawText(t, "old")
		checkLineEnds(t, old, drawEdit(t, "fresh", old))
	})
}

// checkLineEnds checks what holds of any text that comes back from a browser.
func checkLineEnds(t runbooktest.Fataler, old, fresh string) {
	t.Helper()
	if got := KeepLineEnds(old, fromBrowser(old)); got != old {
		t.Fatalf("what was not touched is another text: %q, want %q", got, old)
	}
	got := KeepLineEnds(old, fromBrowser(fresh))
	if fromBrowser(got) != fromBrowser(fresh) {
		t.Fatalf("more than line ends is another: %q of %q", got, fresh)
	}
	if again := KeepLineEnds(got, fromBrowser(got)); again != got {
		t.Fatalf("the second time it is another: %q, then %q", got, again)
	}
}

// TestLinesThatStayKeepTheirEnds: whichever lines come and go, each that stays ends as before.
func TestLinesThatStayKeepTheirEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var old []line
		for i := range rapid.IntRange(1, 30).Draw(t, "lines") {
			old = append(old, line{fmt.Sprint("line ", i), rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")})
		}
		fresh := slices.Clone(old)
		for i := range rapid.IntRange(0, 10).Draw(t, "edits") {
			at := rapid.IntRange(0, len(fresh)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "edit") {
			case 0:
				fresh = slices.Insert(fresh, at, line{fmt.Sprint("new ", i), "\n"})
			case 1:
				fresh[at].text = fmt.Sprint("other ", i)
			default:
				if fresh = slices.Delete(fresh, at, at+1); len(fresh) == 0 {
					return
				}
			}
		}
		got := linesOf(KeepLineEnds(textOf(old), fromBrowser(textOf(fresh))))
		for _, l := range got {
			if i := slices.IndexFunc(old, func(o line) bool { return o.text == l.text }); i >= 0 && old[i].end != l.end {
				t.Fatalf("%q ends with %q, not %q", l.text, l.end, old[i].end)
			}
		}
	})
}

// TestTheWorstLines: the largest file, of lines that are all the same, takes no time that a person would notice.
func TestTheWorstLines(t *testing.T) {
	old := strings.Repeat("\n}\n", language.MaxFileSize/3)
	got := Merge(old, strings.Replace(old, "}", "{", 100), strings.ReplaceAll(old, "}\n\n}", "}\n"))
	if text, _ := got.Text(nil); len(text) < language.MaxFileSize/2 {
		t.Errorf("%d bytes", len(text))
	}
}
