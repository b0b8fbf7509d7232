package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"orac/appliance/statedir"
	"orac/models"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// Where model files are. ORAC_MODELS_DIR decides. Otherwise they are in the folder "models" of the state directory if that
// exists, or in the user's own folder, which all runbooks share: $XDG_DATA_HOME/orac/models, or ~/.local/share/orac/models.
// `orac models pull` writes to the folder that it would read from. With --state-dir, ORAC_STATE_DIR or -f it writes to that
// state directory, so that a service finds the models whichever user fetched them.

// store returns the folder of a runbook's models; rb is nil without a runbook. Its errors say how to fetch
// missing models.
func (a *app) store(rb *runbook.Runbook) models.Store {
	state := filepath.Join(a.state(rb), "models")
	if dir := os.Getenv("ORAC_MODELS_DIR"); dir != "" {
		return models.Store{Dir: dir, Command: "ORAC_MODELS_DIR=" + quote(dir) + " orac models pull"}
	}
	shared, ok := sharedModels()
	if ok && !isFolder(state) && (isFolder(shared) || a.namedState() == "") {
		s := models.Store{Dir: shared}
		if a.file != defaultFile || a.namedState() != "" { // without these flags the command might mean a different folder
			s.Command = "ORAC_MODELS_DIR=" + quote(shared) + " orac models pull"
		}
		return s
	}
	return models.Store{Dir: state, Command: "orac models pull --state-dir " + quote(a.state(rb))}
}

// simStore returns the folder of the models of scenarios: in the state directory of a runbook that one of them runs, or of the
// runbook in this folder, which make run has filled; otherwise the folder that is used without a runbook. instead is the runbook
// that runs in all scenarios; "" means that each scenario has its own.
func (a *app) simStore(list []*scenario.Scenario, instead string, o language.Options) models.Store {
	if os.Getenv("ORAC_MODELS_DIR") != "" || a.namedState() != "" {
		return a.store(nil)
	}
	o.Secret, o.StandIns = standsIn, true
	var books []*runbook.Runbook
	if instead != "" {
		rb, _ := runbook.Load(instead, o) // problems are reported when it runs
		books = append(books, rb)
	} else {
		for _, sc := range list {
			rb, _, _ := sc.Runbook(o)
			books = append(books, rb)
		}
	}
	rb, _ := runbook.Load(defaultFile, o)
	for _, rb := range append(books, rb) {
		if rb != nil && isFolder(filepath.Join(a.state(rb), "models")) {
			return a.store(rb)
		}
	}
	if instead != "" {
		return a.store(books[0])
	}
	return a.store(nil)
}

// ready returns the store of a runbook that is about to run.
func (a *app) ready(rb *runbook.Runbook) (models.Store, error) {
	s := a.store(rb)
	return s, a.fit(rb, s)
}

// fit says what is wrong with a store's folder in the state directory.
func (a *app) fit(rb *runbook.Runbook, s models.Store) error {
	state := a.state(rb)
	if s.Dir != filepath.Join(state, "models") {
		return nil
	}
	d, err := statedir.Existing(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	folder, err := d.ExistingSub("models")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return folder.Close()
}

// pullStore returns the folder that models are fetched to.
func (a *app) pullStore(rb *runbook.Runbook) models.Store {
	if os.Getenv("ORAC_MODELS_DIR") == "" && (a.namedState() != "" || a.file != defaultFile) {
		return models.Store{Dir: filepath.Join(a.state(rb), "models")}
	}
	return a.store(rb)
}

// sharedModels returns the folder of models in the home directory of the user; ok is false without
// a home directory.
func sharedModels() (dir string, ok bool) {
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil || home == "/" {
			return "", false
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "orac", "models"), true
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// quote turns a path into one word of a shell's command line.
func quote(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%=", r)
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
