// Package spoken separates what a person said from what a transcriber added.
//
// Speech-to-text engines put markers into their text: the time of a segment, the name of a speaker, a sound that is not speech, a
// token of their vocabulary. Strip removes them. It guarantees:
//
//   - It only removes. What is left was in the given text, in the same order; only spaces may differ.
//   - A text without a marker comes back byte for byte.
//   - In the middle of a sentence it removes only what nobody can have said: square brackets, <|tokens|>, song between notes, and
//     in round brackets or asterisks a sound that Strip knows by name. Other words in round brackets or asterisks are speech
//     ("Joe (at) home", "the *big* lamp") unless the text holds nothing else.
//   - Its time is linear in the length of the text, whatever the text holds.
package spoken

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"orac/runbook/pattern"
)

// Marks is a set of kinds of markers.
type Marks uint8

// The kinds of markers.
const (
	Timestamps Marks = 1 << iota // [00:00:00.000 --> 00:00:02.120], [0.00s -> 2.12s], <|0.00|>, the head of an SRT cue
	Speakers                     // SPEAKER_00:, [Speaker 1], (speaker 1), spk_0:, >>
	Sounds                       // [Music], (coughs), *laughs*, ♪ la la ♪, ++NOISE++
	Tokens                       // <|en|>, <unk>, [_BEG_]
	WakeWord                     // the wake word at the beginning: not for Strip, but for StripWake

	All        = Timestamps | Speakers | Sounds | Tokens // what Strip removes
	Everything = All | WakeWord
)

// names are the names of the kinds in a runbook.
var names = []struct {
	name string
	mark Marks
}{{"timestamps", Timestamps}, {"speakers", Speakers}, {"sounds", Sounds}, {"tokens", Tokens}, {"wake_word", WakeWord}}

// Named returns the set of the kinds with these names. An unknown name adds nothing.
func Named(list []string) (m Marks) {
	for _, n := range names {
		for _, name := range list {
			if n.name == name {
				m |= n.mark
			}
		}
	}
	return m
}

// cut replaces a marker. It becomes a space.
const cut = "\x1f"

// Strip returns a text without its markers of the given kinds; "" if the text holds only markers and punctuation. With
// Sounds, that includes a text whose words are all in brackets or asterisks.
func Strip(text string, m Marks) string {
	was := text
	text = strings.ReplaceAll(text, cut, " ")
	text = brackets(text, m)
	if m&Sounds != 0 {
		text = noise().ReplaceAllString(notes(text), cut)
		text = brackets(asterisks(text, isSound), m) // a sentence may begin after what was cut
	}
	if m&Timestamps != 0 {
		text = cue().ReplaceAllString(text, cut)
	}
	if m&Speakers != 0 {
		text = namedSpeaker().ReplaceAllString(text, cut)
		text = speakerTurn().ReplaceAllString(text, "${1}"+cut)
	}
	stripped := strings.Contains(text, cut)
	if m&Sounds != 0 {
		if rest := asterisks(allBrackets(text), func(string, bool) bool { return true }); strings.Contains(rest, cut) && !hasWords(rest) {
			return ""
		}
	}
	switch {
	case !stripped:
		return was
	case !hasWords(text):
		return ""
	}
	return tidy(text)
}

// tidy closes the gaps that markers have left.
func tidy(text string) string {
	first := strings.TrimLeft(text, " "+cut)
	if len(first) < len(text) && strings.Contains(text[:len(text)-len(first)], cut) { // "[Music], turn" is "turn"
		text = orphan().ReplaceAllString(first, "")
	}
	text = gap().ReplaceAllString(text, "${1}") // "the lights [Music]." is "the lights."
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\x1f' || unicode.IsSpace(r) }), " ")
}

var (
	gap    = pattern.Lazy(`\s*\x1f[\s\x1f]*([.,!?;:…])`)
	orphan = pattern.Lazy(`^(?:[.,!?;:…–—\s\x1f]|-\s)+`)

	// noise is a filler of the Sphinx engines.
	noise = pattern.Lazy(`\+\+[A-Za-z_]+\+\+`)
	// cue is a span of time without brackets: that of WebVTT, or that of SubRip with its number
	// before it.
	cue = pattern.Lazy(`(?:^\s*WEBVTT\s+)?(?:\b\d+\s+\d+:\d\d:\d\d,\d{3}|\b(?:\d+:)?\d\d:\d\d[.,]\d{1,3})\s*-->\s*(?:\d+:)?\d\d:\d\d[.,]\d{1,3}`)
	// namedSpeaker is a label that no engine writes for speech, anywhere in a text.
	namedSpeaker = pattern.Lazy(`\b(?:SPEAKER_\d{1,3}\b:?|spk_\d{1,3}:)`)
	// speakerTurn is a label or a mark of a new speaker, where a sentence begins.
	speakerTurn = pattern.Lazy(`(^\s*|\x1f\s*|[.!?…]\s+)(?:(?i:speaker|guest|spk)[ _-]?(?:\d{1,3}|[A-Z])\s*:|>>+)`)
)

// hasWords tells whether a text holds anything but spaces and punctuation.
func hasWords(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r != '\x1f' && r != '>' && r != '<' && !unicode.IsSpace(r) && !unicode.IsPunct(r)
	})
}

func lastRune(text string) rune {
	r, _ := utf8.DecodeLastRuneInString(text)
	return r
}

// glued tells whether what follows a rune without a space belongs to the same word, as in "notes[1]". Scripts that are
// written without spaces do not show that.
func glued(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}
