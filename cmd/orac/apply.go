package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/web/control"
)

// applyTimeout is how long an apply may take by default, including the time until it is healthy.
const applyTimeout = time.Minute

func (a *app) applyCommand() *cobra.Command {
	var approved bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "apply",
		Short: "make the running appliance match the runbook: all or nothing",
		Long: `Shows the plan, asks you, and lets the running appliance do exactly that. If the runbook, a variable, a file or a secret has changed
since the plan, it refuses.

The appliance first tries everything that can fail. Then it replaces only what changes. If it is not healthy afterwards, it returns
to what ran before, and the exit code is 1. Once an apply has begun the appliance finishes it, even if you end this command.`,
		Example: `  orac apply
  orac apply --auto-approve --timeout 2m
  orac apply --auto-approve --json | jq .applied.generation`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if timeout <= 0 {
				return usage("--timeout %s: it must be more than 0s", timeout)
			}
			return a.apply(c.Context(), c.InOrStdin(), approved, timeout)
		},
	}
	c.Flags().BoolVar(&approved, "auto-approve", false, "do not ask")
	durationVar(c.Flags(), &timeout, "timeout", applyTimeout, "return to what ran before if it is not healthy after this `TIME`")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) apply(ctx context.Context, stdin io.Reader, approved bool, timeout time.Duration) error {
	if !approved && (a.json || !screen.IsTerminal(stdin)) {
		return usage("this is not a terminal, so nobody can approve: read the plan (orac plan), then use orac apply --auto-approve")
	}
	request, err := a.planRequest()
	if err != nil {
		return err
	}
	daemon := a.daemon()
	plan, err := a.settled(ctx, daemon, request, timeout)
	if err != nil {
		return err
	}
	if !a.json {
		a.out.Plan(a.asNamed(plan), false)
	}
	report := applyReport{Plan: plan}
	switch {
	case blocked(plan):
		if err := a.reportJSON(report); err != nil {
			return err
		}
		return &exit{code: exitFailed}
	case !plan.Changes:
		return a.reportJSON(report)
	}
	if !approved {
		if !a.yes(ctx, stdin, "Apply this? Type yes to go ahead:") {
			fmt.Fprintln(a.err, "Nothing was changed.")
			return &exit{code: exitFailed}
		}
	}
	applied, err := a.follow(ctx, func(progress func(string)) (status.Applied, error) {
		return daemon.Apply(ctx, status.ApplyRequest{PlanRequest: request, Hash: plan.Hash, Timeout: timeout}, progress)
	})
	if err != nil {
		return err
	}
	report.Applied = &applied
	return a.ended(applied, a.reportJSON(report))
}

// settled returns a plan. While another apply makes the same change, nobody knows whether there is anything to do: that change
// may still be rolled back. So settled waits for it to end.
func (a *app) settled(ctx context.Context, daemon *control.Client, r status.PlanRequest, timeout time.Duration) (status.Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	clock := time.NewTicker(200 * time.Millisecond)
	defer clock.Stop()
	for said := false; ; {
		plan, err := daemon.Plan(ctx, r)
		if err == nil && (plan.Changes || !plan.UnderWay) {
			return plan, nil
		}
		if err != nil && !said {
			return plan, a.refused(err)
		}
		if !said {
			fmt.Fprintln(a.err, "Another apply is making the same change, and may still be rolled back. Waiting for it to end …")
			said = true
		}
		select {
		case <-clock.C:
		case <-ctx.Done():
			return plan, failed(errors.New("another apply is still running and may be rolled back; orac status and orac generations show how it ends"))
		}
	}
}

// applyReport is what apply says in JSON.
type applyReport struct {
	Plan    status.Plan     `json:"plan"`
	Applied *status.Applied `json:"applied,omitempty"` // absent if there was nothing to apply
}

func (a *app) reportJSON(v any) error {
	if !a.json {
		return nil
	}
	return a.printJSON(v)
}

// follow shows the steps of an operation of the appliance as they happen.
func (a *app) follow(ctx context.Context, work func(progress func(string)) (status.Applied, error)) (status.Applied, error) {
	var applied status.Applied
	var err error
	steps, done := make(chan string), make(chan struct{})
	go func() {
		defer close(done)
		applied, err = work(func(step string) { steps <- step })
	}()
	clock := time.NewTicker(100 * time.Millisecond)
	defer clock.Stop()
	view := screen.NewSteps(a.err)
	for {
		select {
		case step := <-steps:
			view.Step(time.Now(), step)
		case now := <-clock.C:
			view.Tick(now)
		case <-done:
			if err != nil && ctx.Err() != nil {
				view.Still() // nobody knows how the step ended
				return applied, failed(errors.New("interrupted, but the appliance finishes it; orac status and orac generations show how it ended"))
			}
			view.End(time.Now(), err == nil && applied.OK)
			return applied, a.refused(err)
		}
	}
}

// ended says how an apply or a rollback ended.
func (a *app) ended(applied status.Applied, err error) error {
	if err != nil {
		return err
	}
	why := screen.Clean(applied.Why)
	switch {
	case applied.OK:
		if !a.json {
			fmt.Fprintf(a.out, "%s generation %d runs\n", a.out.Good("Applied:"), applied.Generation)
		}
		return nil
	case applied.RolledBack:
		a.complain(fmt.Errorf("rolled back: %s; generation %d runs as before", why, applied.Generation))
	default:
		a.complain(fmt.Errorf("not applied: %s", why))
	}
	return &exit{code: exitFailed}
}
