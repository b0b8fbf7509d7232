package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/statedir"
	"orac/cmd/orac/screen"
	"orac/runbook/language"
	"orac/web/auth"
)

func (a *app) keyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "key", Short: "create, rotate, revoke and list API keys",
		Long: "An API key lets a program in: Authorization: Bearer KEY. It is shown once, when you make it; ORAC keeps only its hash. The running\nappliance sees a change within a second.",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.keyCreate(), a.keyRotate(), a.keyRevoke(), a.keyList())
	return c
}

// withKeys opens the keys of the state directory and calls a function with them.
func (a *app) withKeys(do func(db *auth.DB, state string) error) error {
	state, err := a.quietState()
	if err != nil {
		return err
	}
	if err := statedir.Make(state); err != nil {
		return failed(err)
	}
	db, err := auth.OpenDB(state)
	if err != nil {
		return failed(err)
	}
	err = do(db, state)
	return failed(errors.Join(err, db.Close()))
}

// shownKey is a new key in the form in which it is shown.
type shownKey struct {
	auth.APIKey
	Key string `json:"key"`
}

// newKey makes a key, and shows it once.
func (a *app) newKey(action, target string, make func(*auth.DB) (auth.APIKey, string, error)) error {
	return a.withKeys(func(db *auth.DB, state string) error {
		var k auth.APIKey
		var text string
		err := a.recorded(state, action, target, func() (err error) {
			k, text, err = make(db)
			return err
		})
		switch {
		case err != nil:
			return err
		case a.json:
			return a.printJSON(shownKey{k, text})
		}
		fmt.Fprintln(a.out, text)
		fmt.Fprintf(a.err, "Key %s (%s, %s) is good until %s. Copy it now: it is shown only once.\n", k.ID, screen.Clean(k.Name), k.Role, k.Expires.Format(time.DateTime))
		return nil
	})
}

func (a *app) keyCreate() *cobra.Command {
	var role, life string
	c := &cobra.Command{
		Use:     "create NAME",
		Short:   "make a key, and show it once",
		Example: "  orac key create prometheus --role viewer --for 90d",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(auth.Roles(), auth.Role(role)) {
				return usage("--role %s: it must be viewer, operator or admin", role)
			}
			lifetime, err := language.ParseDuration(life)
			if err != nil {
				return usage("--for %s: write it like 12h or 90d", life)
			}
			return a.newKey("key.create", args[0], func(db *auth.DB) (auth.APIKey, string, error) {
				return db.CreateKey(args[0], auth.Role(role), lifetime)
			})
		},
	}
	c.Flags().StringVar(&role, "role", string(auth.Viewer), "give it this `ROLE`: viewer, operator or admin")
	c.Flags().StringVar(&life, "for", "90d", "let it expire after this `TIME`, at most 366d")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) keyRotate() *cobra.Command {
	var overlap time.Duration
	c := &cobra.Command{
		Use:     "rotate ID",
		Short:   "replace a key; the old one stays good for a while",
		Example: "  orac key rotate 1f2e3d4c5b6a --overlap 24h",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.newKey("key.rotate", args[0], func(db *auth.DB) (auth.APIKey, string, error) { return db.RotateKey(args[0], overlap) })
		},
	}
	durationVar(c.Flags(), &overlap, "overlap", 24*time.Hour, "keep the old key good for this `TIME`")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) keyRevoke() *cobra.Command {
	c := &cobra.Command{
		Use:     "revoke ID",
		Short:   "make a key invalid at once",
		Example: "  orac key revoke 1f2e3d4c5b6a",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withKeys(func(db *auth.DB, state string) error {
				err := a.recorded(state, "key.revoke", args[0], func() error { _, err := db.RevokeKey(args[0]); return err })
				if err == nil {
					fmt.Fprintf(a.out, "revoked %s\n", args[0])
				}
				return err
			})
		},
	}
	return a.withState(a.withFile(c))
}

func (a *app) keyList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "list keys, the newest first",
		Example: "  orac key list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withKeys(func(db *auth.DB, _ string) error {
				list, err := db.Keys()
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(slices.Concat([]auth.APIKey{}, list))
				}
				rows := [][]string{{"ID", "NAME", "ROLE", "GOOD UNTIL", "LAST USED", ""}}
				for _, k := range list {
					rows = append(rows, []string{k.ID, screen.Clean(k.Name), string(k.Role), k.Expires.Format(time.DateTime), dateOr(k.Used, "never"), keyNote(k)})
				}
				a.out.Table(rows)
				return nil
			})
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

func keyNote(k auth.APIKey) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked " + k.Revoked.Format(time.DateTime)
	case !k.Live(time.Now()):
		return "expired"
	case k.Replaced != "":
		return "replaced by " + k.Replaced
	}
	return ""
}

func dateOr(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.Format(time.DateTime)
}
