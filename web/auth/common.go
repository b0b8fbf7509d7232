package auth

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"slices"
	"strings"
	"unicode"
)

// common are the 10 000 most frequent passwords of at least 10 characters in published breaches, in lower case, one per line,
// most frequent first. Source: the list "10 million passwords" of SecLists (MIT licence). zcat shows them.
//
//go:embed common.txt.gz
var common []byte

// contextWords are what anybody would guess first at an appliance of this name, apart from the user's name. Long words come
// first because they contain short ones.
var contextWords = []string{"administrator", "appliance", "operator", "console", "jarvis", "viewer", "admin", "alexa", "orac", "user", "hey"}

// guessable says why a password is one of those that are tried first, or "" if it is not. name is the user's name,
// or "".
func guessable(name, password string) string {
	password = strings.ToLower(password)
	switch {
	case isCommon(password):
		return "the password is one of the 10 000 most common ones: choose another"
	case onlyContext(name, password):
		return "the password only combines names that anybody would try (the user, the role, the appliance): choose another"
	}
	return ""
}

// isCommon searches the list. It takes a millisecond, against a quarter of a second for the hash, and keeps nothing in memory.
func isCommon(password string) bool {
	z, err := gzip.NewReader(bytes.NewReader(common))
	if err != nil {
		panic("BUG: the list of passwords: " + err.Error())
	}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		if lines.Text() == password {
			return true
		}
	}
	if lines.Err() != nil {
		panic("BUG: the list of passwords: " + lines.Err().Error())
	}
	return false
}

// onlyContext tells whether a password contains a context word and, without such words, only digits and signs.
func onlyContext(name, password string) bool {
	letters := func(text string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return r
			}
			return -1
		}, text)
	}
	rest := letters(password)
	words := slices.Clone(contextWords)
	if own := letters(strings.ToLower(name)); len(own) > 2 { // shorter ones occur in any text
		words = slices.Insert(words, 0, own)
	}
	found := false
	for _, word := range words {
		without := strings.ReplaceAll(rest, word, "")
		found = found || without != rest
		rest = without
	}
	return found && rest == ""
}
