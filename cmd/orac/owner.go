package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"orac/appliance/boot"
	"orac/appliance/statedir"
	"orac/cmd/orac/screen"
)

// openToAll lists commands that use the state directory but can do without it: they read models, or report what they miss.
var openToAll = []string{"orac validate", "orac sim", "orac chaos", "orac detect", "orac transcribe", "orac graph", "orac models", "orac init"}

// owned refuses a state directory of another user, and shows the command line that works. Otherwise the command would fail
// later, and advise the user to create what already exists. args is the command line.
func (a *app) owned(c *cobra.Command, args []string) error {
	path := c.CommandPath()
	if c.Flags().Lookup("state-dir") == nil || slices.ContainsFunc(openToAll, func(open string) bool { return path == open || strings.HasPrefix(path, open+" ") }) {
		return nil
	}
	dir := a.namedState()
	if dir == "" {
		if _, err := os.Stat(a.file); err != nil { // without a runbook the directory is the user's own
			return nil
		}
		dir = boot.SpelledState(a.file)
	}
	owner, denied := notOurs(dir)
	if !denied {
		return nil
	}
	return failed(fmt.Errorf("the state directory %s belongs to the user %s, and you are %s; run this as that user:\n  %s",
		screen.Clean(dir), owner, statedir.UserName(os.Geteuid()), a.asUser(owner, dir, args)))
}

// notOurs returns the owner of a folder that this user may not work in, or of the parent folder that hides it.
func notOurs(dir string) (owner string, denied bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrPermission) && at != "/": // the folder above tells whose it is
			denied = true
			continue
		case err != nil || !info.IsDir(): // whatever that is, the code that uses it reports it
			return "", false
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return "", false
		}
		return statedir.UserName(int(stat.Uid)), denied || errors.Is(unix.Access(at, unix.R_OK|unix.W_OK|unix.X_OK), unix.EACCES)
	}
}

// asUser returns the command line for another user. sudo does not pass variables on.
func (a *app) asUser(owner, dir string, args []string) string {
	words := []string{"sudo"}
	if owner != "root" {
		words = append(words, "-u", quote(statedir.ForSudo(owner)))
	}
	words = append(words, "orac")
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	if a.stateDir == "" && os.Getenv("ORAC_STATE_DIR") != "" {
		words = append(words, "--state-dir", quote(dir))
	}
	return strings.Join(words, " ")
}
