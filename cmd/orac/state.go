package main

import (
	"os"
	"path/filepath"

	"orac/runbook"
)

// state returns the state directory: --state-dir, else ORAC_STATE_DIR, else what the runbook says. Without a runbook it
// is the user's own.
func (a *app) state(rb *runbook.Runbook) string {
	if named := a.namedState(); named != "" {
		return named
	}
	if rb != nil {
		return rb.Appliance.StateDir
	}
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "/var/lib/orac"
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "orac")
}

// namedState returns the state directory that the person named; "" if the runbook decides.
func (a *app) namedState() string {
	if a.stateDir != "" {
		return a.stateDir
	}
	return os.Getenv("ORAC_STATE_DIR")
}

// anyRunbook returns the runbook for a command that needs it only to find its folders; nil if they are named or there
// is no runbook.
func (a *app) anyRunbook() (*runbook.Runbook, error) {
	if a.namedState() != "" || a.missing() {
		return nil, nil
	}
	return a.load()
}
