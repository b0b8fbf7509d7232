package spoken

import (
	"strings"
	"unicode/utf8"

	"orac/runbook/pattern"
)

// closes maps each opening bracket to its closing one. Other quotation marks, such as 「」, hold speech.
var closes = map[rune]rune{'[': ']', '［': '］', '【': '】', '〔': '〕', '(': ')', '（': '）', '{': '}', '<': '>'}

var opens = func() map[rune]rune {
	m := map[rune]rune{}
	for open, end := range closes {
		m[end] = open
	}
	return m
}()

// pairs maps the offset of each opening bracket to that of its closing one. A bracket without a partner is text.
func pairs(text string) map[int]int {
	type opened struct {
		r  rune
		at int
	}
	var stack []opened
	waiting := map[rune]int{}
	out := map[int]int{}
	for i, r := range text {
		if _, ok := closes[r]; ok {
			stack = append(stack, opened{r, i})
			waiting[r]++
			continue
		}
		open, ok := opens[r]
		if !ok || waiting[open] == 0 || r == '>' && strings.HasSuffix(text[:i], "-") { // an arrow is no bracket
			continue
		}
		for top := rune(0); top != open; {
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			top = last.r
			waiting[top]--
			if top == open {
				out[last.at] = i
			}
		}
	}
	return out
}

// bracket is a pair of brackets in a text.
type bracket struct {
	open   rune
	inner  string
	before rune // what comes right before it; utf8.RuneError at the start of the text
	begins bool // a sentence begins here
}

// brackets cuts the brackets that are markers of the given kinds.
func brackets(text string, m Marks) string {
	return cutPairs(text, func(b bracket) bool { return m&b.mark() != 0 })
}

// allBrackets cuts all brackets.
func allBrackets(text string) string {
	return cutPairs(text, func(b bracket) bool { return b.open != '<' })
}

// cutPairs cuts the wanted brackets; it also looks for them inside other brackets.
func cutPairs(text string, wanted func(bracket) bool) string {
	match := pairs(text)
	if len(match) == 0 {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		end, ok := match[i]
		b := bracket{open: r}
		if ok {
			b.inner, b.before, b.begins = text[i+size:end], lastRune(out.String()), beginsSentence(out.String())
		}
		if !ok || !wanted(b) {
			out.WriteString(text[i : i+size])
			i += size
			continue
		}
		out.WriteString(cut)
		i = end + utf8.RuneLen(closes[r])
		if label().MatchString(b.inner) && strings.HasPrefix(text[i:], ":") { // "[SPEAKER_00]: hello"
			i++
		}
	}
	return out.String()
}

// longestMarker bounds a marker in brackets, in bytes: a longer one is speech.
const longestMarker = 120

var (
	instant = `(?:\d+:)?\d{1,2}:\d\d(?:[.,]\d{1,3})?|\d+[.,]\d+\s?s?`
	// stamp is an instant, or the span between two.
	stamp = pattern.Lazy(`^\s*(?:` + instant + `)(?:\s*(?:-->|->|→|-|–)\s*(?:` + instant + `))?\s*$`)
	// preciseStamp is a stamp that nobody says: it has fractions of a second, or is a span with an
	// arrow.
	preciseStamp = pattern.Lazy(`^\s*(?:\d+:)?\d{1,2}:\d\d[.,]\d{1,3}|(?:-->|->|→)`)
	label        = pattern.Lazy(`^\s*(?i:speaker|spk|guest)(?i:[ _-]?(?:\d{1,3}|[a-z]|turn|changes?))?\s*:?\s*$`)
	whisperToken = pattern.Lazy(`^_[A-Z0-9_]+$`)
	tag          = pattern.Lazy(`^/?[A-Za-z_]{1,20}$`)
)

// mark says which kind of marker a bracket is; 0 if it is not one.
func (b bracket) mark() Marks {
	if len(b.inner) > longestMarker {
		return 0
	}
	isStamp, isLabel := stamp().MatchString(b.inner), label().MatchString(b.inner)
	switch b.open {
	case '<':
		return angled(b.inner)
	case '(', '（', '{':
		switch {
		case isStamp && preciseStamp().MatchString(b.inner):
			return Timestamps
		case isLabel && b.begins:
			return Speakers
		case isSound(b.inner, b.begins):
			return Sounds
		}
		return 0
	}
	switch {
	case isStamp:
		return Timestamps
	case isLabel:
		return Speakers
	case whisperToken().MatchString(b.inner):
		return Tokens
	case b.open == '[' && glued(b.before) && !isSound(b.inner, true): // "notes[1]"
		return 0
	}
	return Sounds
}

func angled(inner string) Marks {
	if len(inner) > 1 && inner[0] == '|' && inner[len(inner)-1] == '|' {
		if stamp().MatchString(inner[1 : len(inner)-1]) {
			return Timestamps | Tokens
		}
		return Tokens
	}
	if tag().MatchString(inner) {
		return Tokens
	}
	return 0
}

// beginsSentence tells whether a sentence begins after a text.
func beginsSentence(before string) bool {
	before = strings.TrimRight(before, " ")
	return before == "" || strings.ContainsRune(".!?…\x1f", lastRune(before))
}
