package auth

import (
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook"
	"orac/runbook/pattern"
	"orac/web/trust"
)

// trusted is what the runbook says about the issuer that it trusts.
type trusted struct {
	audience    string
	role        Role // the highest
	permissions []string
	issuer      *trust.Issuer
	lender      trust.Lender
}

// core is what a proof holds of a token of a trusted issuer.
type core struct {
	issuer, token string // the token's ID
	expires       time.Time
	lent          *trust.Lent // what a new session gets; nil otherwise
}

// asker asks an issuer over the network.
type asker interface {
	trust.Fetcher
	trust.Lender
}

// followed is the issuer that is asked.
type followed struct {
	client func(runbook.Trust) (asker, error) // nil except in tests: over HTTP

	mu     sync.Mutex // guards everything that follows
	of     runbook.Trust
	issuer *trust.Issuer
	lender trust.Lender
}

// use follows the issuer of a runbook, and no other any more.
func (f *followed) use(g *Guard, rb *runbook.Runbook) (*trusted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := rb.Auth.Trust
	if f.issuer != nil && (t.Issuer != f.of.Issuer || t.CA != f.of.CA || t.Fingerprint != f.of.Fingerprint || t.Member != f.of.Member) {
		f.issuer.Close()
		f.issuer = nil
	}
	if !t.On() {
		return nil, nil
	}
	if f.issuer == nil {
		make := f.client
		if make == nil {
			make = func(t runbook.Trust) (asker, error) {
				if t.Member {
					return trust.ClientOver(t.Issuer, trust.InHouse(g.House)), nil
				}
				return trust.NewClient(t.Issuer, t.CA, t.Fingerprint)
			}
		}
		client, err := make(t)
		if err != nil {
			return nil, err
		}
		f.of = t
		f.issuer, f.lender = trust.Follow(g.following(t.Issuer, client)), client
	}
	return &trusted{rb.TrustAudience(), Role(t.Role), slices.Clone(t.Permissions), f.issuer, f.lender}, nil
}

func (f *followed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.issuer != nil {
		f.issuer.Close()
		f.issuer = nil
	}
}

// following is how the database stands behind an issuer.
func (g *Guard) following(url string, fetch trust.Fetcher) trust.Options {
	name := "keys of " + url
	return trust.Options{
		URL: url, Fetch: fetch, Log: g.logger(),
		Load: func() []byte {
			var text string
			if err := g.DB.db.QueryRow("SELECT value FROM meta WHERE name = ?", name).Scan(&text); err != nil {
				return nil
			}
			return []byte(text)
		},
		Keep: func(text []byte) error {
			return g.DB.write(func(tx *sql.Tx) error {
				if _, err := tx.Exec("DELETE FROM meta WHERE name LIKE 'keys of %' AND name <> ?", name); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", name, string(text))
				return err
			})
		},
		Ended: func(token string) bool {
			err := g.DB.db.QueryRow("SELECT 1 FROM ended WHERE id = ?", endedID(url, token)).Scan(new(int))
			return !errors.Is(err, sql.ErrNoRows) // what cannot be read may have ended
		},
		End: func(token string, expires time.Time) error {
			return g.DB.write(func(tx *sql.Tx) error {
				_, err := tx.Exec("INSERT INTO ended VALUES (?, ?) ON CONFLICT DO NOTHING", endedID(url, token), g.DB.due(expires.Sub(g.now())+time.Hour))
				return err
			})
		},
	}
}

func (g *Guard) logger() *slog.Logger {
	if g.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return g.Log
}

func endedID(issuer, token string) string { return digest(issuer + "\x00" + token) }

// coreName is what users and accounts of a trusted issuer may be called: without a colon, which ends the kind in a Subject.
var coreName = pattern.Lazy(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// issued returns the identity behind an access token of this issuer, or of the one that is trusted.
func (g *Guard) issued(p *policy, text string) (Identity, error) {
	t := p.trusted
	if t == nil || p.issuing.url != "" && trust.IssuerOf(text) == p.issuing.url {
		return g.ownIdentity(p, text)
	}
	return g.coreIdentity(t, text)
}

// endedByIssuer is why a token is refused that was good once.
const endedByIssuer = "token: ended by its issuer"

// coreIdentity returns the identity behind an access token of the issuer that is trusted.
func (g *Guard) coreIdentity(t *trusted, text string) (Identity, error) {
	c, err := trust.Rules{Issuer: t.issuer.URL(), Audience: t.audience, Key: t.issuer.Key, Now: g.now}.Verify(text)
	if err != nil {
		return Identity{}, &Denied{Reason: "token: " + tokenReason(err), Told: claimDetail(err, claimsOfMembers)}
	}
	who := Identity{Kind: CoreUser, Name: c.Subject, Role: lower(Role(c.Role), t.role), Way: ByToken, Expires: c.ExpiresAt.Time, ID: c.ID}
	if c.Kind == "service" {
		who.Kind, who.Permissions = CoreService, both(c.Permissions(), t.permissions)
	}
	if c.By != "" {
		if c.Subject != CentreName || who.Kind != CoreService || !bySubject().MatchString(c.By) {
			return Identity{}, denied("token: it names somebody else in a way that an issuer does not")
		}
		who.By = "core:" + c.By
	}
	if !coreName().MatchString(c.Subject) {
		return Identity{}, denied("token: its user has a name that cannot be one here")
	}
	if t.issuer.Ended(text, c.ID, c.ExpiresAt.Time) {
		return Identity{}, deniedOf(who.Subject(), endedByIssuer)
	}
	who.proof = Verified{kind: who.Kind, name: who.Name, role: who.Role, core: core{issuer: t.issuer.URL(), token: c.ID, expires: c.ExpiresAt.Time}}
	return who, nil
}

// coreStands refuses the proof of a trusted issuer's token if anything has changed that the token depends on.
func (g *Guard) coreStands(tx *sql.Tx, v Verified) (user, error) {
	changed := func(what string) (user, error) { return user{}, deniedOf(v.Identity().Subject(), "proof: "+what) }
	t := g.policy.Load().trusted
	switch {
	case t == nil || t.issuer.URL() != v.core.issuer || lower(v.role, t.role) != v.role:
		return changed("the issuer is no longer trusted so far")
	case g.now().After(v.core.expires.Add(trust.Leeway)):
		return changed("the token expired meanwhile")
	}
	err := tx.QueryRow("SELECT 1 FROM ended WHERE id = ?", endedID(v.core.issuer, v.core.token)).Scan(new(int))
	if err == nil {
		return changed("the issuer has ended the token")
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return user{}, err
	}
	if err := sessionStands(tx, v); err != nil {
		return user{}, err
	}
	return user{kind: v.kind, name: v.name, role: v.role}, nil
}

// claimsOfMembers are of tokens of an issuer for its members.
var claimsOfMembers = []wrongClaim{
	{jwt.ErrTokenInvalidAudience, "The token is for another member: see audience of the trust block here, and the member block of the issuer."},
	{jwt.ErrTokenInvalidIssuer, "The token is from another issuer: issuer of the trust block must be exactly url of the issuer block."},
}

// lower is the lower one of two roles; nobody's if one of them is no role.
func lower(a, b Role) Role {
	switch {
	case a.Includes(b):
		return b
	case b.Includes(a):
		return a
	}
	return Nobody
}

// both are the permissions that are in both lists.
func both(a, b []string) (list []string) {
	for _, p := range a {
		if slices.Contains(b, p) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}
