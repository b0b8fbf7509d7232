package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/auth/secrets"
	"orac/web/enrol"
)

func (a *app) secretsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secrets",
		Short: "make, rotate and list the secrets of the state directory",
		Long: `A runbook names its secrets, as secret("NAME"), and never holds one. ORAC looks for each in the environment variable ORAC_SECRET_NAME,
then among the systemd credentials, then in the folder secrets of the state directory. These commands look after that folder. No
command prints a secret.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.secretsInit(), a.secretsGenerate(), a.secretsRotate(), a.secretsList())
	return c
}

func (a *app) secretsInit() *cobra.Command {
	c := &cobra.Command{
		Use:     "init",
		Short:   "make every secret that the runbook names and that does not exist yet",
		Long:    "Makes the key that signs tokens, and every secret that the runbook names and that does not exist yet, except password\nhashes: orac user add makes those.",
		Example: "  orac secrets init",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			state, err := a.quietState()
			if err != nil {
				return err
			}
			s, made := secrets.In(state), 0
			for _, n := range a.namedSecrets(s) {
				switch {
				case n.where != "":
				case strings.HasSuffix(n.name, auth.PasswordSecret("")):
					fmt.Fprintf(a.err, "%s is the hash of a password: make it with orac user add %s\n", n.name, strings.TrimSuffix(n.name, auth.PasswordSecret("")))
				default:
					if err := a.recorded(state, "secret.generate", n.name, func() error { return s.Generate(n.name) }); err != nil {
						return failed(err)
					}
					fmt.Fprintf(a.out, "made %s\n", n.name)
					made++
				}
			}
			if made == 0 {
				fmt.Fprintln(a.err, "There is nothing to make.")
			}
			return nil
		},
	}
	return a.withState(a.withFile(c))
}

func (a *app) secretsGenerate() *cobra.Command {
	c := &cobra.Command{
		Use:     "generate NAME...",
		Short:   "make secrets of 256 random bits",
		Example: "  orac secrets generate hey_orac",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, names []string) error {
			state, err := a.quietState()
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := a.recorded(state, "secret.generate", name, func() error { return secrets.In(state).Generate(name) }); err != nil {
					if errors.Is(err, secrets.ErrExists) {
						err = fmt.Errorf("%w; replace it with: orac secrets rotate %s", err, name)
					}
					return failed(err)
				}
				fmt.Fprintf(a.out, "made %s\n", name)
			}
			return nil
		},
	}
	return a.withState(a.withFile(c))
}

func (a *app) secretsRotate() *cobra.Command {
	var overlap time.Duration
	c := &cobra.Command{
		Use:   "rotate NAME",
		Short: "replace a secret by a new one",
		Long: `Replaces a secret by a new one. The running appliance uses a new signing key (jwt) at once, and accepts the old one during the overlap;
