package sentence

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of a text as templates know it: lower case, no punctuation, contractions written out.
type token struct {
	text   string
	number float64
	digits bool // it was written in digits, and number is what it says
	pause  bool // punctuation stands before it
}

// maxTokens bounds the words of a text. Nobody says more in one breath.
const maxTokens = 60

// tokens makes the words of a text. Names, templates and texts all pass through here, so that they meet as the same words. Fillers
// ("um", "please") are left out. more tells that there were too many.
func tokens(text string, skip map[string]bool) (list []token, more bool) {
	pause := false
	add := func(w string, t token) {
		if w == "" || skip[w] {
			return
		}
		if len(list) >= maxTokens {
			more = true
			return
		}
		t.text, t.pause = w, pause && len(list) > 0
		pause = false
		list = append(list, t)
	}
	for rest := text; rest != "" && !more; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r >= '0' && r <= '9':
			n, used := numeral(rest)
			rest = rest[used:]
			add(strconv.FormatFloat(n, 'g', -1, 64), token{number: n, digits: true})
			continue
		case unicode.IsLetter(r):
			end := wordEnd(rest)
			for w := range strings.FieldsSeq(expand(strings.ToLower(rest[:end]))) {
				add(fold(w), token{})
			}
			rest = rest[end:]
			continue
		case r == '%':
			add("percent", token{})
		case r == '°', r == 'º':
			add("degrees", token{})
		case r == '&', r == '+':
			add("and", token{})
		case r == '-' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' && (len(rest) == len(text) || text[len(text)-len(rest)-1] == ' '):
			add("minus", token{})
		case strings.ContainsRune(",;.!?:\n", r):
			pause = true
		}
		rest = rest[size:]
	}
	return list, more
}

// words are the tokens of a text as strings.
func words(text string, skip map[string]bool) []string {
	list, _ := tokens(text, skip)
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.text
	}
	return out
}

// numeral reads digits with a decimal point or comma, or thousands ("1,000").
func numeral(s string) (n float64, used int) {
	digit := func(i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }
	var b strings.Builder
	i := 0
	for digit(i) {
		b.WriteByte(s[i])
		i++
	}
	for i < len(s) && s[i] == ',' && digit(i+1) && digit(i+2) && digit(i+3) && !digit(i+4) {
		b.WriteString(s[i+1 : i+4])
		i += 4
	}
	if i < len(s) && (s[i] == '.' || s[i] == ',') && digit(i+1) {
		b.WriteByte('.')
		for i++; digit(i); i++ {
			b.WriteByte(s[i])
		}
	}
	n, err := strconv.ParseFloat(b.String(), 64)
	if err != nil || n > 1e9 {
		n = 1e9 // larger than any range
	}
	return n, i
}

// wordEnd is where the letters of a word end; apostrophes within it belong to it.
func wordEnd(s string) int {
	end := 0
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		if r == '\'' || r == '’' {
			next, _ := utf8.DecodeRuneInString(s[end+size:])
			if !unicode.IsLetter(next) {
				break
			}
		} else if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
			break
		}
		end += size
	}
	return end
}

// expand writes out contractions and spellings: "what's" is "what is", "color" is "colour".
func expand(w string) string {
	w = strings.ReplaceAll(w, "’", "'")
	if long, ok := spellings[w]; ok {
		return long
	}
	if stem, ok := strings.CutSuffix(w, "n't"); ok {
		return stem + " not"
	}
	for short, long := range endings {
		if stem, ok := strings.CutSuffix(w, short); ok && stem != "" {
			return stem + " " + long
		}
	}
	return strings.ReplaceAll(w, "'", "")
}

var endings = map[string]string{"'ll": "will", "'ve": "have", "'re": "are", "'d": "would", "'m": "am"}

// fold takes the marks off Latin letters: speech to text writes "café" and "cafe".
func fold(w string) string {
	ascii := true
	for i := 0; i < len(w); i++ {
		ascii = ascii && w[i] < utf8.RuneSelf
	}
	if ascii {
		return w
	}
	return folder.Replace(w)
}

var folder = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ñ", "n", "ç", "c", "ß", "ss")

// spellings are words that are written in more than one way, and contractions that mean more words.
var spellings = map[string]string{
	"what's": "what is", "whats": "what is", "where's": "where is", "who's": "who is", "how's": "how is", "that's": "that is", "it's": "it is",
	"there's": "there is", "let's": "let us", "here's": "here is", "can't": "can not", "won't": "will not", "cannot": "can not", "dont": "do not", "doesnt": "does not",
	"isnt": "is not", "wasnt": "was not", "gonna": "going to", "wanna": "want to", "gimme": "give me", "'em": "them",
	"color": "colour", "colors": "colours", "gray": "grey", "television": "tv", "telly": "tv", "ok": "okay",
	"celcius": "celsius", "centigrade": "celsius", "center": "centre", "theater": "theatre", "ac": "aircon", "hoover": "vacuum",
	"mins": "minutes", "min": "minutes", "secs": "seconds", "sec": "seconds", "hr": "hour", "hrs": "hours", "c": "celsius", "f": "fahrenheit", "k": "kelvin",
}

// fillers mean nothing wherever they stand.
var fillers = []string{"um", "uh", "er", "erm", "uhm", "hmm", "hm", "ah", "please", "kindly", "just"}
