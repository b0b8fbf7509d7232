package trust

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"orac/runbook/pattern"
)

// Lent is what an issuer gives a member for somebody who has logged in there.
type Lent struct {
	Access, Refresh string
	ID              string // only at a login
}

// Lender gives a member tokens for people. It returns within its context.
type Lender interface {
	// Exchange gives the tokens of a code that a browser has brought.
	Exchange(ctx context.Context, member, redirect, code, verifier string) (Lent, error)
	// Renew exchanges a refresh token, which is used up.
	Renew(ctx context.Context, member, refresh string) (Lent, error)
	// Revoke ends the tokens of a login.
	Revoke(ctx context.Context, member, refresh string) error
}

// ErrRefused means that the issuer has answered, and gives nothing for this code or token any more.
var ErrRefused = errors.New("the issuer refuses it")

// AskTimeout is how long an issuer may take for one question.
const AskTimeout = askTimeout

func clientAt(issuer, member, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: member, RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID},
		Endpoint: oauth2.Endpoint{AuthURL: issuer + AuthorizePath, TokenURL: issuer + TokenPath, AuthStyle: oauth2.AuthStyleInParams},
	}
}

// LoginURL is where a member sends a browser.
func LoginURL(issuer, member, redirect, state, nonce, verifier string) string {
	return clientAt(issuer, member, redirect).AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce))
}

// NewVerifier makes a verifier (RFC 7636, 4.1).
func NewVerifier() string { return oauth2.GenerateVerifier() }

// Exchange implements Lender.
func (c *Client) Exchange(ctx context.Context, member, redirect, code, verifier string) (Lent, error) {
	return lent(clientAt(c.base, member, redirect).Exchange(c.within(ctx), code, oauth2.VerifierOption(verifier)))
}

// Renew implements Lender.
func (c *Client) Renew(ctx context.Context, member, refresh string) (Lent, error) {
	return lent(clientAt(c.base, member, "").TokenSource(c.within(ctx), &oauth2.Token{RefreshToken: refresh}).Token())
}

func (c *Client) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, c.http)
}

// errorCode is what may be shown of an error that an issuer names.
var errorCode = pattern.Lazy(`^[a-z_]{1,40}$`)

func lent(t *oauth2.Token, err error) (Lent, error) {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok { // its text has the whole answer
		switch {
		case answer.ErrorCode == "invalid_grant":
			return Lent{}, ErrRefused
		case errorCode().MatchString(answer.ErrorCode):
			return Lent{}, fmt.Errorf("it answers %d %s to %s", answer.Response.StatusCode, answer.ErrorCode, TokenPath)
		}
		return Lent{}, fmt.Errorf("it answers %d to %s", answer.Response.StatusCode, TokenPath)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return Lent{}, u.Err
	}
	if err != nil {
		return Lent{}, fmt.Errorf("its answer to %s cannot be read", TokenPath)
	}
	l := Lent{Access: t.AccessToken, Refresh: t.RefreshToken}
	l.ID, _ = t.Extra("id_token").(string)
	if len(l.Access) > MaxToken || len(l.Refresh) > MaxToken || len(l.ID) > MaxToken {
		return Lent{}, fmt.Errorf("its answer to %s has a token of more than %d bytes", TokenPath, MaxToken)
	}
	return l, nil
}

// Revoke implements Lender.
func (c *Client) Revoke(ctx context.Context, member, refresh string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+RevokePath, formOf(url.Values{"client_id": {member}, "token": {refresh}, "token_type_hint": {"refresh_token"}}))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err = c.do(r)
	return err
}

// keysOf lets the library verify with the keys that a member follows.
type keysOf struct{ *Issuer }

// VerifySignature implements oidc.KeySet.
func (k keysOf) VerifySignature(ctx context.Context, text string) ([]byte, error) {
	t, _, err := jwt.NewParser().ParseUnverified(text, jwt.MapClaims{})
	if err != nil {
		return nil, err
	}
	if t.Header["typ"] != IDTokenType { // an access token, for one
		return nil, errors.New("it is no ID token")
	}
	id, _ := t.Header["kid"].(string)
	public, ok := k.Key(id)
	if !ok {
		return nil, errors.New("no such key")
	}
	return (&oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{public}}).VerifySignature(ctx, text)
}

// VerifyID returns the name of the user whom an ID token for a member names, in answer to the request with this nonce.
func (i *Issuer) VerifyID(ctx context.Context, member, text, nonce string, now func() time.Time) (string, error) {
	if text == "" || len(text) > MaxToken {
		return "", ErrForm
	}
	v := oidc.NewVerifier(i.URL(), keysOf{i}, &oidc.Config{ClientID: member, SupportedSigningAlgs: []string{oidc.EdDSA}, Now: now})
	id, err := v.Verify(ctx, text)
	switch {
	case err != nil:
		return "", err
	case len(id.Audience) != 1:
		return "", errors.New("it is for several")
	case nonce == "" || id.Nonce != nonce:
		return "", errors.New("it answers another request")
	case id.IssuedAt.After(now().Add(Leeway)):
		return "", errors.New("it is from the future")
	}
	return id.Subject, nil
}
