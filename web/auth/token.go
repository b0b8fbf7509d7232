package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// leeway is how far the clocks of two machines may differ.
const leeway = 5 * time.Second

// maxToken is the longest token that is examined, in bytes.
const maxToken = 4096

// claims are the contents of a token.
type claims struct {
	jwt.RegisteredClaims
	Kind        Kind     `json:"typ"`
	Role        Role     `json:"role"`
	Permissions []string `json:"permissions,omitempty"`
	Family      string   `json:"fam,omitempty"` // of the login that it comes from
	Epoch       string   `json:"epoch"`         // see DB.epoch
	Print       string   `json:"print"`         // fingerprint of the password and the role, or of the account
}

// Token is a token with what its owner must know about it.
type Token struct {
	Token   string    `json:"token"`
	Type    string    `json:"token_type"` // Bearer
	Expires time.Time `json:"expires_at"`
	// Refresh can be exchanged once for a new token; empty if there is none.
	Refresh        string    `json:"refresh_token,omitempty"`
	RefreshExpires time.Time `json:"refresh_expires_at,omitzero"`
	Identity       Identity  `json:"identity"`
}

// sign makes a token of a family for a user or an account, issued at now.
func (p *policy) sign(key signingKey, who user, epoch, family string, now time.Time, lifetime time.Duration) (Token, error) {
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: who.name, Issuer: p.issuer, Audience: jwt.ClaimStrings{p.audience}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		Kind: who.kind, Role: who.role, Permissions: who.permissions, Family: family, Epoch: epoch, Print: who.print,
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	t.Header["kid"] = key.id
	text, err := t.SignedString(key.bytes)
	if err != nil {
		return Token{}, err
	}
	return Token{Token: text, Type: "Bearer", Expires: c.ExpiresAt.Time, Identity: who.identity(c)}, nil
}

// verify returns the identity behind a token.
func (g *Guard) verify(p *policy, text string) (Identity, error) {
	if len(text) > maxToken {
		return Identity{}, denied("token: too long")
	}
	keys, err := g.keys.good()
	if err != nil {
		return Identity{}, err
	}
	sum := sha256.Sum256([]byte(text))
	c, known := g.signed.get(sum, p, keys, g.now())
	if !known {
		if c, err = g.parse(p, keys, text, sum); err != nil {
			return Identity{}, err
		}
	}
	who, ok := p.find(c.Kind, c.Subject)
	of := Identity{Kind: c.Kind, Name: c.Subject}.Subject() // the signature is good
	switch {
	case !ok:
		return Identity{}, deniedOf(of, "token: its user was removed")
	case who.print != c.Print:
		return Identity{}, deniedOf(of, "token: password or role changed since")
	}
	if epoch, err := g.DB.epoch(who.subject()); err != nil || epoch == "" || epoch != c.Epoch {
		return Identity{}, deniedOf(of, "token: logged out everywhere since")
	}
	if !g.DB.lives(c.Family) {
		return Identity{}, deniedOf(of, "token: revoked")
	}
	return who.identity(c), nil
}

// parse returns the claims of a token that one of the keys has signed, for this appliance, and that is valid
// now; it remembers the token.
func (g *Guard) parse(p *policy, keys []signingKey, text string, sum [sha256.Size]byte) (c claims, err error) {
	var key signingKey
	_, err = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(p.issuer), jwt.WithAudience(p.audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(g.now),
	).ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		i := slices.IndexFunc(keys, func(k signingKey) bool { return k.id == kid })
		if i < 0 {
			return nil, errors.New("no such key")
		}
		if _, ok := t.Header["crit"]; ok { // RFC 7515: critical headers must be understood
			return nil, errors.New("a critical header")
		}
		key = keys[i]
		return key.bytes, nil
	})
	if err != nil {
		return claims{}, denied("token: " + tokenReason(err))
	}
	if c.IssuedAt == nil || c.ID == "" || c.Subject == "" || c.Family == "" {
		return claims{}, denied("token: a claim is missing")
	}
	g.signed.add(sum, verified{c, key.id, p})
	return c, nil
}

// tokenReason says what is wrong with a token, in its own words: the library's might quote the
// token.
func tokenReason(err error) string {
	for _, r := range []struct {
		is   error
		text string
	}{
		{jwt.ErrTokenMalformed, "malformed"}, {jwt.ErrTokenUnverifiable, "key or algorithm unknown"}, {jwt.ErrTokenSignatureInvalid, "signature or algorithm"},
		{jwt.ErrTokenExpired, "expired"}, {jwt.ErrTokenNotValidYet, "not yet valid"}, {jwt.ErrTokenUsedBeforeIssued, "from the future"},
		{jwt.ErrTokenInvalidAudience, "for somebody else"}, {jwt.ErrTokenInvalidIssuer, "from somebody else"},
	} {
		if errors.Is(err, r.is) {
			return r.text
		}
	}
	return "invalid"
}

// refreshPrefix begins every refresh token, so that scanners can find leaked ones.
const refreshPrefix = "orac_rt_"

// newOpaque makes a token of 256 random bits.
func newOpaque(prefix string) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// digest returns the form in which a random token is stored.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
