package console

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"orac/web/api"
)

// entrance is what the pages of login and set-up show.
type entrance struct {
	Next, Name, Wrong string
	Wait              time.Duration
	First             *api.First
}

func (c *Console) loginPage(call *api.Call) error {
	switch {
	case call.Server.NeedsSetup():
		return redirect(call, "/setup")
	case call.Who.Known():
		return redirect(call, call.Next())
	}
	return c.write(call, http.StatusOK, "login", "plain", view{Title: "Log in", Data: entrance{Next: call.Next()}})
}

func (c *Console) login(call *api.Call) error {
	name := call.R.PostFormValue("username")
	err := call.LogIn(name, call.R.PostFormValue("password"))
	if err == nil {
		return redirect(call, call.Next())
	}
	p := api.AsProblem(err)
	if p.Status >= 500 {
		return err
	}
	e := entrance{Next: call.Next(), Name: name, Wrong: "Name or password is wrong.", Wait: p.RetryAfter().Round(time.Second)}
	if p.Status == http.StatusTooManyRequests {
		e.Wrong = "Too many attempts."
	}
	if e.Wait > 0 {
		call.W.Header().Set("Retry-After", fmt.Sprint(int(e.Wait/time.Second)+1))
	}
	return c.write(call, p.Status, "login", "plain", view{Title: "Log in", Data: e})
}

func (c *Console) logout(call *api.Call) error {
	if _, err := api.Invoke[api.Nothing](call, "logout", nil); err != nil {
		return err
	}
	return redirect(call, "/login")
}

func (c *Console) logoutEverywhere(call *api.Call) error {
	if _, err := api.Invoke[api.Nothing](call, "logoutEverywhere", nil); err != nil {
		return err
	}
	return redirect(call, "/login")
}

func (c *Console) setupPage(call *api.Call) error {
	if !call.Server.NeedsSetup() {
		return redirect(call, "/login")
	}
	return c.write(call, http.StatusOK, "setup", "plain", view{Title: "Set up", Data: entrance{}})
}

func (c *Console) setup(call *api.Call) error {
	name := call.R.PostFormValue("name")
	first, err := call.MakeFirst(call.R.PostFormValue("code"), name, call.R.PostFormValue("password"))
	var p *api.Problem
	if err != nil {
		if !errors.As(err, &p) {
			p = api.AsProblem(err)
		}
		if p.Status >= 500 {
			return err
		}
		wrong := p.Detail
		if p.Status == http.StatusUnauthorized || wrong == "" {
			wrong = "The code is wrong, used or older than 15 minutes."
		}
		return c.write(call, p.Status, "setup", "plain", view{Title: "Set up", Data: entrance{Name: name, Wrong: wrong, Wait: p.RetryAfter().Round(time.Second)}})
	}
	return c.write(call, http.StatusOK, "setup", "plain", view{Title: "Set up", Data: entrance{First: &first}})
}
