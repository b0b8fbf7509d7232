package screen

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// colours lists the codes that paint uses, including the one that ends a colour.
var colours = []string{"0", "1", "2", "31;1", "32", "33", "36;1"}

// safe returns what a terminal may receive of a text: printable characters, line ends, tabs, and our colours. Everything else
// becomes U+FFFD, which moves no cursor and does not reverse text.
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
		case r == '\r' && n < len(p) && p[n] == '\n': // a Windows line end
		default:
			out = utf8.AppendRune(out, utf8.RuneError)
		}
		p = p[n:]
	}
	return out
}

// colour returns the length of the colour code at the start of a text; 0 if it is not one of ours.
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
