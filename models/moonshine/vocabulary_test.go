package moonshine

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"orac/models/onnx"
)

// list is a vocabulary as the file has it: the tokens that mark things, those of bytes, and words.
func list(words ...string) []string {
	l := []string{"<unk>", "<s>", "</s>"}
	for b := range 256 {
		l = append(l, fmt.Sprintf("<0x%02X>", b))
	}
	l = append(l, words...)
	for len(l) < tokens {
		l = append(l, fmt.Sprintf("w%d", len(l)))
	}
	return l
}

func source(list []string) onnx.Data {
	text := base64.StdEncoding.EncodeToString([]byte(strings.Join(list, "\n")))
	return onnx.Data{Path: "llama.js", Bytes: []byte("// a comment\n" + declared + text + "\";\nexport default 1;\n")}
}

func TestReadVocabularyRefuses(t *testing.T) {
	good := source(list())
	changed := func(at int, to string) onnx.Data {
		l := list()
		l[at] = to
		return source(l)
	}
	for want, d := range map[string]onnx.Data{
		"it declares no vocabulary":           {Bytes: []byte("export default {}")},
		"its vocabulary has no end":           {Bytes: good.Bytes[:5000]},
		"is not base64":                       {Bytes: []byte(declared + `(!)";`)},
		"it has 31999 tokens, not 32000":      source(list()[:tokens-1]),
		"it has more than 32000 tokens":       source(append(list(), "one")),
		"its token 300 is not a text":         changed(300, ""),
		"its token 301 is not a text":         changed(301, strings.Repeat("a", maxToken+1)),
		"its token 302 is not a text":         changed(302, "\xff"),
		"its token 13 does not stand":         changed(13, "<0xFF>"),
		"more than the limit of 2097152":      {Bytes: append(good.Bytes, make([]byte, maxVocabulary)...)},
		"vocabulary file llama.js: it is not": {Path: "llama.js"},
	} {
		if _, err := readVocabulary(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := readVocabulary(good); err != nil {
		t.Error(err)
	}
}

func TestTranscriptJoinsTokensToWords(t *testing.T) {
	v, err := readVocabulary(source(list(space+"Turn", space+"on", space+"the", space+"caf", ",", "\u00a0\u200b", ".")))
	if err != nil {
		t.Fatal(err)
	}
	const turn, on, the, caf, comma, unseen, dot = 259, 260, 261, 262, 263, 264, 265
	e1, e2 := firstByte+0xC3, firstByte+0xA9 // é
	got := v.transcript(said{tokens: []int{turn, on, comma, the, caf, e1, e2, unseen, dot}, chances: []float64{1, 1, 0.25, 1, 1, 1, 1, 1, 1, 1}}, 0)
	if got.Text != "Turn on, the café ." || got.Nothing != "" {
		t.Errorf("%+v", got)
	}
	if w := got.Words[1]; w.Text != "on," || w.Confidence != 0.5 {
		t.Errorf("%+v", w)
	}
	for want, s := range map[Reason]said{
		Wordless: {tokens: []int{dot}, chances: []float64{1, 1}},
		Unclear:  {tokens: []int{turn}, chances: []float64{0.01, 0.01}},
		Loop:     {tokens: []int{turn}, chances: []float64{1}, nothing: Loop},
	} {
		if got := v.transcript(s, 0.4); got.Nothing != want || got.Text != "" || got.Words != nil {
			t.Errorf("%s: %+v", want, got)
		}
	}
	if got := v.transcript(said{}, 0.4); got.Nothing != Wordless || got.Confidence != 0 {
		t.Errorf("no token at all: %+v", got)
	}
	if got := v.transcript(said{tokens: []int{e1}, chances: []float64{1, 1}}, 0.4); got.Text != "" {
		t.Errorf("half a letter: %+v", got)
	}
}

// FuzzVocabulary reads any file: whatever is in it, reading ends in a whole vocabulary or an error.
func FuzzVocabulary(f *testing.F) {
	f.Add([]byte(declared + `PHVuaz4KPHM+";`))
	f.Add([]byte(declared))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := readVocabulary(onnx.Data{Path: "x", Bytes: b})
		if (v == nil) == (err == nil) {
			t.Fatalf("%v, %v", v, err)
		}
	})
}
