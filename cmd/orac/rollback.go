package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
)

func (a *app) rollbackCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rollback [GENERATION]",
		Short: "return to a generation that is kept, or to the one before",
		Long: `Applies a generation that is kept, with the inputs that it had: all of it or nothing, watched for its health as any
apply is. It does not ask. The runbook file stays as it is: what it says counts again at the next
orac apply, and at the next start. Edit it if the generation is to stay.`,
		Example: `  orac rollback
  orac rollback 3
  orac generations`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			generation := 0
			if len(args) == 1 {
				n, err := strconv.Atoi(args[0])
				if err != nil || n < 1 {
					return usage("%s is no generation: it must be a number from 1 (see orac generations)", args[0])
				}
				generation = n
			}
			daemon, err := a.daemon()
			if err != nil {
				return err
			}
			applied, err := a.follow(c.Context(), func(progress func(string)) (status.Applied, error) {
				return daemon.Rollback(c.Context(), generation, progress)
			})
			if err != nil {
				return err
			}
			return a.ended(applied, a.reportJSON(applied))
		},
		ValidArgsFunction: a.completeGenerations,
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

// completeGenerations offers the generations that can be returned to.
func (a *app) completeGenerations(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	daemon, err := a.daemon()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := daemon.Generations(c.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offers []cobra.Completion
	for _, g := range list {
		if !g.Current && g.Damaged == "" {
			offers = append(offers, cobra.CompletionWithDesc(strconv.Itoa(g.Number), g.Applied.Local().Format(time.DateTime)+" "+g.Note))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func (a *app) generationsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "generations",
		Short: "list the runbooks that were applied and are kept",
		Example: `  orac generations
  orac generations --json | jq '.[] | select(.current).number'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			daemon, err := a.daemon()
			if err != nil {
				return err
			}
			list, err := daemon.Generations(c.Context())
			switch {
			case err != nil:
				return a.refused(err)
			case a.json:
				return a.printJSON(list)
			case len(list) == 0:
				fmt.Fprintln(a.err, "No generation is kept yet.")
				return nil
			}
			a.out.Generations(list, time.Now())
			return nil
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}
