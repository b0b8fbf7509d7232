// Package pattern compiles regular expressions when they are first used. A process of ORAC starts often, and most of its patterns are
// never used in it: compiling all of them took several milliseconds and a megabyte.
package pattern

import (
	"regexp"
	"sync"
)

// Lazy returns a function that returns the compiled pattern. It panics if the text is no regular expression: a test tries all of them.
func Lazy(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
