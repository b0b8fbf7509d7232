package auth

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"time"
)

// pair makes a token and its refresh token. An empty family begins one.
func (g *Guard) pair(p *policy, kind Kind, name, family string) (Token, error) {
	if family == "" {
		family = rand.Text()
	}
	lifetime := p.tokenLifetime
	if kind == Service {
		lifetime = p.serviceLifetime
	}
	t, err := g.sign(p, kind, name, family, lifetime)
	if err != nil {
		return Token{}, err
	}
	t.Refresh, t.RefreshExpires = newOpaque(refreshPrefix), time.Now().Add(p.refreshLifetime).Truncate(time.Second)
	who, _ := p.find(kind, name)
	return t, g.DB.addRefresh(digest(t.Refresh), refresh{family: family, subject: who.subject(), print: who.print, expires: t.RefreshExpires})
}

// Refresh gives a new pair of tokens for a refresh token, which is used up. One that was used before ends its whole family:
// either it or its successor is in the wrong hands.
func (g *Guard) Refresh(token string) (Token, error) {
	p := g.policy.Load()
	if len(token) > maxToken {
		return Token{}, denied("refresh: too long")
	}
	r, err := g.DB.takeRefresh(digest(token))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Token{}, denied("refresh: unknown")
	case err != nil:
		return Token{}, err
	case r.used:
		// The tokens of the family end with the longest of them.
		if err := g.DB.endFamily(r.family, time.Now().Add(max(p.tokenLifetime, p.serviceLifetime)+leeway)); err != nil {
			return Token{}, err
		}
		return Token{}, &Denied{Reason: "refresh: used twice; all tokens of " + r.subject + " from that login are ended"}
	case time.Now().After(r.expires):
		return Token{}, denied("refresh: expired")
	case g.DB.isRevoked(r.family):
		return Token{}, denied("refresh: revoked")
	}
	kind, name := ParseSubject(r.subject)
	if who, ok := p.find(kind, name); !ok || who.print != r.print {
		return Token{}, denied("refresh: of somebody who is no more, or has changed")
	}
	return g.pair(p, kind, name, r.family)
}

// maxRefresh is how many refresh tokens of a user or an account are remembered, used ones included.
const maxRefresh = 1000

// refresh is a row.
type refresh struct {
	family, subject, print string
	expires                time.Time
	used                   bool
}

func (d *DB) addRefresh(hash string, r refresh) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.db.Exec("INSERT INTO refresh VALUES (?, ?, ?, ?, ?, 0)", hash, r.family, r.subject, r.print, r.expires.UnixMicro())
	if err == nil { // those that were used go first: they are kept only to notice when they come again
		_, err = d.db.Exec("DELETE FROM refresh WHERE subject = ?1 AND hash <> ?3 AND hash NOT IN (SELECT hash FROM refresh WHERE subject = ?1 AND hash <> ?3 ORDER BY used, expires DESC LIMIT ?2)", r.subject, maxRefresh-1, hash)
	}
	return err
}

// takeRefresh marks a refresh token as used and tells what it was before: of two who come at the same time one finds it used.
func (d *DB) takeRefresh(hash string) (r refresh, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tx, err := d.db.Begin()
	if err != nil {
		return r, err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var expires int64
	err = tx.QueryRow("SELECT family, subject, print, expires, used FROM refresh WHERE hash = ?", hash).Scan(&r.family, &r.subject, &r.print, &expires, &r.used)
	if err != nil {
		return r, err
	}
	r.expires = fromMicros(expires)
	if _, err := tx.Exec("UPDATE refresh SET used = 1 WHERE hash = ?", hash); err != nil {
		return r, err
	}
	return r, tx.Commit()
}

// endFamily revokes all tokens of a login.
func (d *DB) endFamily(family string, until time.Time) error {
	if family == "" {
		return nil
	}
	d.mu.Lock()
	_, err := d.db.Exec("UPDATE refresh SET used = 1 WHERE family = ?", family)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.revoke(family, until)
}
