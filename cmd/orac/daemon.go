package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/web/control"
)

// daemon is the running appliance that a command addresses, by its state directory. It does not depend on the
// runbook: it can be asked while the file is broken.
func (a *app) daemon() (*control.Client, error) {
	if a.namedState() == "" {
		if _, err := os.Stat(a.file); !errors.Is(err, fs.ErrNotExist) || a.file != defaultFile {
			o, err := a.options()
			if err != nil {
				return nil, err
			}
			rb, _ := runbook.Load(a.file, o)
			return control.NewClient(a.stateOf(rb)), nil
		}
	}
	return control.NewClient(a.state(nil)), nil
}

// spelledStateDir finds the state directory in the text of a runbook that cannot be evaluated.
var spelledStateDir = regexp.MustCompile(`(?m)^\s*state_dir\s*=\s*"([^"$%\\\n]+)"`)

// stateOf returns the state directory of a runbook. For a runbook with errors (nil) it returns what the text of
// the file says.
func (a *app) stateOf(rb *runbook.Runbook) string {
	if rb != nil || a.namedState() != "" {
		return a.state(rb)
	}
	dir := a.spelledState()
	fmt.Fprintf(a.err, "%s %s cannot be evaluated here (orac validate says why); using the state directory %s\n", a.err.Warn("orac:"), screen.Clean(a.file), screen.Clean(dir))
	return dir
}

// spelledState returns the state directory as far as the text of the runbook says it.
func (a *app) spelledState() string {
	dir := "state" // the default of the language, beside the runbook
	if text, err := os.ReadFile(a.file); err == nil {
		if m := spelledStateDir.FindSubmatch(text); m != nil {
			dir = string(m[1])
		}
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(a.file), dir)
	}
	return dir
}

// refused shows why the appliance did not do what it was asked, and what to do about it.
func (a *app) refused(err error) error {
	var r *status.Refusal
	if !errors.As(err, &r) {
		return failed(err)
	}
	a.complain(errors.New(screen.Clean(r.Message)))
	for line := range strings.Lines(r.Detail) {
		fmt.Fprintf(a.err, "  %s\n", screen.Clean(strings.TrimRight(line, "\r\n")))
	}
	if r.Hint != "" {
		fmt.Fprintf(a.err, "  %s\n", screen.Clean(r.Hint))
	}
	return &exit{code: exitFailed}
}
