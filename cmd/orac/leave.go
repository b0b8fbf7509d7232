package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"orac/appliance/house"
	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/runbook/pattern"
	"orac/web/audit"
	"orac/web/control"
)

func (a *app) leaveCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "leave",
		Short: "leave the house that this appliance has joined",
		Long: `Removes the trust block from the runbook and applies it, tells the issuer that the certificate has ended, and removes it. The issuer's
member block stays until an admin removes it there. If the issuer does not answer, it is left all the same.`,
		Example: `  orac leave`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.leave(c.Context(), c.InOrStdin(), yes) },
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return a.withState(a.withFile(c))
}

// emptyAuth is an auth block that says nothing.
var emptyAuth = pattern.Lazy(`(?m)^auth \{\s*\}$`)

func (a *app) leave(ctx context.Context, stdin io.Reader, yes bool) error {
	old, here, err := a.textAndRunbook()
	if err != nil {
		return err
	}
	state, trusted := a.state(here), here.Auth.Trust
	holder := house.In(state)
	bundle, none := holder.Bundle()
	if !trusted.On() && errors.Is(none, house.ErrNone) {
		return failed(errors.New("this appliance belongs to no house"))
	}
	text := old
	if trusted.On() {
		if text, err = edit.Remove(old, "auth.trust"); err == nil && emptyAuth().Match(text) {
			text, err = edit.Remove(text, "auth") // joining made it
		}
		if err != nil {
			return failed(err)
		}
		text = edit.KeepFormat(old, text)
	}
	fmt.Fprint(a.out, language.Diff(filepath.Base(a.file), old, text))
	if err := a.approved(ctx, stdin, yes, "Leave the house? Type yes to go ahead:"); err != nil {
		return err
	}
	return ending(a.recordedAs(state, audit.Record{Action: "house.leave", Target: trusted.Issuer}, func(*audit.Record) error {
		if _, err := a.bringIntoForce(ctx, string(old), string(text)); err != nil {
			return err
		}
		if none == nil && trusted.On() {
			office, err := officeOf(trusted, holder)
			if err == nil {
				err = office.Leave(ctx, bundle)
			}
			if err != nil {
				fmt.Fprintf(a.err, "%s the issuer was not told (%s): remove the member %s there.\n", a.err.Warn("orac:"), screen.Clean(err.Error()), screen.Clean(bundle.Member().Name))
			}
		}
		if err := holder.Forget(); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s this appliance belongs to no house\n", a.out.Good("Left:"))
		return nil
	}))
}

// ending is the error of a command, some of whose errors have been shown already.
func ending(err error) error {
	if e, ok := errors.AsType[*exit](err); ok {
		return e
	}
	return failed(err)
}

// approved asks a person, unless it is said in advance that the answer is yes.
func (a *app) approved(ctx context.Context, stdin io.Reader, yes bool, question string) error {
	switch {
	case yes:
		return nil
	case !screen.IsTerminal(stdin):
		return usage("this is not a terminal, so nobody can approve: add --yes")
	case !a.yes(ctx, stdin, question):
		fmt.Fprintln(a.err, "Nothing was changed.")
		return &exit{code: exitFailed}
	}
	return nil
}

// bringIntoForce has the running appliance apply a text, and writes it into the runbook's file; without one it writes the file. undo
// takes both back.
func (a *app) bringIntoForce(ctx context.Context, was, text string) (undo func(context.Context) error, err error) {
	nothing := func(context.Context) error { return nil }
	if text == was {
		return nothing, nil
	}
	request, err := a.planRequest()
	if err != nil {
		return nil, err
	}
	daemon := a.daemon()
	plan, err := daemon.Plan(ctx, request.Text(text))
	if err == nil && plan.Changes { // else it runs already: a command was killed before it could write the file
		if now, err := daemon.Plan(ctx, request.Text(was)); err == nil && now.Changes {
			return nil, failed(fmt.Errorf("%s holds changes that were never applied: apply them first (orac apply), or undo them. Nothing was changed", a.file))
		}
	}
	switch {
	case errors.Is(err, control.ErrNoDaemon):
		_, problems := runbook.Parse([]byte(text), a.file, a.options())
		if err := a.diagnose(problems); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, a.refused(err)
	case blocked(plan):
		a.out.Plan(a.asNamed(plan), false)
		return nil, failed(errors.New("the running appliance cannot do this; nothing was changed"))
	case plan.Changes:
		done, err := a.follow(ctx, func(progress func(string)) (status.Applied, error) {
			return daemon.Apply(ctx, status.ApplyRequest{PlanRequest: request.Text(text), Hash: plan.Hash, Timeout: applyTimeout}, progress)
		})
		if err != nil {
			return nil, err
		}
		if !done.OK {
			return nil, a.ended(done, nil)
		}
	}
	if err := replaceRunbook(request.File, was, text); err != nil {
		return nil, failed(fmt.Errorf("%s could not be written: %w", a.file, err))
	}
	return func(ctx context.Context) error {
		fmt.Fprintln(a.err, "Taking the change of the runbook back.")
		_, err := a.bringIntoForce(ctx, text, was)
		return err
	}, nil
}
