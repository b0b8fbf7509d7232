package api

import (
	"errors"
	"net/netip"

	"orac/web/auth"
	"orac/web/schema"
)

// ofUser refuses those who have no account here: their passkeys are where their account is.
func ofUser(c *Call) error {
	if c.Who.Kind != auth.User {
		return schema.Fail(schema.Forbidden, "Passkeys belong to users of this appliance. Yours are where your account is.")
	}
	return nil
}

func mayPasskeys[In any](c *Call, _ In) error { return ofUser(c) }

func getPasskeys(c *Call, _ schema.None) ([]auth.Passkey, error) {
	list, err := c.Server.o.Guard.Passkeys(c.Who.Name)
	return notNil(list), err
}

// PasskeyProof is the password, shown once again.
type PasskeyProof struct {
	Current string `json:"current_password" check:"required;min=1;max=256"`
}

// Question is what a browser asks a device for.
type Question struct {
	Options any `json:"options" doc:"For navigator.credentials, in the form that parseCreationOptionsFromJSON and parseRequestOptionsFromJSON read (WebAuthn, level 3)."`
}

// mayAskForPasskey lets users do so who show their password once again, as for a new password.
func mayAskForPasskey(c *Call, in PasskeyProof) error {
	if err := ofUser(c); err != nil {
		return err
	}
	v, err := c.Server.o.Guard.Confirm(c.Who.Name, in.Current, c.From)
	if d, ok := errors.AsType[*auth.Denied](err); ok && d.RetryAfter == 0 {
		return schema.Because(schema.Forbidden, errors.New(d.Reason), "The password is wrong.")
	}
	c.proof = v
	return err
}

func passkeyOptions(c *Call, _ PasskeyProof) (Question, error) {
	if c.Who.Way != auth.BySession {
		return Question{}, schema.Fail(schema.Unusable, "Passkeys are added in a browser that is logged in with a session.")
	}
	q, err := c.Server.o.Guard.BeginPasskey(c.W, c.R, c.Via, c.Who.Proof(), c.proof)
	return Question{q}, passkeyProblem(err)
}

// NewPasskey is what a device has made.
type NewPasskey struct {
	Name       string `json:"name" check:"required;pattern=label" doc:"What its owner calls it."`
	Credential string `json:"credential" check:"required;min=1;max=16384" doc:"What navigator.credentials.create has returned, as JSON in a text."`
}

func (in NewPasskey) target() string { return in.Name }

func addPasskey(c *Call, in NewPasskey) (auth.Passkey, error) {
	p, err := c.Server.o.Guard.AddPasskey(c.W, c.R, c.Via, c.Who.Proof(), in.Credential, in.Name)
	if err == nil {
		c.Became(p)
	}
	return p, passkeyProblem(err)
}

// PasskeyID names a passkey of the caller.
type PasskeyID struct {
	ID string `path:"id" check:"pattern=id"`
}

func (in PasskeyID) target() string { return in.ID }

// PasskeyName gives a passkey of the caller another name.
type PasskeyName struct {
	ID   string `path:"id" check:"pattern=id"`
	Name string `json:"name" check:"required;pattern=label" doc:"What its owner calls it."`
}

func (in PasskeyName) target() string { return in.ID }

func renamePasskey(c *Call, in PasskeyName) (schema.None, error) {
	err := c.Server.o.Guard.RenamePasskey(c.Who.Proof(), in.ID, in.Name)
	if err == nil {
		c.Became(map[string]any{"name": in.Name})
	}
	return schema.None{}, passkeyProblem(err)
}

func removePasskey(c *Call, in PasskeyID) (schema.None, error) {
	return schema.None{}, passkeyProblem(c.Server.o.Guard.RemovePasskey(c.Who.Proof(), in.ID))
}

func passkeyChallenge(c *Call, _ schema.None) (Question, error) {
	q, err := c.Server.o.Guard.BeginPasskeyLogin(c.W, c.R, c.Via)
	return Question{q}, passkeyProblem(err)
}

// PasskeyAnswer is what a device answers.
type PasskeyAnswer struct {
	Credential string `json:"credential" check:"required;min=1;max=16384" doc:"What navigator.credentials.get has returned, as JSON in a text."`
}

func (in PasskeyAnswer) entrant(g *auth.Guard, from netip.Addr) entrant {
	return known(g, auth.User, g.PasskeyOwner(in.Credential), from)
}

func passkeyLogin(c *Call, in PasskeyAnswer) (LoginOut, error) {
	c.Target(c.Server.o.Guard.PasskeyOwner(in.Credential))
	var v auth.Verified
	err := c.entrance("login.passkey", func() (err error) {
		v, err = c.Server.o.Guard.FinishPasskeyLogin(c.W, c.R, c.Via, in.Credential)
		c.Who = v.Identity()
		return err
	})
	if err != nil {
		return LoginOut{}, passkeyProblem(err)
	}
	return c.welcome("login.passkey", v, true)
}

// passkeyProblem says why a passkey cannot be used.
func passkeyProblem(err error) error {
	why, impossible := errors.AsType[auth.NoPasskeys](err)
	unfit, wrong := errors.AsType[auth.Unfit](err)
	switch {
	case wrong:
		return schema.Fail(schema.Unusable, "%s", schema.Sentence(string(unfit)))
	case impossible:
		return schema.Fail(schema.Unusable, "%s", schema.Sentence(string(why)))
	case errors.Is(err, auth.ErrNoPasskey):
		return schema.Fail(schema.NotFound, "There is no such passkey.")
	case errors.Is(err, auth.ErrTooManyPasskeys):
		return schema.Fail(schema.Unusable, "%s", schema.Sentence(err.Error()))
	}
	return err
}