nobody is logged out. If somebody may have read the key, use --overlap 0s: then all earlier tokens are invalid. Other secrets take
effect at the next orac apply. The audit log keeps the date of each rotation, and orac secrets list shows the date of each secret.`,
		Example: "  orac secrets rotate jwt --overlap 24h",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if overlap < 0 || overlap > 90*24*time.Hour {
				return usage("--overlap %s: it must be from 0s to 90d", overlap)
			}
			state, err := a.quietState()
			if err != nil {
				return err
			}
			was, now, err := a.rotateSecret(state, args[0], overlap)
			if err != nil {
				return failed(err)
			}
			fmt.Fprintf(a.out, "rotated %s", args[0])
			if overlap > 0 {
				fmt.Fprintf(a.out, "; the old one is good until %s", now.Previous.Local().Format(time.DateTime))
			}
			fmt.Fprintf(a.out, "\nthe new one is from %s, the old one was from %s\n", now.Changed.Format(time.DateTime), was.Changed.Format(time.DateTime))
			return nil
		},
	}
	durationVar(c.Flags(), &overlap, "overlap", 24*time.Hour, "keep the old secret good for this `TIME`")
	return a.withState(a.withFile(c))
}

// rotateSecret describes the secret before and after, here and in the audit log.
func (a *app) rotateSecret(state, name string, overlap time.Duration) (was, now secrets.Info, err error) {
	s := secrets.In(state)
	if was, err = s.Info(name); err != nil {
		return was, now, err
	}
	r := audit.Record{Action: "secret.rotate", Target: name, Before: map[string]any{"of": was.Changed.UTC()}}
	err = a.recordedAs(state, r, func(r *audit.Record) (err error) {
		if err = s.Rotate(name, overlap); err != nil {
			return err
		}
		now, err = s.Info(name)
		after := map[string]any{"of": now.Changed.UTC()}
		if !now.Previous.IsZero() {
			after["previous_until"] = now.Previous.UTC()
		}
		r.After = after
		return err
	})
	return was, now, err
}

func (a *app) secretsList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "list secrets: their names, where they come from, what is wrong with them",
		Example: "  orac secrets list --json | jq -r '.[] | select(.from == \"\") | .name'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			state, err := a.quietState()
			if err != nil {
				return err
			}
			s := secrets.In(state)
			files, err := s.List()
			if err != nil {
				return failed(err)
			}
			named := a.namedSecrets(s)
			list := []secretLine{}
			for _, n := range named {
				line := secretLine{Name: n.name, From: n.where, Used: true}
				if i := slices.IndexFunc(files, func(i secrets.Info) bool { return i.Name == n.name }); i >= 0 {
					line.Info = files[i]
				}
				list = append(list, line)
			}
			for _, f := range files {
				if !slices.ContainsFunc(named, func(n namedSecret) bool { return n.name == f.Name }) {
					list = append(list, secretLine{Name: f.Name, From: "state directory", Info: f})
				}
			}
			if a.json {
				return a.printJSON(list)
			}
			rows := [][]string{{"NAME", "FROM", "CHANGED", ""}}
			for _, l := range list {
				rows = append(rows, l.row())
			}
			a.out.Table(rows)
			return nil
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

// secretLine is what orac secrets list shows of a secret.
type secretLine struct {
	Name string       `json:"name"`
	From string       `json:"from"` // empty: it was not found
	Used bool         `json:"used"` // by the runbook
	Info secrets.Info `json:"file,omitzero"`
}

func (l secretLine) row() []string {
	from, changed, note := l.From, "", l.Info.Problem
	if from == "" {
		from, note = "nowhere", "make it with orac secrets generate "+l.Name
		if strings.HasSuffix(l.Name, auth.PasswordSecret("")) {
			note = "make it with orac user add " + strings.TrimSuffix(l.Name, auth.PasswordSecret(""))
		}
	}
	if !l.Info.Changed.IsZero() {
		changed = l.Info.Changed.Format(time.DateTime)
	}
	if !l.Info.Previous.IsZero() {
		note = "the old one is good until " + l.Info.Previous.Local().Format(time.DateTime)
	}
	if !l.Used && note == "" {
		note = "the runbook does not name it"
	}
	return []string{screen.Clean(l.Name), from, changed, screen.Clean(note)}
}

// namedSecret is a secret that the runbook names, and where it comes from; where is empty if it was not
// found.
type namedSecret struct{ name, where string }

// namedSecrets returns the secrets that the runbook names, and those that it need not name: the key of tokens, and an issuer's.
func (a *app) namedSecrets(s *secrets.Store) (list []namedSecret) {
	add := func(name string) {
		if slices.ContainsFunc(list, func(n namedSecret) bool { return n.name == name }) || secrets.CheckName(name) != nil {
			return
		}
		list = append(list, namedSecret{name, whereIs(s, name)})
	}
	o := a.options()
	o.Secret = func(name string) (string, error) {
		add(name)
		return "", errors.New("it is only asked for its name") // only the names matter here; the diagnostics are dropped
	}
	rb, _ := runbook.Load(a.file, o)
	if !slices.ContainsFunc(list, func(n namedSecret) bool { return strings.Contains(n.name, auth.SigningSecret) }) {
		add(auth.SigningSecret)
	}
	if rb != nil && rb.Issuer.URL != "" { // an issuer makes them itself
		add(auth.IssuerSecret)
		add(enrol.SecretName)
	}
	return list
}

func whereIs(s *secrets.Store, name string) string {
	if _, ok := os.LookupEnv(language.SecretVariable(name)); ok {
		return "environment"
	}
	if dir, ok := os.LookupEnv("CREDENTIALS_DIRECTORY"); ok {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return "systemd"
		}
	}
	if _, err := s.Get(name); !errors.Is(err, secrets.ErrNone) {
		return "state directory"
	}
	return ""
}
