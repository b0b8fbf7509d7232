package spoken

import (
	"slices"
	"strings"
	"unicode"
)

// greetings are words that begin a wake word, and what engines write for them: a weak "hey" often becomes "a".
var greetings = []string{"hey", "hay", "hi", "hei", "he", "heh", "eh", "ey", "ay", "aye", "a", "hello", "ok", "okay", "oh"}

// beginnings are words that small engines write for a greeting, or for the first sound of a name, when the command follows without a
// pause: "They jarvest", "The Lexus", "I hate Jarvis". They only count before a name. Measured on commands of four synthetic voices,
// spoken on at once: with these and the weights below, 96 of 157 wake words are recognised in what moonshine_tiny makes of them, instead
// of 44, and of 288 000 ordinary sentences 36 lose their beginning instead of 6. What is no more like a name than other words, such as
// "H. R. V." or "I hate jotters", stays.
var (
	beginnings = []string{"they", "the", "i", "h", "in", "am", "hame"}
	afterI     = []string{"hate", "ate", "am", "have", "had"}
)

// StripWake returns a text without the wake word at its beginning, which a recording holds because it begins before the wake word
// ends. Engines do not know names, so the name may be misspelt ("Hey Travis" for "hey jarvis") or written as two words; the
// greeting may be another, or missing. It guarantees:
//
//   - It only removes from the beginning, and only whole words: what is left is the end of the given text. It is "" if the text
//     holds nothing but the wake word.
//   - A greeting without the name stays: it belongs to the command.
//   - A wake word that is a command itself, such as "what's the weather" or "set a timer for … minutes", stays.
//   - Its time does not depend on the length of the text, apart from the copying.
func StripWake(text, wakeWord string) string {
	greeted, name := nameOf(wakeWord)
	if name == "" {
		return text
	}
	n := wakeEnd(text, greeted, name)
	if n == 0 {
		return text
	}
	for rest := ""; n < len(text); { // said twice, as people do who were not heard the first time
		rest = text[n:]
		more := exactEnd(rest, name)
		if more == 0 {
			break
		}
		n += more
	}
	rest := strings.TrimLeftFunc(text[n:], func(r rune) bool { return unicode.IsSpace(r) || isPause(r) })
	if !hasWords(rest) {
		return ""
	}
	return rest
}

// isPause tells whether a rune separates a wake word from the command, rather than begins the command, as "(" may.
func isPause(r rune) bool { return strings.ContainsRune(".,!?;:…–—-~·”»", r) }

// nameOf is the name in a wake word, and whether a greeting comes before it. The name is "" if the wake word is a command itself.
func nameOf(wakeWord string) (greeted bool, name string) {
	words := firstWords(wakeWord, maxNameWords+2)
	if len(words) > 1 && slices.Contains(greetings, words[0].folded) {
		greeted, words = true, words[1:]
	}
	if len(words) == 0 || len(words) > maxNameWords || len(words) > 2 && !greeted || strings.ContainsAny(wakeWord, "…<{[") {
		return false, ""
	}
	for _, w := range words {
		name += w.sound
	}
	if len(name) < shortestName {
		return false, ""
	}
	return greeted, name
}

const (
	maxNameWords = 3  // of a wake word, after its greeting
	shortestName = 3  // letters; a shorter name is like too many words
	longestWord  = 32 // runes; a longer one is no part of a wake word
)

// wakeEnd is where the wake word at the beginning of a text ends; 0 if there is none.
func wakeEnd(text string, greeted bool, name string) int {
	words := firstWords(text, maxNameWords+3)
	allowed := max(edit, 2*len(name)/3)
	if greeted { // "Heyjarvis"
		full := soundOf(greetings[0]) + name
		if end := nameEnd(words, full, 3*len(full)/10); end > 0 {
			return end
		}
	}
	switch n := greetingOf(words); {
	case n > 0:
		return nameEnd(words[n:], name, allowed)
	case greeted: // without its greeting, which the recording may have cut off, the name must be one word and almost right
		return nameEnd(words[:min(len(words), 1)], name, min(allowed, edit))
	}
	return nameEnd(words, name, max(edit, 2*len(name)/5)) // most sentences begin with neither
}

