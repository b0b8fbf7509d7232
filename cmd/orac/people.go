package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/term"

	"orac/appliance"
	"orac/appliance/boot"
	"orac/appliance/statedir"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
)

// quietState returns the state directory for commands that need nothing else of the runbook. The runbook may lack what they
// are about to create.
func (a *app) quietState() (string, error) {
	o := a.options()
	if _, err := os.Stat(a.file); errors.Is(err, fs.ErrNotExist) && a.file != defaultFile && a.namedState() == "" {
		return "", failed(fmt.Errorf("there is no runbook %s: name the appliance's runbook with -f, or its state directory with --state-dir", screen.Clean(a.file)))
	}
	rb, _ := runbook.Load(a.file, o)
	dir := boot.SpelledState(a.file)
	if rb != nil || a.namedState() != "" || a.missing() {
		dir = a.state(rb)
	}
	return dir, failed(statedir.Usable(dir))
}

// missing tells whether there is no runbook and the command line names none.
func (a *app) missing() bool {
	_, err := os.Stat(a.file)
	return errors.Is(err, fs.ErrNotExist) && a.file == defaultFile
}

// recorded makes a change to who may do what, and writes it to the audit log first: if it cannot be recorded, it is not made.
func (a *app) recorded(state, action, target string, do func() error) error {
	return a.recordedAs(state, audit.Record{Action: action, Target: target}, func(*audit.Record) error { return do() })
}

// recordedAs is recorded for changes with more to tell: do may add to the record of the outcome.
func (a *app) recordedAs(state string, r audit.Record, do func(*audit.Record) error) error {
	if err := statedir.Make(state); err != nil {
		return err
	}
	r.Who, r.Way = "unix:"+userName(), "command"
	ended, err := audit.In(state).Begin(&r)
	if err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	err = do(&r)
	return errors.Join(err, ended(err))
}

// userName is the user who runs the command.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}

// askPassword asks for a user's new password on a terminal, twice and hidden. If input is not a terminal it reads the first line.
func (a *app) askPassword(name string, in io.Reader) (string, error) {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		text, err := io.ReadAll(io.LimitReader(in, 4096))
		line, _, _ := strings.Cut(string(text), "\n")
		return strings.TrimSuffix(line, "\r"), err
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(a.err, prompt)
		text, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.err)
		return string(text), err
	}
	first, err := ask("Password: ")
	if err != nil {
		return "", err
	}
	if err := auth.CheckPassword(name, first); err != nil {
		return "", err
	}
	second, err := ask("Once more: ")
	if err == nil && first != second {
		err = errors.New("the two passwords differ")
	}
	return first, err
}

// openGuard opens the permissions of a state directory, by the runbook. The appliance may run meanwhile.
func (a *app) openGuard() (*auth.Guard, string, error) {
	rb, err := a.load()
	if err != nil {
		return nil, "", err
	}
	state := a.state(rb)
	key, err := appliance.HashKey(state)
	if err != nil {
		return nil, "", failed(err)
	}
	g, err := auth.Open(state, key)
	if err != nil {
		return nil, "", failed(err)
	}
	if err := g.Consult(rb); err != nil {
		return nil, "", failed(errors.Join(err, g.Close()))
	}
	return g, state, nil
}
