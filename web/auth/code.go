package auth

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/web/trust"
)

const (
	// codeLife is how long a code may be exchanged: a browser carries it from here to the member.
	codeLife = time.Minute
	// codeKept is how long a code is remembered, so that a second use ends what came of the first.
	codeKept = 24 * time.Hour
	// maxCodes is how many codes of a user are remembered.
	maxCodes = 100
	// codePrefix makes codes recognisable to scanners of secrets.
	codePrefix = "orac_ac_"
)

// code is a row of the table: somebody who is logged in here wants to log in at a member.
type code struct {
	subject, print, epoch, session     string // the proof
	client, redirect, challenge, nonce string // what the member asked for
	since, expires                     time.Time
	used                               bool
	family                             string // of the tokens that came of it
}

// Code gives a user who is logged in with a browser a code with which the member that q names gets tokens, once. It lives a minute, and
// no longer than the session. ErrTarget: people do not log in there, or not at that address.
func (g *Guard) Code(v Verified, q trust.AuthRequest) (string, error) {
	if v.kind != User || v.session == "" {
		return "", denied("proof: it is not good for codes")
	}
	text := newOpaque(codePrefix)
	g.checked()
	g.mu.RLock()
	defer g.mu.RUnlock()
	return text, g.DB.write(func(tx *sql.Tx) error {
		who, err := g.stands(tx, v)
		if err != nil {
			return err
		}
		if !g.policy.Load().issuing.comesBackTo(q.Client, q.Redirect) {
			return ErrTarget
		}
		return g.DB.addCode(tx, digest(text), code{
			subject: who.subject(), print: v.print, epoch: v.epoch, session: v.session,
			client: q.Client, redirect: q.Redirect, challenge: q.Challenge, nonce: q.Nonce, since: v.since, expires: g.now().Add(codeLife),
		})
	})
}

// comesBackTo tells whether a browser may be sent to an address for a member: it is the member's own, and nothing else is.
func (i issuerPolicy) comesBackTo(member, redirect string) bool {
	url := i.members[member]
	return url != "" && redirect == url+trust.CallbackPath
}

// ComesBackTo tells whether a member's logins end at an address.
func (g *Guard) ComesBackTo(member, redirect string) bool {
	return g.policy.Load().issuing.comesBackTo(member, redirect)
}

// Exchange gives a member the tokens of a code, and the ID token that says who has logged in. A code is used up whatever is wrong with
// the rest of the request. Used a second time, it ends the tokens of the first: either is in the wrong hands.
func (g *Guard) Exchange(client Client, text, redirect, verifier string) (t Token, id string, err error) {
	if len(text) > maxToken {
		return t, "", denied("code: too long")
	}
	hash := digest(text)
	c, err := g.DB.findCode(hash)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return t, "", denied("code: unknown")
	case err != nil:
		return t, "", err
	case c.used:
		return t, "", g.codeReused(hash, c.subject)
	}
	kind, name := ParseSubject(c.subject)
	wrong := ""
	switch {
	case g.now().After(c.expires):
		wrong = "expired"
	case client != (Client{Name: c.client}):
		wrong = "another member's"
	case redirect != c.redirect || !g.ComesBackTo(c.client, redirect):
		wrong = "for another address"
	case !equal(trust.Challenge(verifier), c.challenge):
		wrong = "the verifier is wrong"
	}
	if wrong != "" {
		err := g.DB.write(func(tx *sql.Tx) error { return useCode(tx, hash, "") })
		if err != nil && !errors.Is(err, errReused) {
			return t, "", err
		}
		return t, "", deniedOf(c.subject, "code: "+wrong)
	}
	who, _ := g.policy.Load().find(kind, name)
	v := Verified{kind: kind, name: name, role: who.role, print: c.print, epoch: c.epoch, session: c.session, code: hash}
	t, err = g.TokenFor(v, Grant{Audience: c.client, Refresh: true})
	if errors.Is(err, errReused) {
		return Token{}, "", g.codeReused(hash, c.subject)
	}
	if err != nil {
		return Token{}, "", err
	}
	id, err = g.idToken(name, c)
	return t, id, err
}

// idToken says who has logged in at a member, when, and in answer to which question.
func (g *Guard) idToken(name string, c code) (string, error) {
	keys, err := g.issuers.good()
	if err != nil {
		return "", err
	}
	now := g.now()
	return trust.SignID(keys[0].ID, keys[0].private, trust.IDClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: g.IssuerURL(), Subject: name, Audience: jwt.ClaimStrings{c.client}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(trust.IDTokenLife)),
		},
		Nonce: c.nonce, LoggedIn: c.since.Unix(),
	})
}

// CodeOf returns the owner of a code that can still be exchanged, in the form of Identity.Subject; otherwise "". It proves nothing.
func (g *Guard) CodeOf(text string) string {
	if len(text) > maxToken {
		return ""
	}
	c, err := g.DB.findCode(digest(text))
	if err != nil || c.used || g.now().After(c.expires) {
		return ""
	}
	return c.subject
}

// codeReused ends what came of a code that was used twice.
func (g *Guard) codeReused(hash, subject string) error {
	c, err := g.DB.findCode(hash) // again: the tokens may have been issued meanwhile
	if err != nil {
		return err
	}
	if c.family != "" {
		if err := g.DB.endFamily(c.family); err != nil {
			return err
		}
	}
	return &Denied{Reason: "code: used twice; ended all tokens of " + subject + " that came of it", Of: subject}
}

func (d *DB) addCode(tx *sql.Tx, hash string, c code) error {
	_, err := tx.Exec("INSERT INTO codes (hash, subject, print, epoch, session, client, redirect, challenge, nonce, since, expires, used, family, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?)",
		hash, c.subject, c.print, c.epoch, c.session, c.client, c.redirect, c.challenge, c.nonce, c.since.UnixMicro(), c.expires.UnixMicro(), d.due(codeKept))
	if err == nil {
		_, err = tx.Exec("DELETE FROM codes WHERE subject = ?1 AND hash <> ?3 AND hash NOT IN (SELECT hash FROM codes WHERE subject = ?1 AND hash <> ?3 ORDER BY expires DESC LIMIT ?2)", c.subject, maxCodes-1, hash)
	}
	return err
}

// findCode returns a code as it is now, or sql.ErrNoRows if there is none.
func (d *DB) findCode(hash string) (c code, err error) {
	var since, expires int64
	err = d.db.QueryRow("SELECT subject, print, epoch, session, client, redirect, challenge, nonce, since, expires, used, family FROM codes WHERE hash = ?", hash).
		Scan(&c.subject, &c.print, &c.epoch, &c.session, &c.client, &c.redirect, &c.challenge, &c.nonce, &since, &expires, &c.used, &c.family)
	c.since, c.expires = fromMicros(since), fromMicros(expires)
	return c, err
}

// useCode uses up a code, and notes what comes of it: if two requests bring it at the same time, one of them finds it used.
func useCode(tx *sql.Tx, hash, family string) error {
	res, err := tx.Exec("UPDATE codes SET used = 1, family = ? WHERE hash = ? AND used = 0", family, hash)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errReused)
	}
	return nil
}
