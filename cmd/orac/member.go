package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/web/control"
)

func (a *app) memberCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "member", Short: "let other appliances join the house of this one",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.memberAdd())
	return c
}

func (a *app) memberAdd() *cobra.Command {
	var at string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "make a code with which another appliance joins",
		Long: `Makes a one-time code, and prints the command to run on the other machine: orac join. The appliance that joins becomes the member NAME:
it gets a certificate of the house, and the runbook here gets a member block, unless it has one already. Nothing changes before that.

The appliance here must run, and its runbook needs an issuer block. A code is good once and for 15 minutes, and ends with a restart.`,
		Example: `  orac member add kitchen --url https://kitchen.local:7171`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			code, err := a.daemon().Invite(c.Context(), control.MemberRequest{Name: args[0], URL: at})
			if err != nil {
				return a.refused(err)
			}
			if a.json {
				return a.printJSON(code)
			}
			fmt.Fprintf(a.err, "Run this on the machine that becomes the member %s. The code is good once, until %s:\n\n", screen.Clean(code.Member), code.Ends.Local().Format(time.TimeOnly))
			fmt.Fprintln(a.out, code.Command)
			return nil
		},
	}
	c.Flags().StringVar(&at, "url", "", "the `ADDRESS` of its console, if it has one: its certificate is good for a server at that host")
	return a.withJSON(a.withState(a.withFile(c)))
}
