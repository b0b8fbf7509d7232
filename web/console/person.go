package console

import (
	"net/http"
	"slices"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/auth"
	"orac/web/schema"
)

// personData is the page on which an admin changes somebody's role or removes them: the page asks for confirmation.
type personData struct {
	auth.Person
	Own   bool // it is the caller
	Roles []auth.Role
	Wrong string
}

func (c *Console) person(call *api.Call) error { return c.showPerson(call, http.StatusOK, "") }

func (c *Console) showPerson(call *api.Call, status int, wrong string) error {
	list, err := api.OpUsers.Call(call, schema.None{})
	if err != nil {
		return err
	}
	name := call.R.PathValue("name")
	i := slices.IndexFunc(list, func(p auth.Person) bool { return p.Kind == auth.User && p.Name == name })
	if i < 0 {
		return schema.Fail(schema.NotFound, "There is no such user.")
	}
	d := personData{Person: list[i], Own: call.Who.Kind == auth.User && call.Who.Name == name, Roles: auth.Roles(), Wrong: wrong}
	return c.show(call, status, "person", view{Title: list[i].Name, Data: d})
}

func (c *Console) changeRole(call *api.Call) error {
	in := api.RoleInput{Name: call.R.PathValue("name"), Role: call.R.PostFormValue("role")}
	done, err := api.OpChangeRole.Call(call, in)
	return c.changed(call, "role", done, err)
}

// declareUser writes a user of the set-up into the runbook's file.
func (c *Console) declareUser(call *api.Call) error {
	done, err := api.OpDeclareUser.Call(call, api.UserName{Name: call.R.PathValue("name")})
	return c.changed(call, "declared", done, err)
}

// givePassword sets somebody else's password.
func (c *Console) givePassword(call *api.Call) error {
	in := api.PasswordInput{Name: call.R.PathValue("name"), Password: call.R.PostFormValue("password")}
	_, err := api.OpChangePassword.Call(call, in)
	return c.changed(call, "password", api.Applied{Applied: status.Applied{OK: true}}, err)
}

func (c *Console) removeUser(call *api.Call) error {
	done, err := api.OpRemoveUser.Call(call, api.UserName{Name: call.R.PathValue("name")})
	return c.changed(call, "removed", done, err)
}

// changed shows how a change of a person ended: the list of people if it was made, otherwise the page it came from. Whoever
// changes their own login has to log in again, unless the login only moves into the runbook.
func (c *Console) changed(call *api.Call, what string, done api.Applied, err error) error {
	p, name := &schema.Problem{}, call.R.PathValue("name")
	switch {
	case err == nil && done.OK && what != "declared" && call.Who.Kind == auth.User && call.Who.Name == name:
		return redirect(call, after("/login", "changed", ""))
	case err == nil && done.OK:
		return c.toldPeople(call, what, name, done.Note)
	case err == nil:
		return c.showPerson(call, http.StatusConflict, "Not changed: "+done.Why)
	}
	if p = schema.ProblemOf(err); p.Status >= 500 || p.Status == http.StatusNotFound {
		return err
	}
	return c.showPerson(call, p.Status, sayWrong(p))
}
