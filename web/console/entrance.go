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
	Ways              api.LoginWays
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
	return c.showLogin(call, http.StatusOK, entrance{Next: call.Next(), Done: loginDone[call.R.URL.Query().Get("done")]})
}

// showLogin writes the page on which people log in.
func (c *Console) showLogin(call *api.Call, status int, e entrance) (err error) {
	if e.Ways, err = api.OpLoginWays.Call(call, schema.None{}); err != nil {
		return err
	}
	v := view{Title: "Log in", Data: e}
	if e.Ways.Passkeys {
		v.Scripts = []string{"passkey.js"}
	}
	return c.write(call, status, "login", "plain", v)
}

// startLogin sends a browser to the issuer.
func (c *Console) startLogin(call *api.Call) error {
	to, err := api.OpBeginLogin.Call(call, api.BeginInput{Next: call.Next()})
	if err != nil {
		return c.notLoggedIn(call, err, call.Next())
	}
	return redirect(call, to.To)
}

// finishLogin is where the browser comes back to.
func (c *Console) finishLogin(call *api.Call) error {
	done, err := api.OpFinishLogin.Call(call, api.FinishInput{Answer: call.R.URL.RawQuery})
	if err != nil {
		return c.notLoggedIn(call, err, "/")
	}
	return redirect(call, done.Next)
}

// notLoggedIn shows why a login with the issuer did not succeed, above both ways to log in.
func (c *Console) notLoggedIn(call *api.Call, err error, next string) error {
	p := schema.ProblemOf(err)
	if p.Code == schema.Internal || p.Code == schema.NotAudited {
		return err
	}
	return c.showLogin(call, p.Status, entrance{Next: next, Wrong: sayWrong(p)})
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
	return c.showLogin(call, p.Status, e)
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
