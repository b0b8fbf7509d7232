package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook"
	"orac/web/trust"
)

// issuerPolicy is what the runbook says about tokens for members. The zero value issues none.
type issuerPolicy struct {
	url     string            // the issuer's name in tokens
	self    string            // the audience of tokens for this appliance itself
	members map[string]string // addresses of consoles, by audience; "" without one
	rotate  time.Duration
	life    time.Duration // of the token that lives longest
}

func issuingOf(rb *runbook.Runbook) issuerPolicy {
	if rb.Issuer.URL == "" {
		return issuerPolicy{}
	}
	i := issuerPolicy{url: rb.Issuer.URL, self: rb.Appliance.Name, members: map[string]string{}, rotate: rb.Issuer.Rotate, life: min(trust.MaxLife, max(rb.Auth.TokenLifetime, rb.Auth.ServiceLifetime))}
	for _, m := range rb.Members {
		i.members[m.Name] = m.URL
	}
	return i
}

// Grant is what a token for a member is asked for.
type Grant struct {
	Audience string   // the member; "" for the issuer itself
	Scope    []string // permissions; nil: all that the account has, and its role
	Refresh  bool     // with a refresh token

	by string // see trust.Claims; only CentreToken sets it
}

// Client is a program that asks an issuer for tokens: an account, which has proven that it knows its secret, or a member, which has none
// and asks for people who log in there. One of the same name is another.
type Client struct {
	Name    string
	Account bool
}

// clientOf is who gets tokens of somebody for an audience.
func clientOf(kind Kind, name, audience string) Client {
	if kind == Service {
		return Client{name, true}
	}
	return Client{audience, false}
}

// What may be wrong with a Grant of somebody who is proven.
var (
	ErrTarget = errors.New("no tokens of this account for that member")
	ErrScope  = errors.New("the account does not have that permission")
)

// may tells whether somebody may have tokens for an audience with these permissions.
func (i issuerPolicy) may(who user, audience string, scope []string) error {
	ok := audience == i.self
	if who.kind == Service {
		ok = ok || slices.Contains(who.members, audience)
	} else if !ok { // people log in where there is a console
		ok = i.members[audience] != ""
	}
	if !ok {
		return ErrTarget
	}
	for _, p := range scope {
		if !slices.Contains(who.permissions, p) {
			return ErrScope
		}
	}
	return nil
}

// signer returns what signs a token for this appliance, or for what grant says.
func (g *Guard) signer(p *policy, grant *Grant) (func(who user, epoch, family string, now time.Time, lifetime time.Duration) (Token, error), error) {
	if grant == nil {
		keys, err := g.keys.good()
		if err != nil {
			return nil, err
		}
		return func(who user, epoch, family string, now time.Time, lifetime time.Duration) (Token, error) {
			return p.sign(keys[0], who, epoch, family, now, lifetime)
		}, nil
	}
	keys, err := g.issuers.good()
	if err != nil {
		return nil, err
	}
	return func(who user, epoch, family string, now time.Time, lifetime time.Duration) (Token, error) {
		if err := p.issuing.may(who, grant.Audience, grant.Scope); err != nil {
			return Token{}, err
		}
		return p.issuing.sign(keys[0], *grant, who, g.stateOf(epoch, who.print), family, now, lifetime)
	}, nil
}

// sign makes a token for a member.
func (i issuerPolicy) sign(key issuerKey, grant Grant, who user, state, family string, now time.Time, lifetime time.Duration) (Token, error) {
	c := trust.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: who.name, Issuer: i.url, Audience: jwt.ClaimStrings{grant.Audience}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		Client: clientOf(who.kind, who.name, grant.Audience).Name, Kind: string(who.kind), Role: string(who.role), Scope: strings.Join(who.permissions, " "), Login: family, State: state, By: grant.by,
	}
	if grant.Scope != nil { // who names permissions gets these and nothing else
		c.Role, c.Scope = "", strings.Join(grant.Scope, " ")
	}
	text, err := trust.Sign(key.ID, key.private, c)
	if err != nil {
		return Token{}, err
	}
	return Token{
		Token: text, Type: "Bearer", Expires: c.ExpiresAt.Time,
		Identity: Identity{Kind: who.kind, Name: who.name, Role: Role(c.Role), Permissions: c.Permissions(), Way: ByToken, Expires: c.ExpiresAt.Time, ID: c.ID, Family: family},
	}, nil
}

