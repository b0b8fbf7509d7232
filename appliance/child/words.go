package child

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostWords bounds what a worker says to people, in bytes.
const mostWords = 300

// Plain makes one short line of what a worker has written: no control characters, no line breaks, at most 300 bytes. What is left out in the
// middle is shown as an ellipsis, since the beginning and the end say most.
func Plain(text string) string {
	const ellipsis = " … "
	if len(text) > 2*tailBytes { // without reading all of it
		text = text[:tailBytes] + text[len(text)-tailBytes:]
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= mostWords {
		return text
	}
	from, to := (mostWords-len(ellipsis))*2/3, len(text)-(mostWords-len(ellipsis))/3
	for !utf8.RuneStart(text[from]) {
		from--
	}
	for !utf8.RuneStart(text[to]) {
		to++
	}
	return text[:from] + ellipsis + text[to:]
}
