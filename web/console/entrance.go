package console

import (
	"fmt"
	"net/http"
	"time"

	"orac/web/api"
	"orac/web/schema"
)

// entrance is what the pages of login and set-up show.
type entrance struct {
	Next, Name, Wrong string
	Done              string // what has led here
	Wait              time.Duration
	First             *api.SetupOut
}

func (c *Console) loginPage(call *api.Call) error {
	state, err := api.OpSetupState.Call(call, schema.None{})
	switch {
	case err != nil:
		return err
	case state.Needed:
		return redirect(call, "/setup")
	case call.Who.Known() && call.R.URL.Query().Get("again") == "":
		return redirect(call, call.Next())
	}
	return c.write(call, http.StatusOK, "login", "plain", view{Title: "Log in", Data: entrance{Next: call.Next(), Done: loginDone[call.R.URL.Query().Get("done")]}})
}

func (c *Console) login(call *api.Call) error {
	name := call.R.PostFormValue("username")
	_, err := api.OpLogin.Call(call, api.LoginInput{Username: name, Password: call.R.PostFormValue("password"), Session: true})
	if err == nil {
		return redirect(call, call.Next())
	}
	p := schema.ProblemOf(err)
	if p.Status >= 500 {
		return err
	}
	e := entrance{Next: call.Next(), Name: name, Wrong: "The name or the password is wrong.", Wait: p.RetryAfter().Round(time.Second)}
	if p.Status == http.StatusTooManyRequests {
		e.Wrong = "Too many attempts."
	}
	if e.Wait > 0 {
		call.W.Header().Set("Retry-After", fmt.Sprint(int(e.Wait/time.Second)+1))
	}
	return c.write(call, p.Status, "login", "plain", view{Title: "Log in", Data: e})
}

func (c *Console) logout(call *api.Call) error {
	if _, err := api.OpLogout.Call(call, schema.None{}); err != nil {
		return err
	}
	return redirect(call, after("/login", "logout", ""))
}

func (c *Console) logoutEverywhere(call *api.Call) error {
	if _, err := api.OpLogoutEverywhere.Call(call, schema.None{}); err != nil {
		return err
	}
	return redirect(call, after("/login", "everywhere", ""))
}

func (c *Console) setupPage(call *api.Call) error {
	state, err := api.OpSetupState.Call(call, schema.None{}) // this also prints a new code if the one on the terminal is too old
	if err != nil {
		return err
	}
	if !state.Needed {
		return redirect(call, "/login")
	}
	return c.write(call, http.StatusOK, "setup", "plain", view{Title: "Set up", Data: entrance{}})
}

func (c *Console) setup(call *api.Call) error {
	name := call.R.PostFormValue("name")
	first, err := api.OpSetup.Call(call, api.SetupInput{Code: call.R.PostFormValue("code"), Name: name, Password: call.R.PostFormValue("password"), Session: true})
	if err == nil {
		return c.write(call, http.StatusOK, "setup", "plain", view{Title: "Set up", Data: entrance{First: &first}})
	}
	p := schema.ProblemOf(err)
	if p.Status >= 500 {
		return err
	}
	e := entrance{Name: name, Wrong: sayWrong(p), Wait: p.RetryAfter().Round(time.Second)}
	if p.Status == http.StatusUnauthorized {
		e.Wrong = "The code is wrong, already used, or older than 15 minutes."
	}
	return c.write(call, p.Status, "setup", "plain", view{Title: "Set up", Data: e})
}
