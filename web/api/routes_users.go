package api

import (
	"errors"
	"fmt"
	"slices"

	"orac/appliance/core"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/web/auth"
	"orac/web/schema"
)

type RoleInput struct {
	Name string `path:"name" check:"pattern=name"`
	Role string `json:"role" check:"required;enum=viewer|operator|admin"`
}

func (in RoleInput) target() string { return in.Name }

// changeRole changes a user's role. The user has to log in again.
func changeRole(c *Call, in RoleInput) (Applied, error) {
	u, err := c.user(in.Name)
	if err != nil {
		return Applied{}, err
	}
	c.Changed(map[string]any{"user": u.Name, "role": u.Role}, nil)
	if !u.Declared {
		err := c.Server.o.Guard.SetMadeRole(in.Name, auth.Role(in.Role))
		return c.made(err, map[string]any{"user": in.Name, "role": in.Role})
	}
	return c.edit(core.Change{}, map[string]any{"was": u.Role, "user": in.Name, "role": in.Role}, func(text string) (string, error) {
		fresh, err := edit.Set([]byte(text), runbook.Address("user."+in.Name), "role", fmt.Sprintf("%q", in.Role))
		if err != nil {
			return "", editProblem(err)
		}
		return string(fresh), nil
	})
}

type UserName struct {
	Name string `path:"name" check:"pattern=name"`
}

func (in UserName) target() string { return in.Name }

// removeUser removes a user from the runbook's file, or from the database if the set-up has made the user. Everything that was
// issued to the user ends. The password's hash is replaced with one that no password matches, so that generations which declare
// the user can still be restored without letting anybody in.
func removeUser(c *Call, in UserName) (Applied, error) {
	u, err := c.user(in.Name)
	if err != nil {
		return Applied{}, err
	}
	g := c.Server.o.Guard
	c.Changed(map[string]any{"user": u.Name, "role": u.Role}, nil)
	secret := g.SecretOf(in.Name)
	gone := map[string]any{"user": in.Name, "removed": true}
	if !u.Declared {
		out, err := c.made(g.RemoveMade(in.Name), gone)
		if err != nil {
			return out, err
		}
		return out, g.Forget(in.Name, secret)
	}
	gone["was"] = u.Role
	var failed error
	out, err := c.edit(core.Change{Kept: func(string, *status.Applied) { failed = g.Forget(in.Name, secret) }}, gone, func(text string) (string, error) {
		fresh, err := edit.Remove([]byte(text), runbook.Address("user."+in.Name))
		if err != nil {
			return "", editProblem(err)
		}
		return string(fresh), nil
	})
	return out, errors.Join(err, failed)
}

// user finds a person, not a service.
func (c *Call) user(name string) (auth.Person, error) {
	list := c.Server.o.Guard.People()
	i := slices.IndexFunc(list, func(p auth.Person) bool { return p.Kind == auth.User && p.Name == name })
	if i < 0 {
		return auth.Person{}, schema.Fail(schema.NotFound, "There is no such user.")
	}
	return list[i], nil
}

// made answers a change of a user of the set-up, which takes effect at once.
func (c *Call) made(err error, change map[string]any) (Applied, error) {
	switch {
	case errors.Is(err, auth.ErrLastAdmin):
		return Applied{}, lastAdmin()
	case errors.Is(err, auth.ErrNoUser):
		return Applied{}, schema.Fail(schema.NotFound, "There is no such user.")
	case err != nil:
		return Applied{}, err
	}
	c.Server.again()
	c.Became(change)
	return Applied{Applied: status.Applied{OK: true, Generation: c.Server.o.App.Running.Status().Generation}}, nil
}

func lastAdmin() error {
	return schema.Fail(schema.Conflict, "No admin would be left. Make somebody else an admin first.")
}

// leavesAdmin refuses a runbook without any admin, whichever route it comes from.
func (s *Server) leavesAdmin(rb *runbook.Runbook) error {
	left, err := s.o.Guard.LeavesAdmin(rb)
	if err == nil && !left {
		return lastAdmin()
	}
	return err
}
