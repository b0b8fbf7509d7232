package schema

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a client's text safe to return and to log.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Clip cuts a text that is longer than n bytes.
func Clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "") + "…" // no half of a letter
	}
	return s
}

// Sentence makes one of an error's text, for the detail of a problem; "" of nothing.
func Sentence(s string) string {
	s = Clip(Clean(s), 300)
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:] + "."
}