// stateOf is what a token carries of its owner's state, so that this issuer sees when it has changed. It says nothing to others.
func (g *Guard) stateOf(epoch, print string) string {
	h := hmac.New(sha256.New, g.hashKey)
	h.Write([]byte("orac member token 1\x00" + epoch + "\x00" + print))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// lifetimeFor is how long a token for a member lives.
func (p *policy) lifetimeFor(kind Kind) time.Duration {
	if kind == Service {
		return min(p.serviceLifetime, trust.MaxLife)
	}
	return min(p.tokenLifetime, trust.MaxLife)
}

// TokenFor issues a token for a member in the name of a proof. Who the token is for may be ErrTarget, and what it permits ErrScope.
func (g *Guard) TokenFor(v Verified, grant Grant) (Token, error) {
	p := g.policy.Load()
	if p.issuing.url == "" {
		return Token{}, errNoIssuer
	}
	if grant.Audience == "" {
		grant.Audience = p.issuing.self
	}
	return g.issueFor(v, p.lifetimeFor(v.kind), grant.Refresh, &grant)
}

// account proves a service account by its secret.
func (g *Guard) account(name, secret string, from netip.Addr) (Verified, error) {
	p, name := g.policy.Load(), clipName(name)
	a, known := p.accounts[name]
	if wait := g.throttle.begin(Service, name, from); wait > 0 {
		return Verified{}, &Denied{Reason: "service token: too many attempts", RetryAfter: wait}
	}
	v, err := g.proofOf(a)
	if err != nil {
		return Verified{}, err
	}
	if same := equal(secret, a.secret.Reveal()); !known || !same || !a.secret.IsSet() {
		return Verified{}, denied("service token: wrong account or secret")
	}
	g.gotIn(v, from)
	return v, nil
}

// RefreshFor exchanges a refresh token of a member, which is used up, for a new pair with the same audience. scope may only be narrower
// than before; nil means as before.
func (g *Guard) RefreshFor(client Client, token string, scope []string) (Token, error) {
	v, r, err := g.refreshable(token)
	if err != nil {
		return Token{}, err
	}
	if r.audience == "" {
		return Token{}, deniedOf(r.subject, "refresh: it is for this appliance alone")
	}
	was := strings.Fields(r.scope)
	if client != clientOf(v.kind, v.name, r.audience) {
		return Token{}, deniedOf(r.subject, "refresh: it was given to another client")
	}
	if scope == nil && r.scope != "" {
		scope = was
	}
	for _, p := range scope {
		if r.scope != "" && !slices.Contains(was, p) {
			return Token{}, ErrScope
		}
	}
	t, err := g.TokenFor(v, Grant{Audience: r.audience, Scope: scope, Refresh: true})
	if errors.Is(err, errReused) {
		return Token{}, g.reused(r)
	}
	return t, err
}

// Introspection is what an issuer says about a token (RFC 7662). It says nothing about one that is not active.
type Introspection struct {
	Active   bool   `json:"active"`
	Scope    string `json:"scope,omitempty"`
	Client   string `json:"client_id,omitempty"`
	Username string `json:"username,omitempty"`
	Type     string `json:"token_type,omitempty"`
	Expires  int64  `json:"exp,omitempty"` // seconds since 1970 UTC
	Issued   int64  `json:"iat,omitempty"`
	Subject  string `json:"sub,omitempty"`
	Audience string `json:"aud,omitempty"`
	Issuer   string `json:"iss,omitempty"`
	ID       string `json:"jti,omitempty"`
	Role     string `json:"role,omitempty"`
}

// Introspect tells about a token that this issuer has signed, for whatever member.
func (g *Guard) Introspect(text string) Introspection {
	c, _, _, err := g.own(g.policy.Load(), text, "")
	if err != nil {
		return Introspection{}
	}
	return Introspection{
		Active: true, Scope: c.Scope, Client: c.Client, Username: c.Subject, Type: "Bearer", Expires: c.ExpiresAt.Unix(), Issued: c.IssuedAt.Unix(),
		Subject: c.Subject, Audience: c.Audience[0], Issuer: c.Issuer, ID: c.ID, Role: c.Role,
	}
}

// own returns the claims of a token that this issuer has signed and that lives, with its owner now and the epoch. audience "" means
// any.
func (g *Guard) own(p *policy, text, audience string) (c trust.Claims, who user, epoch string, err error) {
	keys, err := g.issuers.good()
	if err != nil {
		return c, who, "", err
	}
	find := func(id string) (ed25519.PublicKey, bool) {
		i := slices.IndexFunc(keys, func(k issuerKey) bool { return k.ID == id })
		if i < 0 {
			return nil, false
		}
		return keys[i].Public, true
	}
	if c, err = (trust.Rules{Issuer: p.issuing.url, Audience: audience, Key: find, Now: g.now}).Verify(text); err != nil {
		return c, who, "", denied("token: " + tokenReason(err))
	}
	who, ok := p.find(Kind(c.Kind), c.Subject)
	of := Identity{Kind: Kind(c.Kind), Name: c.Subject}.Subject() // the signature is good
	if !ok {
		return c, who, "", deniedOf(of, "token: its user was removed")
	}
	epoch, err = g.DB.epoch(who.subject())
	switch {
	case err != nil || epoch == "" || !equal(c.State, g.stateOf(epoch, who.print)):
		return c, who, "", deniedOf(of, "token: changed or logged out everywhere since")
	case !g.DB.lives(c.Login):
		return c, who, "", deniedOf(of, "token: revoked")
	case p.issuing.may(who, c.Audience[0], nil) != nil:
		return c, who, "", deniedOf(of, "token: no longer for that member")
	}
	return c, who, epoch, nil
}

// ownIdentity returns the identity behind a token of this issuer for itself.
func (g *Guard) ownIdentity(p *policy, text string) (Identity, error) {
	c, who, epoch, err := g.own(p, text, p.issuing.self)
	if err != nil {
		return Identity{}, err
	}
	role := lower(Role(c.Role), who.role)
	return Identity{
		Kind: who.kind, Name: who.name, Role: role, Permissions: both(c.Permissions(), who.permissions), Way: ByToken, Expires: c.ExpiresAt.Time, ID: c.ID, Family: c.Login,
		proof: Verified{kind: who.kind, name: who.name, role: role, print: who.print, epoch: epoch, family: c.Login},
	}, nil
}

// Revoke ends the login of an access token or a refresh token that this issuer has given to a client (RFC 7009): the tokens of a
// person's login at a member, or one token of an account with what came of it. A token that is unknown, or ended already, is no error;
// one of another client is ErrTarget.
func (g *Guard) Revoke(client Client, text string) error {
	family, _, owner := g.given(text)
	switch {
	case family == "":
		return nil
	case owner != client:
		return ErrTarget
	}
	return g.DB.endFamily(family)
}

// TokenOf returns the owner of a token that this issuer has given to a client and that lives, in the form of Identity.Subject; "" for
// none.
func (g *Guard) TokenOf(text string) string {
	_, subject, _ := g.given(text)
	return subject
}

// given returns the login that a token continues, whose it is, and the client that it was given to; nothing if it does not live.
func (g *Guard) given(text string) (family, subject string, owner Client) {
	if len(text) > maxToken {
		return "", "", Client{}
	}
	if r, err := g.DB.findRefresh(digest(text)); err == nil {
		if r.audience == "" || !g.DB.lives(r.family) {
			return "", "", Client{}
		}
		kind, name := ParseSubject(r.subject)
		return r.family, r.subject, clientOf(kind, name, r.audience)
	}
	c, who, _, err := g.own(g.policy.Load(), text, "")
	if err != nil {
		return "", "", Client{}
	}
	return c.Login, who.subject(), clientOf(who.kind, who.name, c.Audience[0])
}

// AccountOf proves a service account by its secret. The identity has its permissions, and no role: what it may do is the matter of the
// tokens that it gets.
func (g *Guard) AccountOf(name, secret string, from netip.Addr) (Identity, error) {
	v, err := g.account(name, secret, from)
	if err != nil {
		return Identity{}, err
	}
	a, _ := g.policy.Load().find(Service, v.name)
	return Identity{Kind: Service, Name: v.name, Permissions: a.permissions, proof: v}, nil
}

// MemberURL returns the address of a member's console, "" if there is no such member or none.
func (g *Guard) MemberURL(name string) string { return g.policy.Load().issuing.members[name] }

// IssuerURL is the name of this issuer, "" if it is none.
func (g *Guard) IssuerURL() string { return g.policy.Load().issuing.url }
