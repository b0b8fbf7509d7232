package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"orac/appliance/statedir"
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

// usable returns why a state directory cannot be used. A missing one is fine: it can be created.
func usable(dir string) error {
	d, err := statedir.Existing(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("state directory %w", err)
	}
	return d.Close()
}

// haveState creates the state directory if it does not exist, and returns why it cannot be used.
func haveState(dir string) error {
	d, err := statedir.Open(dir)
	if err != nil {
		return fmt.Errorf("state directory %w", err)
	}
	return d.Close()
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
	if a.namedState() != "" {
		return nil, nil
	}
	if _, err := os.Stat(a.file); err != nil && a.file == defaultFile {
		return nil, nil
	}
	return a.load()
}
