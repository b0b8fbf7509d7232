package api

import (
	"errors"
	"fmt"

	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
)

type SetupState struct {
	Needed bool `json:"needed"`
}

// getSetup tells whether there is no user yet. If the code on the terminal is too old, it prints a new one there.
func getSetup(c *Call, _ schema.None) (SetupState, error) {
	c.Server.announceSetup()
	return SetupState{c.Server.o.Guard.NeedsSetup()}, nil
}

type SetupInput struct {
	Code     string `json:"code" check:"required;min=1;max=20" doc:"The code on the terminal: good once, for 15 minutes."`
	Name     string `json:"name" check:"required;pattern=name"`
	Password string `json:"password" check:"required;min=10;max=72"`
	Session  bool   `json:"session" doc:"Set a session cookie instead of returning tokens, for a browser."`
}

// SetupOut is the result of a set-up: the first admin, logged in.
type SetupOut struct {
	Name   string `json:"name"`
	Secret string `json:"secret" doc:"The name of the secret that holds the hash of the password."`
	Lines  string `json:"lines" doc:"Lines to add to the runbook."`
	LoginOut
}

// setup creates the first admin, logs it in, and returns the lines to add to the runbook.
func setup(c *Call, in SetupInput) (out SetupOut, err error) {
	c.Target(schema.Clean(in.Name))
	secret, v, err := c.Server.o.Guard.MakeFirst(in.Code, in.Name, in.Password, c.From, func() error {
		if err := c.Server.o.Audit.Append(c.Record("setup", audit.Attempt, "")); err != nil {
			return schema.Because(schema.NotAudited, err, "No user was created.")
		}
		return nil
	})
	switch p := (*schema.Problem)(nil); {
	case err == nil:
		c.Who = v.Identity()
		err = c.entrance("setup", func() error { return nil })
	case errors.As(err, &p):
	case errors.Is(err, auth.ErrSetUp):
		err = schema.Fail(schema.Forbidden, "A user exists already: log in.")
	case auth.Reason(err) != "":
		denial := err
		err = c.entrance("setup", func() error { return denial })
	}
	if err != nil {
		return out, err
	}
	out = SetupOut{Name: in.Name, Secret: secret, Lines: fmt.Sprintf("user %q {\n  role          = \"admin\"\n  password_hash = secret(%q)\n}\n", in.Name, secret)}
	out.LoginOut, err = c.welcome("setup", v, in.Session)
	return out, err
}

// announceSetup prints a set-up code if there is no user yet and no code is valid.
func (s *Server) announceSetup() {
	if s.o.Say == nil || !s.o.Guard.NeedsSetup() {
		return
	}
	if code, until, fresh := s.o.Guard.SetupCode(); fresh {
		s.o.Say(fmt.Sprintf("  there is no user yet: open it and create the first admin with the code %s (good once, until %s)", code, until.Local().Format("15:04")))
		s.o.Say("  to see this again: journalctl -u orac (systemd), or docker logs CONTAINER (Docker)")
	}
}
