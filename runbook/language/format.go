package language

import (
	"bytes"

	"github.com/aymanbagabas/go-udiff"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format returns the text of a file in its canonical layout: indentation, aligned equals signs, one newline at the
// end, and the line end that most lines have. It changes only white space, and formatting twice changes
// nothing more. It refuses a text that cannot be parsed.
func (l *Vocabulary) Format(src []byte, filename string) ([]byte, Diagnostics) {
	p := &problems{lang: l, src: &source{name: filename, bytes: src}}
	if _, ok := p.parse(); !ok {
		return nil, p.sorted()
	}
	// All lines get the line end that most lines of the file have; inserted lines begin with LF.
	bom := src[:len(src)-len(bytes.TrimPrefix(src, utf8BOM))]
	end := "\n"
	if crlf := bytes.Count(src, []byte("\r\n")); 2*crlf > bytes.Count(src, []byte("\n")) {
		end = "\r\n"
	}
	out := bytes.ReplaceAll(src[len(bom):], []byte("\r\n"), []byte("\n"))
	// One round is enough for almost every text; a comment that moves can need another.
	for range 4 {
		next := hclwrite.Format(out)
		said := len(bytes.TrimRight(next, " \t\r\n"))
		last, _, _ := bytes.Cut(next[said:], []byte("\n")) // white space at the end of a comment, which stays in every line
		next = append(next[:said+len(last)], '\n')
		if bytes.Equal(next, out) {
			break
		}
		out = next
	}
	return append(bytes.Clone(bom), bytes.ReplaceAll(out, []byte("\n"), []byte(end))...), nil
}

// Diff returns the change from a to b as a unified diff of the file name; "" when they are equal.
func Diff(name string, a, b []byte) string {
	return udiff.Unified(name, name, string(a), string(b))
}
