package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

const (
	fewHeard  = 10
	manyHeard = 1000 // as many as the appliance returns
)

func (a *app) historyCommand() *cobra.Command {
	var n int
	c := &cobra.Command{
		Use:   "history",
		Short: "show what was said, how it was understood, and what truly came of it",
		Long: `Shows the last recordings and commands, the oldest first: what was understood, which calls that led to, and whether they are proven.
Commands that nobody spoke here, but typed or sent, are in it too.`,
		Example: `  orac history
  orac history -n 50
  orac history --json | jq '.[] | select(.commands[].result != "done") | .text'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if n < 1 || n > manyHeard {
				return usage("-n %d: it must be from 1 to %d", n, manyHeard)
			}
			list, err := a.daemon().History(c.Context(), n)
			switch {
			case err != nil:
				return a.refused(err)
			case a.json:
				return a.printJSON(list)
			case len(list) == 0:
				fmt.Fprintln(a.err, "Nothing has been said yet.")
				return nil
			}
			a.out.Heard(list, time.Now())
			return nil
		},
	}
	c.Flags().IntVarP(&n, "number", "n", fewHeard, "show the last `N`")
	return a.withJSON(a.withState(a.withFile(c)))
}
