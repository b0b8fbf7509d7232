package api

import (
	"time"

	"orac/web/auth"
	"orac/web/schema"
	"orac/web/trust"
)

// AuthorizeInput is what a member has sent a browser to the issuer with.
type AuthorizeInput struct {
	Request string `query:"request" json:"request" check:"required;min=1;max=4096" doc:"The query of the address /oauth/authorize, as the member wrote it (RFC 6749, 4.1.1)."`
}

// Authorization is what becomes of a member's request for a login.
type Authorization struct {
	Member  string `json:"member" doc:"Who asks."`
	Address string `json:"address" doc:"The address of its console."`
	Back    string `json:"redirect_to,omitempty" doc:"Where the browser goes now: to the member, with a code or an error."`
	Login   bool   `json:"login,omitempty" doc:"The person must log in first, or once more."`
	Request string `json:"request,omitempty" doc:"The request to go on with after that."`
}

// getAuthorization says what a member asks for. Nothing is given yet: that takes the person's own click.
func getAuthorization(c *Call, in AuthorizeInput) (Authorization, error) {
	out, _, err := c.authorization(in)
	return out, err
}

// authorize gives the member a code, in the name of the person who is logged in with this browser.
func authorize(c *Call, in AuthorizeInput) (Authorization, error) {
	out, q, err := c.authorization(in)
	if err != nil || out.Back != "" || out.Login {
		return out, err
	}
	g := c.Server.o.Guard
	code, err := g.Code(c.Who.Proof(), q)
	if err != nil {
		return Authorization{}, err
	}
	c.Became(map[string]string{"member": q.Client})
	out.Back = q.Answer(g.IssuerURL(), code)
	return out, nil
}

// authorization checks a request for a login. Only a problem with the member or with its address is an error here: it is shown to the
// person, since nobody knows whether the address is the member's. Everything else is told to the member.
func (c *Call) authorization(in AuthorizeInput) (Authorization, trust.AuthRequest, error) {
	g := c.Server.o.Guard
	issuer := g.IssuerURL()
	if issuer == "" {
		return Authorization{}, trust.AuthRequest{}, schema.Fail(schema.NotFound, "This appliance is no issuer.")
	}
	q, wrong, bad := trust.ReadAuthRequest(in.Request, time.Now())
	if bad != nil {
		return Authorization{}, q, schema.Fail(schema.InvalidInput, "%s", bad.Description)
	}
	name := schema.Clip(schema.Clean(q.Client), 64)
	c.Target(name)
	address := g.MemberURL(q.Client)
	switch {
	case address == "":
		return Authorization{}, q, schema.Fail(schema.NotFound, "People cannot log in at %q with this issuer. Its runbook needs a member block of that name, with url.", name)
	case !g.ComesBackTo(q.Client, q.Redirect):
		return Authorization{}, q, schema.Fail(schema.InvalidInput, "The console of %s is known here at another address than it was opened at. Open it at %s, or correct url in its member block.", name, address)
	}
	out := Authorization{Member: q.Client, Address: address}
	refuse := func(e *trust.AuthError) (Authorization, trust.AuthRequest, error) {
		out.Back = q.Refusal(issuer, e)
		return out, q, nil
	}
	if wrong != nil {
		return refuse(wrong)
	}
	known := c.Who.Way == auth.BySession && !c.Who.Began().Before(q.Since)
	switch {
	case !known && q.Silent:
		return refuse(&trust.AuthError{Code: "login_required", Description: "Nobody is logged in at the issuer, or not freshly enough."})
	case !known:
		out.Login, out.Request = true, q.Query()
	case c.Who.Kind != auth.User:
		return Authorization{}, q, schema.Fail(schema.Forbidden, "You are logged in here with an account of another issuer. Log out, and log in as a user of this one.")
	case q.Silent:
		return refuse(&trust.AuthError{Code: "interaction_required", Description: "The person must agree by a click."})
	}
	return out, q, nil
}
