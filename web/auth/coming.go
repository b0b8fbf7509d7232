package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"time"

	"orac/web/trust"
)

const (
	comingName = "orac_coming"
	// comingLife is how long somebody may take at the issuer.
	comingLife = 10 * time.Minute
)

// coming is a login at the issuer that a browser has begun here. The browser keeps it.
type coming struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Issuer   string `json:"issuer"`
	Redirect string `json:"redirect"`
	Next     string `json:"next"`
}

// What may keep somebody from logging in with the issuer.
var (
	ErrNoTrust = errors.New("this appliance trusts no issuer")
	ErrAway    = errors.New("the issuer does not answer")
)

// IssuerAway returns the issuer whose people may log in here, and whether it has not answered lately; "" if there is none.
func (g *Guard) IssuerAway() (issuer string, away bool) {
	t := g.policy.Load().trusted
	if t == nil {
		return "", false
	}
	return t.issuer.URL(), t.issuer.Away()
}

// BeginLogin returns the address to which a browser goes to log in with the issuer. The browser comes back to the host that it asks now,
// with something that only this browser has. next is a path here.
func (g *Guard) BeginLogin(w http.ResponseWriter, r *http.Request, via Via, next string) (string, error) {
	t := g.policy.Load().trusted
	switch {
	case t == nil:
		return "", ErrNoTrust
	case !t.issuer.Answers():
		return "", ErrAway
	}
	scheme := "http"
	if via.Secure {
		scheme = "https"
	}
	c := coming{State: rand.Text(), Nonce: rand.Text(), Verifier: trust.NewVerifier(), Issuer: t.issuer.URL(), Redirect: scheme + "://" + r.Host + trust.CallbackPath, Next: next}
	text, err := g.seal(comingName, c, comingLife)
	if err != nil {
		return "", err
	}
	if len(text) > maxSealed {
		return "", Unfit("the address to go back to is too long")
	}
	g.setKept(w, via, comingName, text, comingLife)
	return trust.LoginURL(c.Issuer, t.audience, c.Redirect, c.State, c.Nonce, c.Verifier), nil
}

// FinishLogin proves who has logged in at the issuer, by the query with which the browser has come back, and returns where the login
// leads. It is good for a session only. What the browser kept is used up, whatever comes of it.
func (g *Guard) FinishLogin(w http.ResponseWriter, r *http.Request, via Via, query string) (v Verified, next string, err error) {
	t := g.policy.Load().trusted
	if t == nil {
		return v, "", ErrNoTrust
	}
	var c coming
	begun := g.unseal(comingName, g.kept(r, via, comingName), &c)
	g.setKept(w, via, comingName, "", 0)
	code, err := c.answered(query, begun, t.issuer.URL())
	if err != nil {
		return v, "", err
	}
	ctx, cancel := context.WithTimeout(r.Context(), trust.AskTimeout)
	defer cancel()
	lent, err := t.lender.Exchange(ctx, t.audience, c.Redirect, code, c.Verifier)
	if errors.Is(err, trust.ErrRefused) {
		return v, "", comingDenied("the issuer does not take the code", "The issuer does not take this login any more. Begin again.")
	}
	if err != nil {
		return v, "", errors.Join(ErrAway, err)
	}
	v, err = g.comes(ctx, t, lent, c.Nonce)
	if err != nil {
		_ = t.lender.Revoke(ctx, t.audience, lent.Refresh) // nobody will use it; if the issuer is away, it expires
		return Verified{}, "", err
	}
	return v, c.Next, nil
}

func comingDenied(reason, told string) error { return &Denied{Reason: "login: " + reason, Told: told} }

// answered returns the code of an answer to this browser's own request.
func (c coming) answered(query string, begun bool, issuer string) (string, error) {
	if len(query) > maxSealed {
		return "", comingDenied("the answer is too long", "The answer cannot be read. Begin again.")
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return "", comingDenied("the answer is malformed", "The answer cannot be read. Begin again.")
	}
	for _, name := range []string{"state", "iss", "code", "error"} {
		if len(q[name]) > 1 {
			return "", comingDenied("the answer has "+name+" twice", "The answer cannot be read. Begin again.")
		}
	}
	switch {
	case !begun:
		return "", comingDenied("this browser has begun none", "This browser has begun no login here in the last ten minutes. Begin again.")
	case q.Get("state") == "" || !equal(q.Get("state"), c.State):
		return "", comingDenied("the answer is to another request", "This is the answer to another login. Begin again, in one window.")
	case c.Issuer != issuer || q.Get("iss") != issuer: // RFC 9207
		return "", comingDenied("the answer is from another issuer", "The answer is not from the issuer that this appliance trusts. Begin again.")
	case q.Has("error"):
		return "", comingDenied("the issuer answers with an error", "The issuer has refused the login. Begin again, or ask who runs it.")
	case q.Get("code") == "":
		return "", comingDenied("the answer has no code", "The answer cannot be read. Begin again.")
	}
	return q.Get("code"), nil
}

// comes proves somebody by what the issuer lends: the ID token answers our own request, and the access token names the same user.
func (g *Guard) comes(ctx context.Context, t *trusted, lent trust.Lent, nonce string) (Verified, error) {
	const told = "What the issuer says does not fit. Compare the clocks of the two machines, and audience in the trust block here with the member block of the issuer."
	name, err := t.issuer.VerifyID(ctx, t.audience, lent.ID, nonce, g.now)
	if err != nil {
		return Verified{}, comingDenied("the ID token is refused: "+err.Error(), told)
	}
	who, err := g.coreIdentity(t, lent.Access)
	switch {
	case err != nil:
		return Verified{}, comingDenied("the access token is refused: "+Reason(err), told)
	case who.Kind != CoreUser || who.Name != name:
		return Verified{}, comingDenied("the access token is of somebody else", told)
	case lent.Refresh == "":
		return Verified{}, comingDenied("there is no refresh token", told)
	}
	v := who.Proof()
	v.core.lent = &lent
	return v, nil
}
