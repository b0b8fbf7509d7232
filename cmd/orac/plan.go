package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"orac/appliance/boot"
	"orac/appliance/status"
	"orac/models"
	"orac/runbook"
	"orac/web/control"
)

func (a *app) planCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "show what applying the runbook would change, and why",
		Long: `Compares the runbook with what runs. For each component it says what an apply would do to it, which attribute is the reason, and
how long a microphone would hear nothing. Nothing is changed. If no appliance runs, it compares with the last runbook that did.

The appliance evaluates the runbook, with its own environment and secrets.

Exit codes: 0 nothing would change, 2 something would change, 1 it cannot be applied.`,
		Example: `  orac plan
  orac plan -f kitchen.hcl --var room=kitchen
  orac plan --json | jq -r '.components[] | select(.action != "keep") | .address'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := a.plan(c.Context())
			if err != nil {
				return err
			}
			if a.json {
				if err := a.printJSON(p); err != nil {
					return err
				}
			} else {
				a.out.Plan(a.asNamed(p), all)
			}
			switch {
			case blocked(p):
				return &exit{code: exitFailed}
			case p.Changes:
				return &exit{code: exitDiffers}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "also show what stays as it is")
	return a.withJSON(a.withState(a.withFile(c)))
}

// plan asks the appliance for a plan. If no appliance runs, it compares the runbook with the last
// generation.
func (a *app) plan(ctx context.Context) (status.Plan, error) {
	request, err := a.planRequest()
	if err != nil {
		return status.Plan{}, err
	}
	daemon := a.daemon()
	p, err := daemon.Plan(ctx, request)
	if !errors.Is(err, control.ErrNoDaemon) {
		return p, a.refused(err)
	}
	o, err := a.booting(func(rb *runbook.Runbook) (models.Store, error) { return a.store(rb), nil })
	if err != nil {
		return p, err
	}
	if p, err = boot.Plan(ctx, o); err != nil {
		err = a.unusable(err)
	}
	return p, err
}

// planRequest names the runbook of the flags for a process whose current folder differs.
func (a *app) planRequest() (status.PlanRequest, error) {
	file, err := filepath.Abs(a.file)
	return status.PlanRequest{File: file, Vars: a.vars}, failed(err)
}

// asNamed returns a plan that calls the runbook what the command line calls it.
func (a *app) asNamed(p status.Plan) status.Plan {
	file, err := filepath.Abs(a.file)
	if err != nil {
		return p
	}
	if p.Runbook == file {
		p.Runbook = a.file
	}
	for _, c := range p.Components { // the plan is ours: it came over the wire or was just made
		for i := range c.Because {
			if c.Because[i].File == file {
				c.Because[i].File = a.file
			}
		}
	}
	return p
}

func blocked(p status.Plan) bool {
	for _, c := range p.Components {
		if c.Action == status.Blocked {
			return true
		}
	}
	return len(p.Problems) > 0
}
