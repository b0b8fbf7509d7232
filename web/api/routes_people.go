package api

import (
	"errors"
	"fmt"
	"strings"

	"orac/appliance/core"
	"orac/web/auth"
	"orac/web/schema"
)

type NewUserInput struct {
	Name     string `json:"name" check:"required;pattern=name"`
	Role     string `json:"role" check:"required;enum=viewer|operator|admin"`
	Password string `json:"password" check:"required;min=10;max=72"`
}

func (in NewUserInput) target() string { return in.Name }

// addUser keeps the hash as a secret, adds the block to the runbook's file, and applies it.
func addUser(c *Call, in NewUserInput) (Applied, error) {
	password, err := c.Server.o.Guard.NewUser(in.Name, in.Password)
	if err != nil {
		return Applied{}, err
	}
	change := map[string]any{"user": in.Name, "role": in.Role}
	return c.edit(core.Change{Begin: password.Put, Undo: password.Undo}, change, func(text string) (string, error) {
		fresh, kept := c.declareMade(withUser(text, in.Name, in.Role, password.Secret))
		change["declared"] = kept
		return fresh, nil
	})
}

func withUser(text, name, role, secret string) string {
	return strings.TrimRight(text, "\n") + fmt.Sprintf("\n\nuser %q {\n  role          = %q\n  password_hash = secret(%q)\n}\n", name, role, secret)
}

// declareUser writes a user of the set-up into the runbook's file, with all other users of the set-up, and applies it. Users that
// are already declared stay unchanged.
func declareUser(c *Call, in UserName) (Applied, error) {
	u, err := c.user(in.Name)
	if err != nil {
		return Applied{}, err
	}
	change := map[string]any{"user": u.Name, "role": u.Role}
	return c.edit(core.Change{}, change, func(text string) (string, error) {
		fresh, names := c.declareMade(text)
		change["declared"] = names
		return fresh, nil
	})
}

// declareMade adds the users of the set-up to a text that declares a user: otherwise they would lose
// their access.
func (c *Call) declareMade(text string) (fresh string, names []string) {
	g := c.Server.o.Guard
	for _, p := range g.People() {
		if secret := g.SecretOf(p.Name); p.Kind == auth.User && !p.Declared && secret != "" {
			text, names = withUser(text, p.Name, string(p.Role), secret), append(names, p.Name)
		}
	}
	return text, names
}

type PasswordInput struct {
	Name     string `path:"name" check:"pattern=name"`
	Current  string `json:"current_password" check:"max=256" doc:"The present password, if you change your own."`
	Password string `json:"password" check:"required;min=10;max=72"`
}

func (in PasswordInput) target() string { return in.Name }

// mayChangePassword lets everybody change their own password, with the present one, and lets admins
// change all.
func mayChangePassword(c *Call, in PasswordInput) error {
	if own := c.Who.Kind == auth.User && c.Who.Name == in.Name; !own {
		if !c.Who.Role.Includes(auth.Admin) {
			return schema.Fail(schema.Forbidden, "It is not your password.")
		}
		return nil
	}
	v, err := c.Server.o.Guard.Confirm(in.Name, in.Current, c.From)
	if d, ok := errors.AsType[*auth.Denied](err); ok && d.RetryAfter == 0 {
		return schema.Because(schema.Forbidden, errors.New(d.Reason), "The present password is wrong.")
	}
	c.proof = v
	return err
}

// changePassword sets a user's password, see mayChangePassword.
func changePassword(c *Call, in PasswordInput) (schema.None, error) {
	g := c.Server.o.Guard
	password, declared, err := g.ChangePassword(c.proof, in.Name, in.Password)
	switch {
	case err != nil:
		return schema.None{}, passwordProblem(err)
	case !declared: // a user of the set-up is not in the file
		err := password.Put()
		c.Server.again()
		return schema.None{}, passwordProblem(err)
	}
	out, err := c.edit(core.Change{Begin: password.Put, Undo: password.Undo}, map[string]string{"password_hash": "(secret)"}, func(text string) (string, error) { return text, nil })
	if err == nil && !out.OK {
		return schema.None{}, schema.Fail(schema.Conflict, "Nothing was changed: the appliance was not healthy with the new password.")
	}
	return schema.None{}, passwordProblem(err)
}

// passwordProblem says why a password was not changed.
func passwordProblem(err error) error {
	switch {
	case errors.Is(err, auth.ErrNoUser):
		return schema.Fail(schema.NotFound, "There is no such user.")
	case errors.Is(err, auth.ErrElsewhere):
		return schema.Fail(schema.Conflict, "The password's hash comes from the environment or a credential: change it there.")
	}
	return err
}
