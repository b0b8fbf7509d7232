package screen

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// colours are the codes of paint, and that of its end.
var colours = []string{"0", "1", "2", "31;1", "32", "33", "36;1"}

// safe is what a terminal may be given of a text: printable characters, line ends, tabs, and our colours. All else is shown as
// U+FFFD, which moves no cursor and turns no text around.
func safe(p []byte) []byte {
	out := make([]byte, 0, len(p))
	for len(p) > 0 {
		if n := colour(p); n > 0 {
			out, p = append(out, p[:n]...), p[n:]
			continue
		}
		r, n := utf8.DecodeRune(p)
		switch {
		case r == '\n' || r == '\t' || unicode.IsPrint(r) && (r != utf8.RuneError || n > 1):
			out = append(out, p[:n]...)
		case r == '\r' && n < len(p) && p[n] == '\n': // a line end of another system
		default:
			out = utf8.AppendRune(out, utf8.RuneError)
		}
		p = p[n:]
	}
	return out
}

// colour is the length of the colour that a text begins with; 0 if it begins with none of ours.
func colour(p []byte) int {
	rest, ok := bytes.CutPrefix(p, []byte("\x1b["))
	if !ok {
		return 0
	}
	end := bytes.IndexByte(rest[:min(len(rest), 8)], 'm')
	if end < 0 || !slices.Contains(colours, string(rest[:end])) {
		return 0
	}
	return len(p) - len(rest) + end + 1
}
