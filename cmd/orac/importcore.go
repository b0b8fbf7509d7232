package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"orac/appliance/amount"
	"orac/cmd/orac/oldcore"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/auth/secrets"
)

func (a *app) importCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "import", Short: "take over what an existing service has on its disk",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.importCore())
	return c
}

func (a *app) importCore() *cobra.Command {
	var yes, answers bool
	c := &cobra.Command{
		Use:   "core DIR",
		Short: "take over topics, backends and tokens of an existing ORAC Core",
		Long: `Reads topics.yaml, backends/*.json and stt_cache.json in the data folder of an existing ORAC Core, and shows what it would do: the blocks
that it would append to the runbook, the secrets that it would keep in the state directory, and what is left out. Then it asks, and
writes both once. Blocks and secrets that exist already are left as they are. Nothing runs differently before orac apply. No token is printed.`,
		Example: `  orac import core --yes /srv/orac-core/data
  orac import core --answers --yes /srv/orac-core/data`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.importFrom(c.Context(), c.InOrStdin(), args[0], yes, answers)
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&answers, "answers", false, "also make each learnt answer a sentence of an intent")
	return a.withState(a.withFile(c))
}

func (a *app) importFrom(ctx context.Context, stdin io.Reader, dir string, yes, answers bool) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return failed(fmt.Errorf("cannot open the folder %s: %w", screen.Clean(dir), errors.Unwrap(err)))
	}
	defer root.Close()
	data, err := oldcore.Read(root.FS())
	if err != nil {
		return failed(err)
	}
	old, here, err := a.textAndRunbook()
	if err != nil {
		return err
	}
	made := data.Blocks(oldcore.Here{Has: func(address string) bool { return hasBlock(here, address) }}, answers)
	fmt.Fprintf(a.err, "Read %s.\n", strings.Join(data.Found, ", "))
	if len(made.Blocks) == 0 {
		a.importNotes(made)
		fmt.Fprintln(a.err, "There is nothing to add.")
		return nil
	}
	text := strings.TrimRight(string(old), "\n") + "\n" + made.Text
	if err := a.judgeImport(text, made); err != nil {
		return err
	}
	fmt.Fprint(a.out, language.Diff(filepath.Base(a.file), old, []byte(text)))
	state := a.state(here)
	keep, err := newSecrets(state, made.Secrets)
	if err != nil {
		return failed(err)
	}
	for _, s := range made.Secrets {
		word := "is there already, and stays as it is"
		if keep[s.Name] {
			word = "is kept in the state directory"
		}
		fmt.Fprintf(a.err, "The secret %s %s.\n", s.Name, word)
	}
	a.importNotes(made)
	if err := a.approved(ctx, stdin, yes, "Write this? Type yes to go ahead:"); err != nil {
		return err
	}
	for _, s := range made.Secrets {
		if !keep[s.Name] {
			continue
		}
		if err := a.recorded(state, "secret.import", s.Name, func() error { return secrets.In(state).Put(s.Name, s.Value.Reveal()) }); err != nil {
			return failed(err)
		}
	}
	if err := replaceRunbook(a.file, string(old), text); err != nil {
		return failed(fmt.Errorf("%s could not be written: %w", a.file, err))
	}
	fmt.Fprintf(a.out, "%s %s and %s. See what would change: orac plan\n", a.out.Good("Written:"), amount.Count(len(made.Blocks), "block"), amount.Count(len(keep), "secret"))
	return nil
}

// importNotes says what is left out, and what a person has to do.
func (a *app) importNotes(made oldcore.Import) {
	for _, n := range made.Notes {
		fmt.Fprintf(a.err, "- %s.\n", screen.Clean(n))
	}
}

// judgeImport refuses a text that is no good runbook. The secrets need not exist yet.
func (a *app) judgeImport(text string, made oldcore.Import) error {
	o := a.options()
	o.Env = func(name string) (string, bool) {
		for _, s := range made.Secrets {
			if name == language.SecretVariable(s.Name) {
				return s.Value.Reveal(), true
			}
		}
		return os.LookupEnv(name)
	}
	_, problems := runbook.Parse([]byte(text), a.file, o)
	return a.diagnose(problems)
}

// newSecrets are those that do not exist yet.
func newSecrets(state string, list []oldcore.Secret) (map[string]bool, error) {
	keep, s := map[string]bool{}, secrets.In(state)
	for _, one := range list {
		_, err := s.Get(one.Name)
		switch {
		case errors.Is(err, secrets.ErrNone):
			keep[one.Name] = true
		case err != nil:
			return nil, err
		}
	}
	return keep, nil
}

// hasBlock tells whether a runbook has a block of the first level.
func hasBlock(rb *runbook.Runbook, address string) bool {
	for _, b := range rb.Blocks {
		if string(b.Address) == address {
			return true
		}
	}
	return false
}
