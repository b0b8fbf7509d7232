package boot

import (
	"fmt"
	"path/filepath"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/pattern"
)

// spelled finds the state directory in the text of a runbook.
var spelled = pattern.Lazy(`(?m)^\s*state_dir\s*=\s*"([^"$%\\\n]+)"`)

// SpelledState returns the state directory as far as the text of a runbook says it, for a runbook that cannot be evaluated.
func SpelledState(file string) string {
	dir := "state"                                               // the default of the language, beside the runbook
	text, _ := runbook.Vocabulary.Read(file, language.Options{}) // what cannot be read spells nothing
	if m := spelled().FindSubmatch(text); m != nil {
		dir = string(m[1])
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(file), dir)
	}
	return dir
}

// Guessed says that a state directory is only SpelledState.
func Guessed(file, dir string) string {
	return fmt.Sprintf("%s cannot be evaluated here (orac validate says why); using the state directory %s", file, dir)
}
