package sttserver

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook/testkit"
)

// TestOnlyTokensOfTheIssuerAreTaken, and its keys are looked up when a token names one that is not known, not with each wrong token.
func TestOnlyTokensOfTheIssuerAreTaken(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	testkit.Must(t, err)
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	testkit.Must(t, err)
	var asked atomic.Int32
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	defer issuer.Close()
	token := func(method jwt.SigningMethod, key any, id, from, to string, ends time.Duration) string {
		x := jwt.NewWithClaims(method, jwt.RegisteredClaims{Issuer: from, Audience: jwt.ClaimStrings{to}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(ends))})
		x.Header["kid"] = id
		text, err := x.SignedString(key)
		testkit.Must(t, err)
		return text
	}
	g := newGate(Trust{issuer.URL, "hall"})
	for _, c := range []struct {
		what, token string
		want        bool
	}{
		{"a good one", token(jwt.SigningMethodEdDSA, private, "one", issuer.URL, "hall", time.Minute), true},
		{"of another key", token(jwt.SigningMethodEdDSA, foreign, "one", issuer.URL, "hall", time.Minute), false},
		{"of a key that nobody knows", token(jwt.SigningMethodEdDSA, private, "two", issuer.URL, "hall", time.Minute), false},
		{"the public key as a secret", token(jwt.SigningMethodHS256, []byte(public), "one", issuer.URL, "hall", time.Minute), false},
		{"of another issuer", token(jwt.SigningMethodEdDSA, private, "one", "http://elsewhere", "hall", time.Minute), false},
		{"for another", token(jwt.SigningMethodEdDSA, private, "one", issuer.URL, "cellar", time.Minute), false},
		{"that has ended", token(jwt.SigningMethodEdDSA, private, "one", issuer.URL, "hall", -2*time.Minute), false},
		{"none", "", false},
	} {
		if got := g.admits(c.token); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times", n)
	}
	if g.refused() <= 0 {
		t.Error("it has refused for no time")
	}
}
