package language

import (
	"regexp"

	"orac/runbook/pattern"
)

// Pattern is a regular expression that is compiled when it is used first. A vocabulary has many, a command uses few, and one that counts
// characters is large: together they would take 8 MB of every process, also of those that only read a microphone.
type Pattern struct {
	text    string
	compile func() *regexp.Regexp
}

// Match makes a pattern. It panics when it is first used, if the text is no regular expression: a test tries those of all attributes.
func Match(text string) *Pattern {
	return &Pattern{text, pattern.Lazy(text)}
}

// String returns the text.
func (p *Pattern) String() string { return p.text }

// MatchString tells whether a text has the pattern.
func (p *Pattern) MatchString(s string) bool { return p.compile().MatchString(s) }
