package setup

import (
	"slices"
	"strings"

	"orac/runbook"
	"orac/runbook/cells"
	"orac/runbook/edit"
)

// annotate adds comments: above blocks, and in them about what else they may say.
func annotate(text []byte, above map[runbook.Address]string) ([]byte, error) {
	outlines, err := edit.Outlines(text)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	for i, o := range slices.Backward(outlines) { // from the end, so that line numbers stay valid
		if !o.Written {
			continue
		}
		first := o.Line - 1
		isFirst := slices.IndexFunc(outlines, func(other edit.Outline) bool { return other.Type == o.Type }) == i
		said := func(name string) bool { _, ok := o.Attrs[name]; return ok }
		if more := hints(o.Type, said); isFirst && len(more) > 0 { // one block of each type is enough to learn from
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

// unfold spreads a block that is on one line.
func unfold(lines []string, at int) []string {
	if header, ok := strings.CutSuffix(lines[at], "{}"); ok {
		return slices.Replace(lines, at, at+1, header+"{", "}")
	}
	return lines
}

// brief returns a documentation text, or only its first sentence if it is long.
func brief(doc string) string {
	const long = 160
	sentence, _, more := strings.Cut(doc, ". ")
	if !more || len(doc) <= long {
		return doc
	}
	return sentence + "."
}

// comment turns a text into comment lines.
func comment(text string) (lines []string) {
	for _, line := range cells.Fill(strings.Fields(text), 100) {
		lines = append(lines, "# "+line)
	}
	return lines
}
