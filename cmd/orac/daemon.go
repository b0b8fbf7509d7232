package main

import (
	"errors"
	"fmt"
	"strings"

	"orac/appliance/boot"
	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/web/control"
)

// daemon is the running appliance that a command addresses, by its state directory. It does not depend on the
// runbook: it can be asked while the file is broken.
func (a *app) daemon() *control.Client {
	if a.namedState() != "" || a.missing() {
		return control.NewClient(a.state(nil))
	}
	rb, _ := runbook.Load(a.file, a.options())
	return control.NewClient(a.stateOf(rb))
}

// stateOf returns the state directory of a runbook. For a runbook with errors (nil) it returns what the text of
// the file says.
func (a *app) stateOf(rb *runbook.Runbook) string {
	if rb != nil || a.namedState() != "" {
		return a.state(rb)
	}
	dir := boot.SpelledState(a.file)
	a.notice(boot.Notice{Text: boot.Guessed(a.file, dir)})
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
