package edit

import (
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// line is one line of a text, and the way it ends.
type line struct{ text, end string } // end: "\n", "\r\n", "\r", or "" for the last one

// linesOf splits a text at line ends of every kind, as browsers do.
func linesOf(text string) (out []line) {
	for text != "" {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			return append(out, line{text, ""})
		}
		n := i + 1
		if text[i] == '\r' && n < len(text) && text[n] == '\n' {
			n++
		}
		out = append(out, line{text[:i], text[i:n]})
		text = text[n:]
	}
	return out
}

// textOf joins lines. A CR before a line end LF would merge with it, so it becomes an LF: no line is lost.
func textOf(lines []line) string {
	ends := make([]string, len(lines))
	for i := len(lines) - 1; i >= 0; i-- {
		if ends[i] = lines[i].end; ends[i] == "\r" && i+1 < len(lines) && lines[i+1].text == "" && ends[i+1] == "\n" {
			ends[i] = "\n"
		}
	}
	var b strings.Builder
	for i, l := range lines {
		b.WriteString(l.text + ends[i])
	}
	return b.String()
}

// sameText tells whether both texts have the same lines, whatever their line ends.
func sameText(a, b []line) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].text != b[i].text {
			return false
		}
	}
	return true
}

// usualEnd returns the line end that most lines have: LF or CR LF.
func usualEnd(lines []line) string {
	count := map[string]int{}
	for _, l := range lines {
		count[l.end]++
	}
	if count["\r\n"] > count["\n"] {
		return "\r\n"
	}
	return "\n"
}

// KeepLineEnds returns fresh with the line ends of old in every line that both have: a browser's text area sends every line
// with CR LF. A changed line ends like the line that it replaces, and a new line like the one before it. Only fresh decides
// whether the last line has an end.
func KeepLineEnds(old, fresh string) string {
	a, b := linesOf(old), linesOf(fresh)
	if len(b) == 0 {
		return fresh
	}
	usual, open := usualEnd(a), b[len(b)-1].end == ""
	partner, until := match(b, a), make([]int, len(b))
	for i, end := len(b)-1, len(a); i >= 0; i-- { // the old line that the next common line after i is
		until[i] = end
		if partner[i] >= 0 {
			end = partner[i]
		}
	}
	for i := range b {
		if j := partner[i]; j >= 0 {
			b[i].end = a[j].end
			continue
		}
		stands := -1 // the old line that it replaces: as far after the last common line as this one
		if i == 0 {
			stands = 0
		} else if partner[i-1] >= 0 {
			stands = partner[i-1] + 1
		}
		if stands >= 0 && stands < until[i] {
			partner[i], b[i].end = stands, a[stands].end
			continue
		}
		b[i].end = usual
		if i > 0 {
			b[i].end = b[i-1].end
		}
	}
	for i := range b {
		if b[i].end == "" {
			b[i].end = usual
		}
	}
	if open {
		b[len(b)-1].end = ""
	}
	return textOf(b)
}

// match returns for every line of a the equal line of b, or -1. The pairs are in the order of both texts.
func match(a, b []line) []int {
	partner, old, fresh := make([]int, len(a)), make([]string, len(a)), make([]string, len(b))
	for i := range a {
		partner[i], old[i] = -1, a[i].text
	}
	for i := range b {
		fresh[i] = b[i].text
	}
	// The library looks for about a hundred differences, so that its work grows with the texts and not with the square of them.
	// What it leaves is a stretch of both texts, in which it can look again.
	for todo := []lcs.Diff{{End: len(a), ReplEnd: len(b)}}; len(todo) > 0; {
		whole := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		i, j := whole.Start, whole.ReplStart
		same := func(end int) {
			for ; i < end; i, j = i+1, j+1 {
				partner[i] = j
			}
		}
		for _, d := range lcs.DiffLines(old[whole.Start:whole.End], fresh[whole.ReplStart:whole.ReplEnd]) {
			part := lcs.Diff{Start: whole.Start + d.Start, End: whole.Start + d.End, ReplStart: whole.ReplStart + d.ReplStart, ReplEnd: whole.ReplStart + d.ReplEnd}
			same(part.Start)
			if i, j = part.End, part.ReplEnd; part != whole && part.Start < part.End && part.ReplStart < part.ReplEnd {
				todo = append(todo, part)
			}
		}
		same(whole.End)
	}
	return partner
}
