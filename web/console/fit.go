package console

// The server does not know the reader's font, and text in a drawing neither wraps nor is cut off by itself. So names are
// measured in the widest common system font, DejaVu Sans Bold: what fits in it fits in all.

// widths are the widths of its letters, in thousandths of the font size.
var widths = map[rune]int{
	'a': 675, 'b': 716, 'c': 593, 'd': 716, 'e': 678, 'f': 435, 'g': 716, 'h': 712, 'i': 343, 'j': 343, 'k': 665, 'l': 343, 'm': 1042, 'n': 712, 'o': 687, 'p': 716,
	'q': 716, 'r': 493, 's': 595, 't': 478, 'u': 712, 'v': 652, 'w': 924, 'x': 645, 'y': 652, 'z': 582, '_': 500, '-': 415, '.': 380, '…': 1000,
}

const (
	digitWidth = 696
	otherWidth = 1050 // capitals and everything else
)

func widthOf(r rune) int {
	if w, ok := widths[r]; ok {
		return w
	}
	if '0' <= r && r <= '9' {
		return digitWidth
	}
	return otherWidth
}

// fit cuts a text to at most pixels at a font size, and adds an ellipsis if something is left out.
func fit(text string, pixels, size int) string {
	room, width := pixels*1000/size, 0
	cut := -1 // where an ellipsis still fits
	for i, r := range text {
		if cut < 0 && width+widthOf(r)+widths['…'] > room {
			cut = i
		}
		if width += widthOf(r); width > room {
			return text[:cut] + "…"
		}
	}
	return text
}
