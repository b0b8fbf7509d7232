package edit

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
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
	partner := match(b, a)
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
		next := i + 1
		for next < len(b) && partner[next] < 0 {
			next++
		}
		end := len(a)
		if next < len(b) {
			end = partner[next]
		}
		if stands >= 0 && stands < end {
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
	out := make([]int, len(a))
	for i := range out {
		out[i] = -1
	}
	i, j := 0, 0
	same := func(n int) {
		for ; n > 0; n-- {
			out[i] = j
			i, j = i+1, j+1
		}
	}
	text := func(lines []line) []byte {
		var b strings.Builder
		for _, l := range lines {
			b.WriteString(l.text + "\n")
		}
		return []byte(b.String())
	}
	rest := strings.Split(string(diff.Diff("a", text(a), "b", text(b))), "\n")
	for n := 0; n < len(rest); n++ {
		var fromA, countA, fromB, countB int
		if _, err := fmt.Sscanf(rest[n], "@@ -%d,%d +%d,%d @@", &fromA, &countA, &fromB, &countB); err != nil {
			continue
		}
		if countA > 0 {
			fromA--
		}
		same(fromA - i)
		for endA, endB := i+countA, j+countB; i < endA || j < endB; {
			n++
			switch rest[n][0] {
			case '-':
				i++
			case '+':
				j++
			default:
				same(1)
			}
		}
	}
	same(len(a) - i)
	closeGaps(a, b, out)
	return out
}

// maxGap bounds the work on repeated lines between two common ones: lines of one text times lines of the other.
// maxGaps bounds it in all.
const (
	maxGap  = 1 << 16
	maxGaps = 1 << 22
)

// closeGaps matches what the differ has left: the differ uses only lines that occur once, but other lines may be
// equal, too.
func closeGaps(a, b []line, partner []int) {
	i, j, left := 0, 0, maxGaps
	for end := 0; end <= len(a); end++ {
		to := len(b)
		if end < len(a) {
			if to = partner[end]; to < 0 {
				continue
			}
		}
		if n := (end - i) * (to - j); n > 0 && n <= min(maxGap, left) {
			left -= n
			for _, pair := range common(a[i:end], b[j:to]) {
				partner[i+pair[0]] = j + pair[1]
			}
		}
		i, j = end+1, to+1
	}
}

// common returns a longest common subsequence, as pairs of places.
func common(a, b []line) (pairs [][2]int) {
	longest := make([][]int, len(a)+1) // of a[i:] and b[j:]
	longest[len(a)] = make([]int, len(b)+1)
	for i := len(a) - 1; i >= 0; i-- {
		longest[i] = make([]int, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); a[i].text == b[j].text {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].text == b[j].text:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
