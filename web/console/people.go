package console

import (
	"net/http"
	"strconv"
	"time"

	"orac/web/api"
	"orac/web/auth"
	"orac/web/schema"
)

type peopleData struct {
	People []auth.Person
	Keys   []keyRow
	Made   *api.NewKey // shown only this once
	Done   string      // what was done
	Note   string      // anything else to know about it
	Wrong  string
}

type keyRow struct {
	auth.APIKey
	Alive bool
}

func (c *Console) people(call *api.Call) error {
	return c.showPeople(call, http.StatusOK, peopleData{})
}

func (c *Console) showPeople(call *api.Call, status int, d peopleData) (err error) {
	if d.People, err = api.OpUsers.Call(call, schema.None{}); err != nil {
		return err
	}
	keys, err := api.OpKeys.Call(call, schema.None{})
	for _, k := range keys {
		d.Keys = append(d.Keys, keyRow{k, k.Live(time.Now())})
	}
	if err != nil {
		return err
	}
	if d.Done == "" && call.R.Method == http.MethodGet {
		d.Done = d.peopleDone(call.R.URL.Query())
	}
	return c.show(call, status, "people", view{Data: d})
}

// toldPeople redirects to the page of people, which says what was done. If there is a further note about the change, it
// shows the page at once.
func (c *Console) toldPeople(call *api.Call, what, name, note string) error {
	if note == "" {
		return redirect(call, after("/people", what, name))
	}
	return c.showPeople(call, http.StatusOK, peopleData{Done: "Done.", Note: note})
}

func (c *Console) logoutUser(call *api.Call) error {
	in := api.UserInput{Name: call.R.PathValue("name"), Kind: call.R.PostFormValue("kind")}
	if _, err := api.OpLogoutUser.Call(call, in); err != nil {
		return err
	}
	return redirect(call, after("/people", "logout", in.Name))
}

// addUser adds somebody to the runbook's file, which is applied.
func (c *Console) addUser(call *api.Call) error {
	in := api.NewUserInput{Name: call.R.PostFormValue("name"), Role: call.R.PostFormValue("role"), Password: call.R.PostFormValue("password")}
	done, err := api.OpAddUser.Call(call, in)
	if err != nil {
		p := schema.ProblemOf(err)
		if p.Status >= 500 {
			return err
		}
		return c.showPeople(call, p.Status, peopleData{Wrong: sayWrong(p)})
	}
	if !done.OK {
		return c.showPeople(call, http.StatusConflict, peopleData{Wrong: "Not added: " + done.Why})
	}
	return c.toldPeople(call, "added", in.Name, done.Note)
}

// passwordData is the page on which people change their own password.
type passwordData struct {
	Wrong string
}

func (c *Console) passwordPage(call *api.Call) error {
	if err := ofThisAppliance(call); err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "password", view{Data: passwordData{}})
}

// ofThisAppliance refuses those whose password is elsewhere: somebody here may have the same name.
func ofThisAppliance(call *api.Call) error {
	if call.Who.Kind != auth.User {
		return schema.Fail(schema.Forbidden, "Your account is the issuer's. Change its password there.")
	}
	return nil
}

// changePassword changes the user's own password; it ends all logins of the user, including the
// present one.
func (c *Console) changePassword(call *api.Call) error {
	if err := ofThisAppliance(call); err != nil {
		return err
	}
	in := api.PasswordInput{Name: call.Who.Name, Current: call.R.PostFormValue("current"), Password: call.R.PostFormValue("password")}
	if _, err := api.OpChangePassword.Call(call, in); err != nil {
		p := schema.ProblemOf(err)
		if p.Status >= 500 {
			return err
		}
		return c.show(call, p.Status, "password", view{Data: passwordData{sayWrong(p)}})
	}
	return redirect(call, after("/login", "password", ""))
}

func (c *Console) createKey(call *api.Call) error {
	days, err := strconv.ParseFloat(call.R.PostFormValue("days"), 64)
	if err != nil {
		return c.showPeople(call, http.StatusBadRequest, peopleData{Wrong: "Days: write a number."})
	}
	k, err := api.OpCreateKey.Call(call, api.KeyInput{Name: call.R.PostFormValue("name"), Role: call.R.PostFormValue("role"), Days: days})
	return c.madeKey(call, k, err)
}

func (c *Console) rotateKey(call *api.Call) error {
	hours, err := strconv.ParseFloat(call.R.PostFormValue("hours"), 64)
	if err != nil {
		return c.showPeople(call, http.StatusBadRequest, peopleData{Wrong: "Hours: write a number."})
	}
	k, err := api.OpRotateKey.Call(call, api.RotateInput{ID: call.R.PathValue("id"), Hours: hours})
	return c.madeKey(call, k, err)
}

// madeKey shows a new key this once, without a redirect, so that the key is in no address and no store.
func (c *Console) madeKey(call *api.Call, k api.NewKey, err error) error {
	if err != nil {
		p := schema.ProblemOf(err)
		if p.Status >= 500 {
			return err
		}
		return c.showPeople(call, p.Status, peopleData{Wrong: sayWrong(p)})
	}
	return c.showPeople(call, http.StatusOK, peopleData{Made: &k})
}

// sayWrong returns a problem in one line.
func sayWrong(p *schema.Problem) string {
	text := p.Title + "."
	if p.Detail != "" {
		text = p.Detail
	}
	for _, e := range p.Errors {
		text += " " + e.Field + " " + e.Wrong + "."
	}
	return text
}

func (c *Console) revokeKey(call *api.Call) error {
	id := call.R.PathValue("id")
	if _, err := api.OpRevokeKey.Call(call, api.KeyID{ID: id}); err != nil {
		return err
	}
	return redirect(call, after("/people", "revoked", id))
}
