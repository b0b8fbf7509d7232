package main

import (
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/health"
)

func (a *app) healthCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "health",
		Short: "say in one line whether the appliance is well",
		Long: `For Docker, systemd and scripts. It also says who is muted: that is no failure.

Exit codes: 0 healthy or degraded; 1 unhealthy, no answer within 5 s, or no appliance runs.`,
		Example: `  orac health
  orac health --json | jq -r .status`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			daemon := a.daemon()
			report, err := daemon.Health(c.Context())
			if err != nil {
				return a.refused(err)
			}
			if a.json {
				err = a.printJSON(report)
			} else {
				a.out.Health(report, time.Now())
			}
			if err == nil && report.Level == health.Unhealthy {
				return &exit{code: exitFailed}
			}
			return err
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}
