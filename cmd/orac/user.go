package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/auth/secrets"
)

func (a *app) userCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "user", Short: "hash passwords, and add people who may log in",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.userHash(), a.userAdd())
	return c
}

func (a *app) userHash() *cobra.Command {
	return &cobra.Command{
		Use:   "hash",
		Short: "print the bcrypt hash of a password",
		Long:  "Asks for a password, or takes the first line of standard input, and prints its bcrypt hash of cost 12.",
		Example: `  orac user hash
  pass show orac/anna | ORAC_SECRET_ANNA_PASSWORD_HASH=$(orac user hash) orac run`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			password, err := a.askPassword("", c.InOrStdin())
			if err != nil {
				return failed(err)
			}
			hash, err := auth.HashPassword("", password)
			if err != nil {
				return failed(err)
			}
			fmt.Fprintln(a.out, hash)
			return nil
		},
	}
}

func (a *app) userAdd() *cobra.Command {
	var role string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "let a person log in: keep their password, and print the lines for the runbook",
		Long: `Asks for a password, or takes the first line of standard input. It keeps the hash as the secret NAME_password_hash of the state
directory, in place of an older one, and prints the block that you put into the runbook. After orac apply the user can log in. A
changed password logs that user out everywhere, and removes the user's passkeys.`,
		Example: `  orac user add anna --role admin`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			if !auth.UserName().MatchString(name) {
				return usage("%q cannot be a user name: write a lower-case letter, then at most 62 lower-case letters, digits, _ or -", name)
			}
			if !slices.Contains(auth.Roles(), auth.Role(role)) {
				return usage("--role %s: it must be viewer, operator or admin", role)
			}
			state, err := a.quietState()
			if err != nil {
				return err
			}
			password, err := a.askPassword(name, c.InOrStdin())
			if err != nil {
				return failed(err)
			}
			hash, err := auth.HashPassword(name, password)
			if err != nil {
				return failed(err)
			}
			secret := auth.PasswordSecret(name)
			if err := a.recorded(state, "user.password", name, func() error { return secrets.In(state).Put(secret, hash) }); err != nil {
				return failed(err)
			}
			next := "Put these lines into the runbook, then: orac apply"
			if rb, _ := runbook.Load(a.file, a.options()); rb != nil && slices.ContainsFunc(rb.Users, func(u runbook.User) bool { return u.Name == name }) {
				next = "The runbook has this user already, so only: orac apply"
			}
			fmt.Fprintf(a.err, "The hash is kept as the secret %s. %s\n\n", secret, next)
			fmt.Fprintf(a.out, "user %q {\n  role          = %q\n  password_hash = secret(%q)\n}\n", name, role, secret)
			return nil
		},
	}
	c.Flags().StringVar(&role, "role", string(auth.Viewer), "give this `ROLE`: viewer, operator or admin")
	return a.withState(a.withFile(c))
}
