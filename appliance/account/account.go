// Package account makes the short-lived tokens that identify this appliance to other services.
//
// Guarantees: a token is HS256 (RFC 7519), signed with the secret that both sides know and that never leaves this process; it is
// replaced before it ends, and at once when a peer has refused it. The other side checks: algorithm HS256, kid the name of the
// account, iss, aud, exp, nbf, and what permissions says.
package account

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/appliance/rt"
)

// Config is an account. All fields are needed but Permissions.
type Config struct {
	Name        string
	Secret      interface{ Reveal() string } // at least 32 bytes
	Permissions []string                     // "stt.transcribe"
	Issuer      string                       // iss
	Audience    string                       // aud
	Lifetime    time.Duration
}

// minSecret is the least length of a key for HS256 (RFC 7518, 3.2), in bytes.
const minSecret = 32

// Tokens makes tokens of an account. Several goroutines may use it at once.
type Tokens struct {
	c Config

	mu    sync.Mutex // guards everything that follows
	token string
	made  time.Time
}

// New makes the tokens of an account; the first is signed when it is asked for.
func New(c Config) (*Tokens, error) {
	if n := len(c.Secret.Reveal()); n < minSecret {
		return nil, fmt.Errorf("service account %s: its secret has %d bytes; it needs at least %d: run orac secrets rotate", c.Name, n, minSecret)
	}
	return &Tokens{c: c}, nil
}

// Claims are what a token says.
type Claims struct {
	jwt.RegisteredClaims
	Role        string   `json:"role"` // "service"
	Permissions []string `json:"permissions"`
}

// Token returns a token that is valid now and for at least a fifth of its lifetime. It differs from refused, the token that a peer has
// rejected; refused is empty if none was.
func (t *Tokens) Token(task *rt.Task, refused string) (string, error) {
	return t.At(task.Wall(), refused)
}

// At is Token at a time.
func (t *Tokens) At(now time.Time, refused string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	age := now.Sub(t.made)
	if t.token != "" && t.token != refused && age >= 0 && age < t.c.Lifetime-t.c.Lifetime/5 {
		return t.token, nil
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: t.c.Name, Issuer: t.c.Issuer, Audience: jwt.ClaimStrings{t.c.Audience}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(t.c.Lifetime)),
		},
		Role: "service", Permissions: append([]string{}, t.c.Permissions...),
	})
	token.Header["kid"] = t.c.Name
	text, err := token.SignedString([]byte(t.c.Secret.Reveal()))
	if err != nil {
		return "", fmt.Errorf("service account %s: %w", t.c.Name, err)
	}
	t.token, t.made = text, now
	return text, nil
}
