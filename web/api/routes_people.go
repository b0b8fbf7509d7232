package api

import (
	"errors"
	"fmt"
	"strings"

	"orac/web/auth"
)

type newUserInput struct {
	Name     string `json:"name" check:"required;pattern=name"`
	Role     string `json:"role" check:"required;enum=viewer|operator|admin"`
	Password string `json:"password" check:"required;min=10;max=72"`
}

func (in newUserInput) target() string { return in.Name }

// addUser keeps the hash as a secret, adds the block to the runbook's file, and applies it.
func addUser(c *Call, in newUserInput) (applied, error) {
	text, err := c.changeable()
	if err != nil {
		return applied{}, err
	}
	secret, err := c.Server.o.Guard.PreparePassword(in.Name, in.Password)
	if err != nil {
		return applied{}, err
	}
	fresh := withUser(text, in.Name, in.Role, secret)
	fresh, kept := c.declareMade(fresh)
	if err := c.leavesAdmin(fresh); err != nil {
		return applied{}, err
	}
	return c.reapply(in.Name, text, fresh, map[string]any{"user": in.Name, "role": in.Role, "declared": kept})
}

func withUser(text, name, role, secret string) string {
	return strings.TrimRight(text, "\n") + fmt.Sprintf("\n\nuser %q {\n  role          = %q\n  password_hash = secret(%q)\n}\n", name, role, secret)
}

// declareMade adds the users of the set-up to a text that declares a user: it would end them otherwise.
func (c *Call) declareMade(text string) (fresh string, names []string) {
	g := c.Server.o.Guard
	for _, p := range g.People() {
		if secret := g.SecretOf(p.Name); p.Kind == auth.User && !p.Declared && secret != "" {
			text, names = withUser(text, p.Name, string(p.Role), secret), append(names, p.Name)
		}
	}
	return text, names
}

// changeable gives the text of the runbook's file for a change of one thing by way of it. It refuses while the file says more than
// what runs: all that would be applied along, unseen. A file with problems is told of by who plans it.
func (c *Call) changeable() (string, error) {
	text, err := c.Server.readRunbook()
	if err != nil {
		return "", err
	}
	if rb, problems := c.Server.o.App.Check(text); rb == nil || problems.HasErrors() || c.Server.runsAlready(text) {
		return text, nil
	}
	return "", Fail(OutOfStep, "The runbook's file is not what runs: it was changed and not applied, or an older generation was returned to. "+
		"Apply it first, or make it what runs, on the page Runbook; then this change can be made alone.")
}

// reapply plans and applies another text of the runbook's file.
func (c *Call) reapply(target, base, fresh string, changes any) (applied, error) {
	plan, err := c.Server.plan(c, fresh)
	if err != nil {
		return applied{}, err
	}
	out, err := c.Server.apply(c, applyInput{Source: fresh, Base: hashText(base), Plan: plan.Hash})
	c.target = target
	c.after = map[string]any{"result": c.after, "changes": changes}
	return out, err
}

type passwordInput struct {
	Name     string `path:"name" check:"pattern=name"`
	Current  string `json:"current_password" check:"max=256" doc:"Of who changes the own one."`
	Password string `json:"password" check:"required;min=10;max=72"`
}

func (in passwordInput) target() string { return in.Name }

// mayChangePassword lets everybody change the own password, with the present one, and admins all.
func mayChangePassword(c *Call, in passwordInput) error {
	if own := c.Who.Kind == auth.User && c.Who.Name == in.Name; !own {
		if !c.Who.Role.Includes(auth.Admin) {
			return Fail(Forbidden, "It is not your password.")
		}
		return nil
	}
	v, err := c.Server.o.Guard.Confirm(in.Name, in.Current, c.From)
	if d, ok := errors.AsType[*auth.Denied](err); ok && d.RetryAfter == 0 {
		return because(Forbidden, errors.New(d.Reason), "The present password is another one.")
	}
	c.proof = v
	return err
}

// changePassword gives a user another password, see mayChangePassword.
func changePassword(c *Call, in passwordInput) (none, error) {
	g := c.Server.o.Guard
	u, err := c.user(in.Name)
	if err != nil {
		return none{}, err
	}
	text := ""
	if u.Declared { // the change is applied; a user of the set-up is not in the file
		if text, err = c.changeable(); err != nil {
			return none{}, err
		}
	}
	declared, err := g.SetPassword(c.proof, in.Name, in.Password)
	switch {
	case errors.Is(err, auth.ErrNoUser):
		return none{}, Fail(NotFound, "There is no such user.")
	case errors.Is(err, auth.ErrElsewhere):
		return none{}, Fail(Conflict, "The hash of the password comes from the environment or a credential: change it there.")
	case err != nil:
		return none{}, err
	case !declared:
		c.Server.Use(c.Server.o.App.Runbook())
		return none{}, nil
	}
	out, err := c.reapply(in.Name, text, text, map[string]string{"password_hash": "(secret)"})
	if err == nil && !out.OK {
		return none{}, Fail(Conflict, "The password is kept, and not in force: the appliance is not well. Apply the runbook again.")
	}
	return none{}, err
}
