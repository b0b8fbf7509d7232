package console

import (
	"net/http"
	"net/url"

	"orac/web/api"
)

// authorizeData is the page on which somebody agrees to a login at a member.
type authorizeData struct {
	api.Authorization
	Host    string // of the member's console
	Another string // where to log in as somebody else
}

// authorizePage is where a member sends a browser. Reading it gives nothing away: a code takes a click, so no other page can log
// somebody in anywhere, or learn that they could be.
func (c *Console) authorizePage(call *api.Call) error {
	query := call.R.URL.RawQuery
	what, err := api.OpAuthorization.Call(call, api.AuthorizeInput{Request: query})
	if err != nil {
		return err
	}
	if what.Back != "" || what.Login {
		return c.goOn(call, what)
	}
	u, err := url.Parse(what.Address)
	if err != nil {
		return err
	}
	what.Request = query
	call.FormsTo(what.Address)
	return c.write(call, http.StatusOK, "authorize", "plain", view{Title: "Log in at " + what.Member, Data: authorizeData{what, u.Host, toLogin(query)}})
}

// authorize gives the member a code.
func (c *Console) authorize(call *api.Call) error {
	done, err := api.OpAuthorize.Call(call, api.AuthorizeInput{Request: call.R.PostFormValue("request")})
	if err != nil {
		return err
	}
	return c.goOn(call, done)
}

// goOn sends a browser to the member, or to a login that leads back here.
func (c *Console) goOn(call *api.Call, a api.Authorization) error {
	if a.Login {
		return redirect(call, toLogin(a.Request))
	}
	return redirect(call, a.Back)
}

// toLogin is the address of a login that leads to a request, also for somebody who is logged in.
func toLogin(request string) string {
	return "/login?again=1&next=" + url.QueryEscape("/oauth/authorize?"+request)
}
