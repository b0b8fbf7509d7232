package api

import (
	"errors"
	"net/netip"
	"net/url"

	"orac/web/auth"
	"orac/web/schema"
)

// LoginWays are the ways to log in beside a password.
type LoginWays struct {
	Issuer   string `json:"issuer" doc:"The address of the issuer whose users may log in here; empty if this appliance trusts none."`
	Host     string `json:"host" doc:"The issuer's host."`
	Away     bool   `json:"away" doc:"The issuer has not answered lately."`
	Passkeys bool   `json:"passkeys" doc:"Whether anybody has a passkey for the name by which this appliance is asked."`
	// NoPasskeys is for people who want to add one, before they try.
	NoPasskeys string `json:"no_passkeys,omitempty" doc:"Why no passkey can be used at the address by which this appliance is asked; absent if one can."`
}

func loginWays(c *Call, _ schema.None) (w LoginWays, err error) {
	g := c.Server.o.Guard
	w.Passkeys, w.NoPasskeys = g.HasPasskeys(c.R, c.Via), g.NoPasskeys(c.R, c.Via)
	if w.Issuer, w.Away = g.IssuerAway(); w.Issuer != "" {
		var u *url.URL
		if u, err = url.Parse(w.Issuer); err == nil {
			w.Host = u.Hostname()
		}
	}
	return w, err
}

// BeginInput says where a login leads.
type BeginInput struct {
	Next string `json:"next" check:"max=1024" doc:"The page to open afterwards, a path of this host; default: the first one."`
}

// Onward is an address for the browser.
type Onward struct {
	To string `json:"redirect_to" doc:"Where the browser goes now."`
}

func beginLogin(c *Call, in BeginInput) (Onward, error) {
	to, err := c.Server.o.Guard.BeginLogin(c.W, c.R, c.Via, localPath(in.Next))
	return Onward{to}, c.comingProblem(err)
}

// FinishInput is what a browser brings from the issuer.
type FinishInput struct {
	Answer string `json:"answer" check:"required;min=1;max=4096" doc:"The query of the address /login/callback."`
}

// entrant: who comes is not known before the issuer says so.
func (in FinishInput) entrant(*auth.Guard, netip.Addr) entrant { return "" }

// FinishOut is a login with what it leads to.
type FinishOut struct {
	LoginOut
	Next string `json:"redirect_to" doc:"The page to open."`
}

func finishLogin(c *Call, in FinishInput) (out FinishOut, err error) {
	var v auth.Verified
	err = c.entrance("login", func() (err error) {
		v, out.Next, err = c.Server.o.Guard.FinishLogin(c.W, c.R, c.Via, in.Answer)
		if err == nil {
			c.Who = v.Identity()
			c.Target(c.Who.Subject())
		}
		return err
	})
	if err != nil {
		return FinishOut{}, c.comingProblem(err)
	}
	out.LoginOut, err = c.welcome("login", v, true)
	return out, err
}

// comingProblem says why nobody can log in with the issuer.
func (c *Call) comingProblem(err error) error {
	switch {
	case errors.Is(err, auth.ErrNoTrust):
		return schema.Fail(schema.NotFound, "This appliance trusts no issuer: people log in here with an account of this appliance.")
	case errors.Is(err, auth.ErrAway):
		return schema.Because(schema.Unavailable, err, "The issuer does not answer. Try again later, or log in with an account of this appliance.")
	}
	return err
}
