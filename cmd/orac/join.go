package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"orac/appliance/house"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/enrol"
)

// joining is what a person wants of orac join.
type joining struct {
	role     string
	dry, yes bool
}

func (a *app) joinCommand() *cobra.Command {
	var j joining
	c := &cobra.Command{
		Use:   "join URL [CODE]",
		Short: "join the house of another appliance, with a code that it has made",
		Long: `Makes this appliance a member of the house of an issuer: URL is its web listener, CODE what orac member add or its console shows. Without
CODE it asks for it. Nothing else has to be copied: both sides prove to each other that they know the code, which is never sent.

It shows what it would change in the runbook, asks, and has the running appliance apply it, with its health watched; if none runs, it
writes the file. Then it gets its certificate, whose private key never leaves this machine, and the issuer declares the member. What
fails on the way is taken back; if the command itself is killed, the health of the appliance says so, and the same command goes on. A
certificate is renewed by itself. Joining again with a new code replaces it.`,
		Example: `  orac join https://core.local:7171 7K2M-Q9XA-04TD-VR8C
  orac join https://core.local:7171 7K2M-Q9XA-04TD-VR8C --role admin --yes`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(auth.Roles(), auth.Role(j.role)) {
				return usage("--role %s: it must be viewer, operator or admin", j.role)
			}
			text := ""
			if len(args) == 2 {
				text = args[1]
			} else {
				var err error
				if text, err = a.err.Ask(c.Context(), c.InOrStdin(), "Code:"); err != nil {
					return failed(err)
				}
			}
			code, err := enrol.ParseCode(text)
			if err != nil {
				return usage("%w", err)
			}
			return a.join(c.Context(), c.InOrStdin(), args[0], code, j)
		},
	}
	c.Flags().StringVar(&j.role, "role", string(auth.Viewer), "let people of the issuer have at most this `ROLE` here: viewer, operator or admin")
	c.Flags().BoolVar(&j.dry, "dry-run", false, "show what would change, and change nothing; the code stays good")
	c.Flags().BoolVarP(&j.yes, "yes", "y", false, "do not ask")
	return a.withState(a.withFile(c))
}

func (a *app) join(ctx context.Context, stdin io.Reader, at string, code enrol.Code, j joining) error {
	old, here, err := a.textAndRunbook()
	if err != nil {
		return err
	}
	says, proof, err := look(ctx, at, code)
	if err != nil {
		return failed(err)
	}
	text, err := trusting(old, here, says, proof, j.role)
	if err != nil {
		return failed(err)
	}
	fmt.Fprintf(a.err, "The issuer %s calls this appliance %s.\n", screen.Clean(says.Issuer), screen.Clean(says.Member))
	if diff := language.Diff(filepath.Base(a.file), old, text); diff != "" {
		fmt.Fprint(a.out, diff)
	} else {
		fmt.Fprintln(a.err, "The runbook stays as it is.")
	}
	if j.dry {
		return nil
	}
	if err := a.approved(ctx, stdin, j.yes, "Join? Type yes to go ahead:"); err != nil {
		return err
	}
	state := a.state(here)
	return ending(a.recordedAs(state, audit.Record{Action: "house.join", Target: says.Issuer}, func(r *audit.Record) error {
		r.After = map[string]any{"member": says.Member, "role": j.role}
		attempt, interrupted, err := house.In(state).Attempt(says.Issuer)
		if err != nil {
			return err
		}
		if interrupted {
			fmt.Fprintln(a.err, "Going on with what an orac join has left that was interrupted.")
		}
		undo, err := a.bringIntoForce(ctx, string(old), string(text))
		if err != nil {
			return errors.Join(err, attempt.End())
		}
		if err := a.enrol(ctx, at, code, says, here, state); err != nil {
			if undone := undo(context.WithoutCancel(ctx)); undone != nil { // the mark stays
				return errors.Join(failed(err), undone)
			}
			return errors.Join(failed(err), attempt.End())
		}
		if err := attempt.End(); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s this appliance is the member %s of %s\n", a.out.Good("Joined:"), screen.Clean(says.Member), screen.Clean(says.Issuer))
		return nil
	}))
}

// proof is how the issuer's web listener proves itself from now on.
type proof struct {
	member      bool
	fingerprint string
}

// look asks an issuer what a code is good for.
func look(ctx context.Context, at string, code enrol.Code) (told enrol.Told, p proof, err error) {
	s, err := enrol.Join(ctx, at, code)
	if err != nil {
		return told, p, err
	}
	defer s.Close()
	if told, err = s.Look(ctx); err == nil {
		p.member, p.fingerprint = s.Proof(told, told.Issuer)
	}
	return told, p, err
}

// enrol gets the certificate and keeps it. Nothing stays if that fails.
func (a *app) enrol(ctx context.Context, at string, code enrol.Code, told enrol.Told, here *runbook.Runbook, state string) error {
	s, err := enrol.Join(ctx, at, code) // anew: a person may have taken longer than a connection lives
	if err != nil {
		return err
	}
	defer s.Close()
	fingerprint := ""
	if own, err := edge.SelfSigned(state); err == nil && here.Web.TLS.SelfSigned {
		fingerprint = enrol.Fingerprint(own)
	}
	key, err := enrol.NewKey()
	if err != nil {
		return err
	}
	b, err := s.Certificate(ctx, key, told, fingerprint)
	if err != nil {
		return err
	}
	return house.In(state).Keep(b)
}

// trusting is the text of a runbook that trusts an issuer.
func trusting(old []byte, here *runbook.Runbook, told enrol.Told, p proof, role string) ([]byte, error) {
	const block = language.Address("auth.trust")
	was := here.Auth.Trust
	switch {
	case was.On() && was.Issuer != told.Issuer:
		return nil, fmt.Errorf("this appliance belongs to the house of %s: run orac leave first", was.Issuer)
	case here.Issuer.URL != "":
		return nil, errors.New("this appliance is an issuer itself: an issuer joins no other house")
	}
	text := old
	set := func(name, value string) (err error) {
		text, err = edit.Set(text, block, name, value)
		return err
	}
	err := set("issuer", edit.Quote(told.Issuer))
	if err == nil && was.CA == "" { // a ca that somebody wrote stays
		for _, name := range []string{"member", "fingerprint"} {
			if err == nil && was.On() {
				text, err = edit.Unset(text, block, name)
			}
		}
		switch {
		case err != nil:
		case p.member:
			err = set("member", "true")
		case p.fingerprint != "":
			err = set("fingerprint", edit.Quote(p.fingerprint))
		}
	}
	if err == nil {
		err = set("audience", edit.Quote(told.Member))
	}
	if err == nil {
		err = set("role", edit.Quote(role))
	}
	if err != nil || bytes.Equal(text, old) {
		return old, err
	}
	return edit.KeepFormat(old, text), nil
}
