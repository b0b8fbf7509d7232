package auth

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// pair makes a token and its refresh token from a proof.
func (g *Guard) pair(v Verified) (Token, error) {
	p := g.policy.Load()
	lifetime := p.tokenLifetime
	if v.kind == Service {
		lifetime = p.serviceLifetime
	}
	return g.issue(v, lifetime, true)
}

// issue makes a token for this appliance.
func (g *Guard) issue(v Verified, lifetime time.Duration, refreshed bool) (Token, error) {
	return g.issueFor(v, lifetime, refreshed, nil)
}

// issueFor makes a token from a proof, with a refresh token if refreshed is set: for this appliance, or for what grant says. The
// proof is compared again with the present state, under the locks that Use, LogOutEverywhere and endFamily take, and the token is
// stored in the same transaction.
func (g *Guard) issueFor(v Verified, lifetime time.Duration, refreshed bool, grant *Grant) (t Token, err error) {
	g.checked()
	g.mu.RLock()
	defer g.mu.RUnlock()
	p := g.policy.Load()
	sign, err := g.signer(p, grant)
	if err != nil {
		return Token{}, err
	}
	err = g.DB.write(func(tx *sql.Tx) error {
		who, err := g.stands(tx, v)
		if err != nil {
			return err
		}
		if v.kind != User && v.kind != Service {
			return denied("proof: it is not good for tokens")
		}
		family := v.family
		if family == "" {
			family = rand.Text()
		}
		if v.refresh != "" {
			if err := useRefresh(tx, v.refresh); err != nil {
				return err
			}
		}
		if v.code != "" {
			if err := useCode(tx, v.code, family); err != nil {
				return err
			}
		}
		now := g.now()
		if t, err = sign(who, v.epoch, family, now, lifetime); err != nil {
			return err
		}
		life := lifetime + leeway
		if refreshed {
			life = max(life, p.refreshLifetime)
			t.Refresh, t.RefreshExpires = newOpaque(refreshPrefix), now.Add(p.refreshLifetime).Truncate(time.Second)
			r := refresh{family: family, subject: who.subject(), print: who.print, epoch: v.epoch, expires: t.RefreshExpires}
			if grant != nil {
				r.audience, r.scope = grant.Audience, strings.Join(grant.Scope, " ")
			}
			if err := g.DB.addRefresh(tx, digest(t.Refresh), r, p.refreshLifetime); err != nil {
				return err
			}
		}
		return g.DB.keepFamily(tx, family, who.subject(), life)
	})
	if err != nil {
		return Token{}, err
	}
	return t, nil
}

// Refresh exchanges a refresh token, which is used up, for a new pair of tokens. A refresh token that was used before ends
// its whole family: either it or its successor is in the wrong hands.
func (g *Guard) Refresh(token string) (Token, error) {
	v, r, err := g.refreshable(token)
	if err != nil {
		return Token{}, err
	}
	if r.audience != "" { // a member that has one must not get into this appliance with it
		return Token{}, deniedOf(r.subject, "refresh: it is for "+r.audience)
	}
	t, err := g.pair(v)
	if errors.Is(err, errReused) {
		return Token{}, g.reused(r)
	}
	return t, err
}

// refreshable returns the proof that a good refresh token is. Whoever issues something from it uses it up.
func (g *Guard) refreshable(token string) (Verified, refresh, error) {
	if len(token) > maxToken {
		return Verified{}, refresh{}, denied("refresh: too long")
	}
	hash := digest(token)
	r, err := g.DB.findRefresh(hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Verified{}, r, err
	}
	kind, name := ParseSubject(r.subject)
	who, known := g.policy.Load().find(kind, name)
	switch {
	case err != nil:
		return Verified{}, r, denied("refresh: unknown")
	case r.used:
		return Verified{}, r, g.reused(r)
	case g.now().After(r.expires):
		return Verified{}, r, denied("refresh: expired")
	case !g.DB.lives(r.family):
		return Verified{}, r, denied("refresh: revoked")
	case !known || who.print != r.print:
		return Verified{}, r, denied("refresh: its user was removed or changed")
	}
	return Verified{kind: kind, name: name, role: who.role, print: r.print, epoch: r.epoch, family: r.family, refresh: hash}, r, nil
}

// RefreshOf returns the owner of a refresh token, in the form of Identity.Subject, while it can still be exchanged; otherwise "".
// It proves nothing: Refresh checks everything again.
func (g *Guard) RefreshOf(token string) (subject string) {
	if len(token) > maxToken {
		return ""
	}
	r, err := g.DB.findRefresh(digest(token))
	if err != nil || r.used || g.now().After(r.expires) || !g.DB.lives(r.family) {
		return ""
	}
	return r.subject
}

// reused ends the family of a refresh token that was used twice.
func (g *Guard) reused(r refresh) error {
	if err := g.DB.endFamily(r.family); err != nil {
		return err
	}
	return &Denied{Reason: "refresh: used twice; ended all tokens of " + r.subject + " from that login", Of: r.subject}
}

// maxRefresh is how many refresh tokens of a user or an account are stored, including used ones.
const maxRefresh = 1000

// refresh is a row of the table.
type refresh struct {
	family, subject, print, epoch string
	audience, scope               string // see Grant; "" of a token for this appliance
	expires                       time.Time
	used                          bool
}

func (d *DB) addRefresh(tx *sql.Tx, hash string, r refresh, life time.Duration) error {
	_, err := tx.Exec("INSERT INTO refresh (hash, family, subject, print, expires, used, epoch, due, audience, scope) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
		hash, r.family, r.subject, r.print, r.expires.UnixMicro(), r.epoch, d.due(life), r.audience, r.scope)
	if err == nil { // used ones go first: they are kept only to notice a second use
		_, err = tx.Exec("DELETE FROM refresh WHERE subject = ?1 AND hash <> ?3 AND hash NOT IN (SELECT hash FROM refresh WHERE subject = ?1 AND hash <> ?3 ORDER BY used, expires DESC LIMIT ?2)", r.subject, maxRefresh-1, hash)
	}
	return err
}

// findRefresh returns a refresh token as it is now, or sql.ErrNoRows if there is none.
func (d *DB) findRefresh(hash string) (r refresh, err error) {
	var expires int64
	err = d.db.QueryRow("SELECT family, subject, print, epoch, audience, scope, expires, used FROM refresh WHERE hash = ?", hash).
		Scan(&r.family, &r.subject, &r.print, &r.epoch, &r.audience, &r.scope, &expires, &r.used)
	r.expires = fromMicros(expires)
	return r, err
}

// useRefresh uses up a refresh token: if two requests bring it at the same time, one of them finds
// it used.
func useRefresh(tx *sql.Tx, hash string) error {
	res, err := tx.Exec("UPDATE refresh SET used = 1 WHERE hash = ? AND used = 0", hash)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errReused)
	}
	return nil
}
