package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/runbook/cells"
	"orac/runbook/language"
	"orac/web/auth"
)

func (a *app) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "token", Short: "issue and inspect tokens",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.tokenIssue(), a.tokenInspect())
	return c
}

func (a *app) tokenIssue() *cobra.Command {
	var name, service string
	var length string
	c := &cobra.Command{
		Use:   "issue",
		Short: "issue a token for a user or a service account of the runbook",
		Example: `  curl -H "Authorization: Bearer $(orac token issue --user anna --for 10m)" http://localhost:7171/api/status
  orac token issue --service core`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			kind := auth.User
			if service != "" {
				kind, name = auth.Service, service
			}
			if name == "" {
				return usage("name its owner: --user NAME or --service NAME")
			}
			var life time.Duration
			if length != "" {
				var err error
				if life, err = language.ParseDuration(length); err != nil || life <= 0 || life > 30*24*time.Hour {
					return usage("--for %s: write how long, like 15m or 1d; a token is good for 30 days at most", length)
				}
			}
			g, state, err := a.openGuard()
			if err != nil {
				return err
			}
			var t auth.Token
			err = a.recorded(state, "token.issue", auth.Identity{Kind: kind, Name: name}.Subject(), func() (err error) {
				v, err := g.Vouch(kind, name)
				if err != nil {
					return fmt.Errorf("there is no %s %q in the runbook", kind, name)
				}
				t, err = g.Issue(v, life)
				return err
			})
			if err = errors.Join(err, g.Close()); err != nil {
				return failed(err)
			}
			if a.json {
				return a.printJSON(t)
			}
			fmt.Fprintln(a.out, t.Token)
			fmt.Fprintf(a.err, "It is good until %s, for %s (%s).\n", t.Expires.Format(time.DateTime), t.Identity.Subject(), t.Identity.Role)
			return nil
		},
	}
	c.Flags().StringVar(&name, "user", "", "for the user `NAME`")
	c.Flags().StringVar(&service, "service", "", "for the service account `NAME`")
	c.Flags().StringVar(&length, "for", "", "let it expire after this `TIME`, like 15m or 1d (otherwise as the runbook says)")
	c.MarkFlagsMutuallyExclusive("user", "service")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) tokenInspect() *cobra.Command {
	c := &cobra.Command{
		Use:   "inspect [TOKEN]",
		Short: "show what a token says, and whether it is good here",
		Long:  "Shows what a token says, and whether this appliance accepts it. Without TOKEN it is read from standard input. The exit code is 2 if\nit is not accepted.",
		Example: `  orac token issue --user anna | orac token inspect
  orac token issue --user anna > token.txt
  orac token inspect --json < token.txt | jq .claims.exp`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var text string
			if len(args) == 1 {
				text = args[0]
			} else {
				b, err := io.ReadAll(io.LimitReader(c.InOrStdin(), 64<<10))
				if err != nil {
					return failed(err)
				}
				text = strings.TrimSpace(string(b))
			}
			g, _, err := a.openGuard()
			if err != nil {
				return err
			}
			defer g.Close()
			in := auth.Inspect(text)
			_, err = g.Token(text)
			if in.Good = err == nil; err != nil {
				if in.Why = auth.Reason(err); in.Why == "" {
					in.Why = err.Error()
				}
			}
			if a.json {
				if err := a.printJSON(in); err != nil {
					return err
				}
			} else {
				a.showInspected(in)
			}
			if !in.Good {
				return &exit{code: exitDiffers}
			}
			return nil
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) showInspected(in auth.Inspected) {
	for _, claim := range in.Lines() {
		fmt.Fprintf(a.out, "%s %s\n", cells.Pad(screen.Clean(claim[0]), 12), screen.Clean(claim[1]))
	}
	if in.Good {
		fmt.Fprintln(a.out, a.out.Good("It is good here."))
	} else {
		fmt.Fprintf(a.out, "%s %s\n", a.out.Bad("It is not good here:"), screen.Clean(in.Why))
	}
}
