package edit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/runbooktest"
)

func TestMerge(t *testing.T) {
	base := "a\nb\nc\nd\ne\n"
	for name, c := range map[string]struct {
		mine, theirs, want string
		clashes            int
	}{
		"disjoint":             {"A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n", 0},
		"one line between":     {"a\nB\nc\nd\ne\n", "a\nb\nc\nD\ne\n", "a\nB\nc\nD\ne\n", 0},
		"they touch":           {"a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n", "a\n<<<<<<< your edit\nB\nc\n=======\nb\nC\n>>>>>>> the file as it is now\nd\ne\n", 1},
		"the same":             {"a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n", 0},
		"added and removed":    {"a\nb\nc\nd\ne\nf\n", "b\nc\nd\ne\n", "b\nc\nd\ne\nf\n", 0},
		"both add at one":      {"a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\ne\ng\n", "a\nb\nc\nd\ne\n<<<<<<< your edit\nf\n=======\ng\n>>>>>>> the file as it is now\n", 1},
		"removed and changed":  {"a\nb\nd\ne\n", "a\nb\nC\nd\ne\n", "a\nb\n<<<<<<< your edit\n=======\nC\n>>>>>>> the file as it is now\nd\ne\n", 1},
		"line ends":            {"a\r\nb\r\nc\r\nd\r\ne\r\n", "a\nb\nC\nd\ne\n", "a\r\nb\r\nC\nd\r\ne\r\n", 0},
		"no last line end":     {"a\nb\nc\nd\ne", "a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\ne\nf\n", 0},
		"all of it, and other": {"x", "y", "<<<<<<< your edit\nx\n=======\ny\n>>>>>>> the file as it is now\n", 1},
		"all of it is gone":    {"", base, "", 0},
	} {
		m := Merge(base, c.mine, c.theirs)
		got, _ := m.Text(nil)
		if got != c.want || m.Clashes() != c.clashes {
			t.Errorf("%s: %d clashes\n%q, want\n%q", name, m.Clashes(), got, c.want)
		}
	}
	m := Merge("a\nb\nc\nd\ne", "a\nB\nc\nd\nE", "a\nBB\nc\nd\nEE")
	for choices, want := range map[[2]Choice]string{
		{TakeMine, TakeTheirs}: "a\nB\nc\nd\nEE", {TakeBoth, TakeMine}: "a\nB\nBB\nc\nd\nE", {TakeTheirs, TakeBoth}: "a\nBB\nc\nd\nE\nEE",
		{TakeTheirs, "neither"}: "a\nBB\nc\nd\n<<<<<<< your edit\nE\n=======\nEE\n>>>>>>> the file as it is now\n",
	} {
		if got, _ := m.Text(choices[:]); got != want {
			t.Errorf("%v: %q, want %q", choices, got, want)
		}
	}
}

// TestAMergeThatNobodyDecidedIsNoRunbook: wherever the marks stand, and whoever made them.
func TestAMergeThatNobodyDecidedIsNoRunbook(t *testing.T) {
	text, _ := Merge("appliance \"a\" {\n}\n", "appliance \"a\" {\n  # one\n}\n", "appliance \"a\" {\n  # two\n}\n").Text(nil)
	for _, src := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), "/*\n<<<<<<< HEAD\n=======\n>>>>>>> main\n*/\nappliance \"a\" {}\n"} {
		if rb, ds := runbook.Parse([]byte(src), "x.hcl", runbooktest.World()); rb != nil || !strings.Contains(ds.Error(), "there is an unresolved merge conflict here") || ds[0].Subject.Start.Line != 2 {
			t.Errorf("%q: %v", src, ds)
		}
	}
	for _, src := range []string{"# <<<<<<< a\n# =======\n# >>>>>>> b\nappliance \"a\" {}\n", "appliance \"a\" {}\n/*\n=======\n*/\n"} {
		if _, ds := runbook.Parse([]byte(src), "x.hcl", runbooktest.World()); strings.Contains(ds.Error(), "two edits") {
			t.Errorf("%q: %v", src, ds)
		}
	}
}

// text draws lines of few kinds, so that many are the same, with line ends of every kind.
func drawText(t *rapid.T, name string) string {
	var b strings.Builder
	for range rapid.IntRange(0, 12).Draw(t, name+" lines") {
		b.WriteString(rapid.SampledFrom([]string{"", "}", "a", "b", "c {"}).Draw(t, name) + rapid.SampledFrom([]string{"\n", "\n", "\r\n", "\r"}).Draw(t, name+" end"))
	}
	return b.String() + rapid.SampledFrom([]string{"", "", "last"}).Draw(t, name+" last")
}

// edited draws an edit of a text.
func drawEdit(t *rapid.T, name, text string) string {
	lines := linesOf(text)
	for range rapid.IntRange(0, 4).Draw(t, name+" edits") {
		at := rapid.IntRange(0, len(lines)).Draw(t, name+" at")
		add := linesOf(drawText(t, name+" new"))
		lines = slices.Concat(lines[:at], add, lines[min(len(lines), at+rapid.IntRange(0, 3).Draw(t, name+" gone")):])
	}
	return textOf(lines)
}

func TestMergeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := drawText(t, "base")
		mine, theirs := drawEdit(t, "mine", base), drawEdit(t, "theirs", base)
		if rapid.Bool().Draw(t, "strangers") {
			theirs = drawText(t, "stranger")
		}
		checkMerge(t, base, mine, theirs)
	})
}

