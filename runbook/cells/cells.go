// Package cells fits text into the cells of a terminal. A character takes one cell, two (語), or none (an accent); a colour takes
// none. Package ansi knows how many: measure with it, not with len.
package cells

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Pad fills a text with spaces on the right.
func Pad(text string, columns int) string { return text + beside(text, columns) }

// PadLeft fills a text with spaces on the left.
func PadLeft(text string, columns int) string { return beside(text, columns) + text }

func beside(text string, columns int) string {
	return strings.Repeat(" ", max(0, columns-ansi.StringWidth(text)))
}

// Shorten cuts a text to a number of columns, with an ellipsis; 0 or less means no limit.
func Shorten(text string, columns int) string {
	if columns <= 0 || ansi.StringWidth(text) <= columns {
		return text
	}
	return strings.TrimRight(ansi.Truncate(text, columns-1, ""), " ") + "…"
}

// Wrap breaks a text at its spaces into lines of a number of columns, and longer words anywhere; 0 or less means no limit. There is
// always a line.
func Wrap(text string, columns int) []string {
	if columns <= 0 || ansi.StringWidth(text) <= columns {
		return []string{text}
	}
	var lines []string
	for _, line := range Fill(strings.Fields(text), columns) {
		lines = append(lines, strings.Split(ansi.Hardwrap(line, columns, true), "\n")...)
	}
	return lines
}

// Fill joins words by spaces to lines of a number of columns. A longer word has a line of its own. There is always a line.
func Fill(words []string, columns int) []string {
	lines, used := []string{""}, 0
	for i, word := range words {
		last, n := len(lines)-1, ansi.StringWidth(word)
		switch {
		case i == 0:
			lines[last], used = word, n
		case used+1+n <= columns:
			lines[last], used = lines[last]+" "+word, used+1+n
		default:
			lines, used = append(lines, word), n
		}
	}
	return lines
}
