package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
	"orac/cmd/orac/screen"
)

func (a *app) rollbackCommand() *cobra.Command {
	var write, approved bool
	c := &cobra.Command{
		Use:   "rollback [GENERATION]",
		Short: "return to an earlier runbook: the one before, or the one with this number",
		Long: `Applies a kept generation: all of it or nothing, and the appliance watches its health as after any apply.

Without --write the generation runs with the files and variables that it had, and the runbook's file stays as it is. The next
orac apply and the next start read that file again: they undo the rollback.

With --write the generation is applied with the files and variables of today, and its text is written into the runbook's file,
so that it stays. ORAC shows what changes in the file first. It asks only if the file holds changes that were never applied:
they would be lost.`,
		Example: `  orac rollback
  orac rollback 3
  orac rollback 3 --write
  orac generations`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			generation := 0
			if len(args) == 1 {
				n, err := strconv.Atoi(args[0])
				if err != nil || n < 1 {
					return usage("%s is not a generation: it must be a number from 1 (see orac generations)", args[0])
				}
				generation = n
			}
			if approved && !write {
				return usage("--auto-approve works only with --write: nothing else asks")
			}
			daemon := a.daemon()
			if write {
				return a.rollbackFile(c.Context(), daemon, generation, func(question string) bool {
					return approved || !a.json && screen.IsTerminal(c.InOrStdin()) && a.yes(c.Context(), c.InOrStdin(), question)
				})
			}
			applied, err := a.follow(c.Context(), func(progress func(string)) (status.Applied, error) {
				return daemon.Rollback(c.Context(), generation, progress)
			})
			if err != nil {
				return err
			}
			if err := a.ended(applied, a.reportJSON(applied)); err != nil || a.json {
				return err
			}
			fmt.Fprintln(a.err, "The runbook's file stays as it is: the next start reads it. To keep this generation, add --write.")
			return nil
		},
		ValidArgsFunction: a.completeGenerations,
	}
	c.Flags().BoolVar(&write, "write", false, "write the generation's text into the runbook's file, so that a start runs it, too")
	c.Flags().BoolVar(&approved, "auto-approve", false, "with --write: do not ask, even if the file holds changes that were never applied")
	return a.withJSON(a.withState(a.withFile(c)))
}

// completeGenerations offers the generations that a rollback can return to.
func (a *app) completeGenerations(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	daemon := a.daemon()
	if len(args) > 0 {
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
		Short: "list the earlier runbooks that you can return to",
		Example: `  orac generations
  orac generations --json | jq '.[] | select(.current).number'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			daemon := a.daemon()
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
