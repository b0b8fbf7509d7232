package trust

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// MaxLife is how long a token may be valid: for so long a member may be cut off from its issuer and still let its people in.
	MaxLife = 24 * time.Hour
	// Leeway is how far the clocks of an issuer and a member may differ.
	Leeway = 30 * time.Second
	// MaxToken is the longest token that is examined, in bytes.
	MaxToken = 4096
	// TokenType is the type of access tokens (RFC 9068, 2.1).
	TokenType = "at+jwt"
)

// Claims are what an access token says.
type Claims struct {
	jwt.RegisteredClaims
	Client string `json:"client_id"`
	Kind   string `json:"kind"`           // user or service
	Role   string `json:"role,omitempty"` // at the issuer
	Scope  string `json:"scope,omitempty"`
	Login  string `json:"sid"`   // shared by all tokens of one login
	State  string `json:"state"` // of the owner when it was issued: only the issuer understands it
	// By is who had the issuer itself ask: a Subject there. Members only record it.
	By string `json:"by,omitempty"`
}

// Permissions are those of the scope.
func (c Claims) Permissions() []string { return strings.Fields(c.Scope) }

// Sign makes a token. The signer's key has the ID id.
func Sign(id string, private ed25519.PrivateKey, c Claims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	t.Header["kid"], t.Header["typ"] = id, TokenType
	return t.SignedString(private)
}

// Is tells whether a text says that it is an access token of an issuer. It proves nothing.
func Is(text string) bool {
	t, _ := peek(text)
	return t != nil
}

// IssuerOf is the issuer that an access token names. It proves nothing.
func IssuerOf(text string) string {
	_, c := peek(text)
	return c.Issuer
}

func peek(text string) (*jwt.Token, jwt.RegisteredClaims) {
	var c jwt.RegisteredClaims
	if len(text) > MaxToken {
		return nil, c
	}
	t, _, err := jwt.NewParser().ParseUnverified(text, &c)
	if err != nil || t.Header["typ"] != TokenType {
		return nil, jwt.RegisteredClaims{}
	}
	return t, c
}

// Rules are what a token must agree with.
type Rules struct {
	Issuer   string
	Audience string                                    // "": any, for the issuer itself
	Key      func(id string) (ed25519.PublicKey, bool) // the keys that count now
	Now      func() time.Time
}

// Errors of Verify, beside those of the jwt package.
var (
	ErrForm = errors.New("not an access token of an issuer")
	ErrLife = errors.New("valid for too long")
)

// Verify returns the claims of a token that is valid now. Whether it was ended meanwhile only its issuer knows.
func (r Rules) Verify(text string) (c Claims, err error) {
	if len(text) > MaxToken {
		return Claims{}, ErrForm
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(r.Issuer),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(Leeway), jwt.WithStrictDecoding(), jwt.WithTimeFunc(r.Now),
	}
	if r.Audience != "" {
		options = append(options, jwt.WithAudience(r.Audience))
	}
	_, err = jwt.NewParser(options...).ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		if t.Header["typ"] != TokenType {
			return nil, ErrForm
		}
		if _, ok := t.Header["crit"]; ok { // RFC 7515: critical headers must be understood
			return nil, ErrForm
		}
		id, _ := t.Header["kid"].(string)
		public, ok := r.Key(id)
		if !ok {
			return nil, errors.New("no such key")
		}
		return public, nil
	})
	switch {
	case err != nil:
		return Claims{}, err
	case c.IssuedAt == nil || c.ID == "" || c.Subject == "" || c.Login == "" || len(c.Audience) != 1:
		return Claims{}, jwt.ErrTokenRequiredClaimMissing
	case c.Kind != "user" && c.Kind != "service":
		return Claims{}, ErrForm
	case c.ExpiresAt.Sub(c.IssuedAt.Time) > MaxLife:
		return Claims{}, ErrLife
	}
	return c, nil
}
