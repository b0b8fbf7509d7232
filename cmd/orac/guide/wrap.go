package guide

import "strings"

// Wrap breaks a text between words into lines of at most the given number of columns. A longer word has a line of its own. A code
// span like `orac run` counts as one word, so that people can copy it from one line, unless it does not fit on one.
func Wrap(text string, columns int) []string {
	lines, line, used := []string{}, "", 0
	for _, word := range words(text, columns) {
		n := len([]rune(word))
		switch {
		case line == "":
			line, used = word, n
		case used+1+n <= columns:
			line, used = line+" "+word, used+1+n
		default:
			lines = append(lines, line)
			line, used = word, n
		}
	}
	return append(lines, line)
}

// words returns the words of a text. A text between backquotes is one word, together with what
// touches it.
func words(text string, columns int) []string {
	var all []string
	open := false
	for _, word := range strings.Fields(text) {
		last := len(all) - 1
		if open && len([]rune(all[last]))+1+len([]rune(word)) <= columns {
			all[last] += " " + word
		} else {
			all = append(all, word)
		}
		open = open != (strings.Count(word, "`")%2 == 1)
	}
	return all
}
