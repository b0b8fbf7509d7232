package sttserver

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Trust is whose tokens a server demands, and for whom they must be. The zero value demands none.
type Trust struct {
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
}

// As members of a house do: how long after a look at the issuer's keys there may be the next, how old keys may become, how far clocks may
// differ, and how long a look may take.
const (
	retryKeys  = 10 * time.Second
	freshKeys  = 15 * time.Minute
	clockSlack = time.Minute
	keysTime   = 3 * time.Second
	mostKeys   = 64 << 10
)

// gate checks tokens as a member of a house does: with the issuer's public keys, which it looks up when a token names one that it does not
// know. It is written from the protocol, not from ours.
type gate struct {
	trust  Trust
	client http.Client

	mu      sync.Mutex // guards everything that follows
	keys    map[string]ed25519.PublicKey
	looked  time.Time
	refuses time.Time // since when it refuses whatever it is shown; zero: it does not
	longest time.Duration
}

func newGate(t Trust) *gate {
	return &gate{trust: t, client: http.Client{Timeout: keysTime, Transport: &http.Transport{DisableKeepAlives: true}}}
}

// admits tells whether a token is good here now.
func (g *gate) admits(token string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		if k := g.key(id); k != nil {
			return k, nil
		}
		return nil, errors.New("no such key")
	}, jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(g.trust.Issuer), jwt.WithAudience(g.trust.Audience), jwt.WithExpirationRequired(), jwt.WithLeeway(clockSlack))
	switch {
	case err == nil:
		g.refuses = time.Time{}
		return true
	case g.refuses.IsZero():
		g.refuses = time.Now()
	}
	g.longest = max(g.longest, time.Since(g.refuses))
	return false
}

// key returns a key of the issuer; nil if there is none of that name. The caller holds mu.
func (g *gate) key(id string) ed25519.PublicKey {
	age := time.Since(g.looked)
	if k := g.keys[id]; k != nil && age < freshKeys || !g.looked.IsZero() && age < retryKeys {
		return k
	}
	if keys, err := g.fetch(); err == nil {
		g.keys, g.looked = keys, time.Now()
	}
	return g.keys[id]
}

func (g *gate) fetch() (map[string]ed25519.PublicKey, error) {
	answer, err := g.client.Get(g.trust.Issuer + "/.well-known/jwks.json")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Status)
	}
	var set struct {
		Keys []struct{ Kty, Crv, X, Kid string }
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, mostKeys)).Decode(&set); err != nil {
		return nil, err
	}
	keys := map[string]ed25519.PublicKey{}
	for _, k := range set.Keys {
		if x, err := base64.RawURLEncoding.DecodeString(k.X); err == nil && k.Kty == "OKP" && k.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize {
			keys[k.Kid] = x
		}
	}
	return keys, nil
}

// refused is the longest time in which it has refused whatever it was shown.
func (g *gate) refused() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.longest
}