// checkMerge checks what holds of any merge.
func checkMerge(t runbooktest.Fataler, base, mine, theirs string) {
	t.Helper()
	text := func(m Merged) string { s, _ := m.Text(nil); return s }
	for name, c := range map[string][3]string{"mine alone": {mine, base, mine}, "theirs alone": {base, theirs, theirs}, "nobody": {base, base, base}} {
		if m := Merge(base, c[0], c[1]); m.Clashes() > 0 || text(m) != c[2] {
			t.Fatalf("%s: %q, want %q", name, text(m), c[2])
		}
	}
	if m := Merge(base, mine, mine); m.Clashes() > 0 || !sameText(linesOf(text(m)), linesOf(mine)) {
		t.Fatalf("the same edit twice is another one: %q, want %q", text(m), mine)
	}
	m, back := Merge(base, mine, theirs), Merge(base, theirs, mine)
	swap := map[Origin]Origin{Mine: Theirs, Theirs: Mine, Clash: Clash, Agreed: Agreed, Unchanged: Unchanged}
	var gotBase, gotMine, gotTheirs string
	if len(m.Pieces) != len(back.Pieces) {
		t.Fatalf("the other way round there are %d pieces, not %d", len(back.Pieces), len(m.Pieces))
	}
	for i, p := range m.Pieces {
		q := back.Pieces[i]
		if q.From != swap[p.From] || q.Base != p.Base || q.Mine != p.Theirs || q.Theirs != p.Mine || !slices.Equal(p.merged, q.merged) {
			t.Fatalf("the other way round piece %d is %+v, not %+v", i, q, p)
		}
		gotBase, gotMine, gotTheirs = gotBase+p.Base, gotMine+p.Mine, gotTheirs+p.Theirs
	}
	if gotBase != base || gotMine != mine || gotTheirs != theirs { // so nothing of either is in no piece
		t.Fatalf("the pieces are not the texts:\n%q %q %q\n%q %q %q", gotBase, gotMine, gotTheirs, base, mine, theirs)
	}
	merged, parts := m.Text(nil)
	lines := linesOf(merged)
	for _, p := range parts {
		here := lines[p.Line-1 : p.EndLine]
		want := map[Origin][]string{Unchanged: {p.Base}, Agreed: {p.Mine}, Mine: {p.Mine}, Theirs: {p.Theirs}, Clash: {p.Mine, p.Theirs}}[p.From]
		if p.From == Clash { // each version is whole, and between its marks
			n := len(linesOf(p.Mine))
			if here[0].text != markMine || here[n+1].text != markMiddle || here[len(here)-1].text != markTheirs {
				t.Fatalf("a clash is not marked: %q", textOf(here))
			}
			here = slices.Concat(here[1:n+1], here[n+2:len(here)-1])
		}
		if !sameText(here, linesOf2(want)) {
			t.Fatalf("lines %d to %d are %q, want %q", p.Line, p.EndLine, textOf(here), want)
		}
	}
	// A text of clashes alone where all is chosen has no marks that were not there.
	chosen, _ := m.Text(slices.Repeat([]Choice{TakeMine}, m.Clashes()))
	if strings.Count(chosen, markMine) > strings.Count(mine+theirs, markMine) {
		t.Fatalf("there are marks left: %q", chosen)
	}
}

func linesOf2(texts []string) (out []line) {
	for _, s := range texts {
		out = append(out, linesOf(s)...)
	}
	return out
}

// TestDisjointEditsBothSurvive: edits with a line between them that both leave alone never clash, and both are in the result.
func TestDisjointEditsBothSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 40).Draw(t, "lines")
		cut := rapid.IntRange(1, n-2).Draw(t, "the line between")
		edit := func(who string, from, to int) (map[int]string, []string) {
			changed, lines := map[int]string{}, []string{}
			for range rapid.IntRange(1, 5).Draw(t, who+" edits") {
				changed[rapid.IntRange(from, to).Draw(t, who+" line")] = rapid.SampledFrom([]string{"", who + " new\n", who + " new\n}\n\n"}).Draw(t, who+" text")
			}
			for i := range n {
				text, ok := changed[i]
				if !ok {
					text = fmt.Sprintf("line %d\n", i)
				}
				lines = append(lines, text)
			}
			return changed, lines
		}
		above, first := edit("above", 0, cut-1)
		below, second := edit("below", cut+1, n-1)
		_, base := edit("nobody", n, n)
		want := ""
		for i := range n {
			text := base[i]
			for _, c := range []map[int]string{above, below} {
				if s, ok := c[i]; ok {
					text = s
				}
			}
			want += text
		}
		m := Merge(strings.Join(base, ""), strings.Join(first, ""), strings.Join(second, ""))
		if got, _ := m.Text(nil); m.Clashes() > 0 || got != want {
			t.Fatalf("%d clashes:\n%s\nwant\n%s", m.Clashes(), got, want)
		}
	})
}

func FuzzMerge(f *testing.F) {
	f.Add("a\nb\n", "a\nc\n", "b\r\n")
	f.Add("", "@@ -1,2 +3,4 @@\n", "\\ No newline at end of file")
	f.Add("<<<<<<< your edit\n", "=======\n", "\r\r\n\n")
	f.Fuzz(func(t *testing.T, base, mine, theirs string) {
		if len(base)+len(mine)+len(theirs) > 1<<16 {
			return
		}
		checkMerge(t, base, mine, theirs)
		checkLineEnds(t, mine, theirs)
	})
}
