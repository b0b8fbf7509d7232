package moonshine

import (
	"math"
	"strings"
	"unicode"
)

// transcript makes the text of what the decoder said. A text whose confidence is below least is none.
func (v *vocabulary) transcript(s said, least float64) Transcript {
	t := Transcript{Nothing: s.nothing, Confidence: joined(s.chances)}
	if t.Nothing != "" {
		return t
	}
	t.Words = ended(v.wordsOf(s))
	list := make([]string, len(t.Words))
	for i, w := range t.Words {
		list[i] = w.Text
	}
	t.Text = strings.Join(list, " ")
	switch {
	case !strings.ContainsFunc(t.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		t.Nothing = Wordless
	case t.Confidence < least:
		t.Nothing = Unclear
	}
	if t.Nothing != "" {
		t.Text, t.Words = "", nil
	}
	return t
}

// wordsOf joins tokens to words: a token with a space in front begins one.
func (v *vocabulary) wordsOf(s said) (words []Word) {
	var text strings.Builder
	var chances []float64
	finish := func() {
		for i, part := range strings.Fields(clean(text.String())) {
			w := Word{Text: part, Confidence: joined(chances)}
			if i > 0 {
				w.Confidence = words[len(words)-1].Confidence
			}
			words = append(words, w)
		}
		text.Reset()
		chances = chances[:0]
	}
	for i, token := range s.tokens {
		part := v.bytesOf(token)
		if strings.HasPrefix(part, " ") {
			finish()
		}
		text.WriteString(part)
		chances = append(chances, s.chances[i])
	}
	finish()
	return words
}

// ended takes from the end of a text the marks that announce more: a comma, semicolon, colon or dash. The networks put a comma where the voice
// stays up, and nothing follows. Full stops, question marks and the like stay as they are, and no mark is added.
func ended(words []Word) []Word {
	for n := len(words); n > 0; n = len(words) {
		last := &words[n-1]
		if last.Text = strings.TrimRight(last.Text, ",;:-–—"); last.Text != "" {
			break
		}
		words = words[:n-1]
	}
	return words
}

// clean leaves out what is no text: bytes that make no letter, and characters that nobody can see.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// joined is the confidence of tokens that follow each other: the geometric mean of their probabilities, so that one doubtful token in a long text
// counts less than in a short one. It is 0 without tokens.
func joined(chances []float64) float64 {
	if len(chances) == 0 {
		return 0
	}
	sum := 0.0
	for _, c := range chances {
		sum += math.Log(max(c, 1e-12))
	}
	return math.Exp(sum / float64(len(chances)))
}
