package main

import (
	"os"
	"path/filepath"

	"orac/models"
	"orac/runbook"
)

// state is the state directory: --state-dir, else ORAC_STATE_DIR, else what the runbook says. Without a runbook it is the
// user's own.
func (a *app) state(rb *runbook.Runbook) string {
	switch {
	case a.stateDir != "":
		return a.stateDir
	case os.Getenv("ORAC_STATE_DIR") != "":
		return os.Getenv("ORAC_STATE_DIR")
	case rb != nil:
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

// anyState is the state directory for a command that works without a runbook: it reads one only to find the directory.
func (a *app) anyState() (string, error) {
	if a.stateDir != "" || os.Getenv("ORAC_STATE_DIR") != "" {
		return a.state(nil), nil
	}
	if _, err := os.Stat(a.file); err != nil && a.file == defaultFile {
		return a.state(nil), nil
	}
	rb, err := a.load()
	if err != nil {
		return "", err
	}
	return a.state(rb), nil
}

// models is where the model files of a runbook are.
func (a *app) models(rb *runbook.Runbook) models.Store {
	return models.Store{Dir: modelsDir(a.state(rb))}
}

// modelsDir is where model files are: ORAC_MODELS_DIR, else below the state directory.
func modelsDir(state string) string {
	if dir := os.Getenv("ORAC_MODELS_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(state, "models")
}
