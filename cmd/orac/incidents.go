package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
)

const (
	fewIncidents  = 10
	manyIncidents = 1000 // as many as the appliance returns
)

func (a *app) incidentsCommand() *cobra.Command {
	var n int
	c := &cobra.Command{
		Use:   "incidents [ID]",
		Short: "show what went wrong, what was done about it, and how long it took",
		Long:  "Shows the last incidents, the oldest first. With an ID it shows one incident and its evidence: what ORAC knew at that moment.",
		Example: `  orac incidents
  orac incidents -n 1
  orac incidents --json | jq '.[] | [.component, .cause, .duration_ns / 1e9]'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if n < 1 || n > manyIncidents {
				return usage("-n %d: it must be from 1 to %d", n, manyIncidents)
			}
			if len(args) == 1 {
				n = manyIncidents
			}
			daemon := a.daemon()
			list, err := daemon.Incidents(c.Context(), n)
			if err != nil {
				return a.refused(err)
			}
			if len(args) == 1 {
				list = slices.DeleteFunc(list, func(i status.Incident) bool { return i.ID != args[0] })
				if len(list) == 0 {
					return failed(fmt.Errorf("there is no incident %s among the last %d (see orac incidents)", args[0], manyIncidents))
				}
			}
			switch {
			case a.json:
				return a.printJSON(list)
			case len(list) == 0:
				fmt.Fprintln(a.err, "There are no incidents.")
				return nil
			}
			a.out.Incidents(list, len(args) == 1, time.Now())
			return nil
		},
	}
	c.Flags().IntVarP(&n, "number", "n", fewIncidents, "show the last `N`")
	return a.withJSON(a.withState(a.withFile(c)))
}
