package guide

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"orac/runbook/cells"
)

// Wrap breaks a text between words into lines of at most the given number of columns. A longer word has a line of its own. A code
// span like `orac run` counts as one word, so that people can copy it from one line, unless it does not fit on one.
func Wrap(text string, columns int) []string { return cells.Fill(words(text, columns), columns) }

// words returns the words of a text. A text between backquotes is one word, together with what
// touches it.
func words(text string, columns int) []string {
	var all []string
	open := false
	for _, word := range strings.Fields(text) {
		last := len(all) - 1
		if open && ansi.StringWidth(all[last])+1+ansi.StringWidth(word) <= columns {
			all[last] += " " + word
		} else {
			all = append(all, word)
		}
		open = open != (strings.Count(word, "`")%2 == 1)
	}
	return all
}