// greetingOf is how many words before a name may be its greeting.
func greetingOf(words []word) int {
	switch {
	case len(words) > 2 && words[0].folded == "i" && slices.Contains(afterI, words[1].folded):
		return 2
	case len(words) > 1 && (slices.Contains(greetings, words[0].folded) || slices.Contains(beginnings, words[0].folded)):
		return 1
	}
	return 0
}

// nameEnd is where the name that words begin with ends; 0 if they begin with another. The number of words that fits best counts.
func nameEnd(words []word, name string, allowed int) (end int) {
	best, said := allowed+1, ""
	for _, w := range words[:min(len(words), maxNameWords)] {
		said += w.sound
		if d := unlike(said, name); d < best {
			best, end = d, w.end
		}
	}
	return end
}

// exactEnd is where a repeated wake word ends; only the right name counts, after a greeting or not.
func exactEnd(text, name string) int {
	words := firstWords(text, maxNameWords+1)
	if end := nameEnd(words, name, 0); end > 0 {
		return end
	}
	if len(words) > 1 && slices.Contains(greetings, words[0].folded) {
		return nameEnd(words[1:], name, 0)
	}
	return 0
}

// word is a word of a text.
type word struct {
	folded string // in lower case
	sound  string // as it roughly sounds
	end    int    // its end in the text
}

// firstWords are the first words of a text. A longer word than any wake word ends the list.
func firstWords(text string, most int) (list []word) {
	var runes []rune
	for i, r := range text + " " {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if runes = append(runes, unicode.ToLower(r)); len(runes) > longestWord {
				return list
			}
		case r == '\'' || r == '’' || unicode.Is(unicode.Mn, r): // inside a word
		case len(runes) > 0:
			folded := string(runes)
			list = append(list, word{folded, soundOf(folded), i})
			if runes = runes[:0]; len(list) == most {
				return list
			}
		case !unicode.IsSpace(r) && !isPause(r) && !strings.ContainsRune(`"“«¿¡`, r):
			return list // a bracket or a sign: no wake word goes on behind it
		}
	}
	return list
}

// likeSounds are letters that engines take for each other when they write a name.
var likeSounds = strings.NewReplacer("ph", "f", "ck", "k", "rh", "r", "wh", "w", "qu", "kw", "c", "k", "q", "k", "z", "s", "y", "i", "x", "ks")

// soundOf folds letters that sound alike, and doubled ones.
func soundOf(word string) string {
	var b strings.Builder
	last := rune(0)
	for _, r := range likeSounds.Replace(word) {
		if r != last {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// edit is what a letter costs that is missing, added or replaced. Half of that are a vowel or an h that is missing or added, and a letter
// for one that sounds like it.
const edit = 2

// unlike counts by how much two words differ: by letters that are missing, added, replaced, or swapped with their neighbour (the optimal
// string alignment distance). A word of another length by far is not compared.
func unlike(a, b string) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > 4 || d < -4 {
		return edit * max(len(x), len(y))
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range y {
		last[j+1] = last[j] + weight(y[j])
	}
	for i := range x {
		row[0] = last[0] + weight(x[i])
		for j := range y {
			row[j+1] = min(last[j+1]+weight(x[i]), row[j]+weight(y[j]), last[j]+instead(x[i], y[j]))
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+edit)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

const vowels = "aeiou"

// weight is what a letter costs that is missing or added.
func weight(r rune) int {
	if r == 'h' || strings.ContainsRune(vowels, r) {
		return edit / 2
	}
	return edit
}

// siblings are letters that differ only in their voice.
var siblings = []string{"bp", "dt", "gk", "vf", "sz", "jg", "mn", vowels}

// instead is what a letter costs in the place of another.
func instead(a, b rune) int {
	if a == b {
		return 0
	}
	if slices.ContainsFunc(siblings, func(s string) bool { return strings.ContainsRune(s, a) && strings.ContainsRune(s, b) }) {
		return edit / 2
	}
	return edit
}
