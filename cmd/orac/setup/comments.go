package setup

import (
	"slices"
	"strings"
	"unicode"

	"orac/runbook"
)

// annotate puts comments above blocks, and what else they may say into them.
func annotate(text []byte, above map[runbook.Address]string) ([]byte, error) {
	outlines, err := runbook.Outlines(text)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	for i, o := range slices.Backward(outlines) { // from the end, so that the numbers of the lines stay true
		if !o.Written {
			continue
		}
		first := o.Line - 1
		isFirst := slices.IndexFunc(outlines, func(other runbook.Outline) bool { return other.Type == o.Type }) == i
		said := func(name string) bool { _, ok := o.Attrs[name]; return ok }
		if more := hints(o.Type, said); isFirst && len(more) > 0 { // one block of a type is enough to learn from
			lines = unfold(lines, first)
			end := first + slices.Index(lines[first:], "}")
			if end == first+1 { // an empty block
				more = more[1:]
			}
			lines = slices.Insert(lines, end, more...)
		}
		lines = slices.Insert(lines, first, comment(above[o.Address])...)
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

// unfold opens a block that stands on one line.
func unfold(lines []string, at int) []string {
	if header, ok := strings.CutSuffix(lines[at], "{}"); ok {
		return slices.Replace(lines, at, at+1, header+"{", "}")
	}
	return lines
}

// brief is a documentation, or where that is long its first sentence.
func brief(doc string) string {
	const long = 160
	sentence, _, more := strings.Cut(doc, ". ")
	if !more || len(doc) <= long {
		return doc
	}
	return sentence + "."
}

// comment makes lines of a text that are comments.
func comment(text string) (lines []string) {
	for _, line := range wrap(text, 100) {
		lines = append(lines, "# "+line)
	}
	return lines
}

// wrap breaks a text into lines of so many characters at most.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// printable leaves what can be seen and turns no line around.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '\uFFFD'
	}
	return r
}
