package moonshine

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"orac/models/onnx"
)

// The vocabulary is that of Llama: 32 000 tokens, of which the first three mark things and the next 256 stand for single bytes.
const (
	tokens    = 32000
	begin     = 1 // of a text
	end       = 2 // of a text
	firstByte = 3
	lastByte  = firstByte + 255
)

// Limits of the file that holds the vocabulary, and of one token.
const (
	maxVocabulary = 2 << 20
	maxToken      = 128
)

// space is what stands for a space in a token.
const space = "\u2581"

// vocabulary is the text of each token.
type vocabulary [tokens]string

// declared is what the text of the vocabulary follows in the source text of llama-tokenizer-js: one token a line, in base64.
const declared = `const llama_vocab_base64 = "`

// readVocabulary reads the vocabulary out of the source text of llama-tokenizer-js.
func readVocabulary(d onnx.Data) (*vocabulary, error) {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("vocabulary file %s: it is not the source text of llama-tokenizer-js: %s; fetch it again", d.Path, fmt.Sprintf(format, args...))
	}
	if len(d.Bytes) > maxVocabulary {
		return nil, bad("it has %d bytes, more than the limit of %d", len(d.Bytes), maxVocabulary)
	}
	_, text, found := bytes.Cut(d.Bytes, []byte(declared))
	if !found {
		return nil, bad("it declares no vocabulary")
	}
	text, _, found = bytes.Cut(text, []byte(`"`))
	if !found {
		return nil, bad("its vocabulary has no end")
	}
	list := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(list, text)
	if err != nil {
		return nil, bad("its vocabulary is not base64: %v", err)
	}
	return parseVocabulary(string(list[:n]), bad)
}

func parseVocabulary(list string, bad func(format string, args ...any) error) (*vocabulary, error) {
	v := &vocabulary{}
	n := 0
	for token := range strings.SplitSeq(list, "\n") {
		switch {
		case n == tokens:
			return nil, bad("it has more than %d tokens", tokens)
		case token == "" || len(token) > maxToken || !utf8.ValidString(token):
			return nil, bad("its token %d is not a text of 1 to %d bytes", n, maxToken)
		case n >= firstByte && n <= lastByte && token != fmt.Sprintf("<0x%02X>", n-firstByte):
			return nil, bad("its token %d does not stand for a byte", n)
		}
		v[n] = token
		n++
	}
	if n < tokens {
		return nil, bad("it has %d tokens, not %d", n, tokens)
	}
	return v, nil
}

// bytesOf is what a token adds to a text: it may be a part of a letter.
func (v *vocabulary) bytesOf(token int) string {
	switch {
	case token < firstByte:
		return ""
	case token <= lastByte:
		return string([]byte{byte(token - firstByte)})
	}
	return strings.ReplaceAll(v[token], space, " ")
}
