package api

import (
	"errors"
	"slices"
	"strings"
	"time"

	"orac/web/auth"
	"orac/web/schema"
)

// OAuthToken is the answer of the token endpoint (RFC 6749, 5.1).
type OAuthToken struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"` // Bearer
	Seconds int    `json:"expires_in"`
	Refresh string `json:"refresh_token,omitempty"`
	Scope   string `json:"scope"`
	ID      string `json:"id_token,omitempty"`
}

// maxScope is how many permissions a request may name.
const maxScope = 100

func oauthToken(c *Call) (any, error) {
	out, err := c.grant()
	c.Server.metrics.issuing.note(c.R.PostForm.Get("grant_type"), err)
	return out, err
}

func (c *Call) grant() (any, error) {
	f := c.R.PostForm
	scope := words(f, "scope")
	if len(scope) > maxScope {
		return nil, badRequest("invalid_scope", "Too many permissions.")
	}
	switch f.Get("grant_type") {
	case "client_credentials":
		return c.clientCredentials(scope)
	case "refresh_token":
		return c.refreshFor(scope)
	case "authorization_code":
		return c.exchange()
	case "":
		return nil, badRequest("invalid_request", "grant_type is missing.")
	}
	return nil, badRequest("unsupported_grant_type", "grant_type is authorization_code, client_credentials or refresh_token.")
}

// clientCredentials gives an account a token for a member. It gives a refresh token only if the scope names offline_access: the account
// has its secret.
func (c *Call) clientCredentials(scope []string) (any, error) {
	f := c.R.PostForm
	grant := auth.Grant{Audience: f.Get("audience")}
	if i := slices.Index(scope, "offline_access"); i >= 0 {
		grant.Refresh = true
		if scope = slices.Delete(scope, i, i+1); len(scope) == 0 {
			scope = nil
		}
	}
	grant.Scope = scope
	var t auth.Token
	err := c.entrance("token.client", func() error {
		client, err := c.client()
		if err != nil {
			return err
		}
		if !client.Account {
			return badRequest("unauthorized_client", "This client has no secret: it asks for people who log in, and not for itself.")
		}
		if t, err = c.Server.o.Guard.TokenFor(c.Who.Proof(), grant); errors.Is(err, auth.ErrTarget) || errors.Is(err, auth.ErrScope) {
			c.Denied("token.client", err.Error())
		}
		return err
	})
	return c.oauthAnswer(t, err)
}

func (c *Call) refreshFor(scope []string) (any, error) {
	var t auth.Token
	err := c.entrance("token.refresh", func() error {
		client, err := c.client()
		if err != nil {
			return err
		}
		if t, err = c.Server.o.Guard.RefreshFor(client, c.R.PostForm.Get("refresh_token"), scope); err == nil {
			c.Who = t.Identity
			return nil
		}
		if d, ok := errors.AsType[*auth.Denied](err); ok && d.RetryAfter == 0 {
			c.Denied("token.refresh", d.Reason)
			return badRequest("invalid_grant", "The refresh token is unknown, used, expired or revoked, or another client's.")
		}
		return err
	})
	return c.oauthAnswer(t, err)
}

// exchange gives a member the tokens of a code that a browser has brought to it.
func (c *Call) exchange() (any, error) {
	f := c.R.PostForm
	for _, name := range []string{"code", "redirect_uri", "code_verifier"} {
		if f.Get(name) == "" {
			return nil, badRequest("invalid_request", name+" is missing.")
		}
	}
	var out OAuthToken
	err := c.entrance("token.code", func() error {
		client, err := c.client()
		if err != nil {
			return err
		}
		t, id, err := c.Server.o.Guard.Exchange(client, f.Get("code"), f.Get("redirect_uri"), f.Get("code_verifier"))
		if err == nil {
			c.Who, out = t.Identity, oauthTokenOf(t)
			out.ID, out.Scope = id, "openid"
			return nil
		}
		if d, ok := errors.AsType[*auth.Denied](err); ok {
			c.Denied("token.code", d.Reason)
		} else if !errors.Is(err, auth.ErrTarget) {
			return err
		}
		return badRequest("invalid_grant", "The code is unknown, used, expired, or another request's, or the person was logged out or changed meanwhile.")
	})
	return out, err
}

func (c *Call) oauthAnswer(t auth.Token, err error) (any, error) {
	switch {
	case errors.Is(err, auth.ErrTarget):
		return nil, badRequest("invalid_target", "The account gets no tokens for that member: see members in its block.")
	case errors.Is(err, auth.ErrScope):
		return nil, badRequest("invalid_scope", "The account does not have one of these permissions: see permissions in its block.")
	case err != nil:
		return nil, err
	}
	return oauthTokenOf(t), nil
}

func oauthTokenOf(t auth.Token) OAuthToken {
	return OAuthToken{Access: t.Token, Type: t.Type, Seconds: int(time.Until(t.Expires).Round(time.Second) / time.Second), Refresh: t.Refresh, Scope: strings.Join(t.Identity.Permissions, " ")}
}

func oauthIntrospect(c *Call) (any, error) {
	token := c.R.PostForm.Get("token")
	if token == "" {
		return nil, badRequest("invalid_request", "token is missing.")
	}
	if shown := auth.Bearer(c.R); shown != "" {
		if shown != token {
			return nil, invalidClient
		}
		return c.Server.o.Guard.Introspect(token), nil
	}
	_, err := c.client()
	if d, ok := errors.AsType[*auth.Denied](err); ok && d.RetryAfter == 0 {
		c.Denied("token.introspect", d.Reason)
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(c.Who.Permissions, "tokens.introspect") {
		c.Denied("token.introspect", "without the permission tokens.introspect")
		return nil, &oauthError{"access_denied", "The account needs the permission tokens.introspect.", 403}
	}
	return c.Server.o.Guard.Introspect(token), nil
}

func oauthRevoke(c *Call) (any, error) {
	token := c.R.PostForm.Get("token")
	if token == "" {
		return nil, badRequest("invalid_request", "token is missing.")
	}
	client, err := c.client()
	if d, ok := errors.AsType[*auth.Denied](err); ok && d.RetryAfter == 0 {
		c.Denied("token.revoke", d.Reason)
	}
	if err != nil {
		return nil, err
	}
	of := c.Server.o.Guard.TokenOf(token)
	if of == "" { // not a token that lives: nothing changes
		return schema.None{}, nil
	}
	c.Target(of)
	err = c.Audited("token.revoke", func() error {
		return c.Server.o.Guard.Revoke(client, token)
	})
	if errors.Is(err, auth.ErrTarget) {
		return nil, badRequest("unauthorized_client", "The token was given to another client.")
	}
	return schema.None{}, err
}
