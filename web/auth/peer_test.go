package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/appliance/account"
	"orac/runbook"
	"orac/runbook/language"
)

// peerGuard is a guard with an account that may transcribe.
func peerGuard(t testing.TB) *Guard {
	rb := declared(t)
	rb.ServiceAccounts = append(rb.ServiceAccounts, runbook.ServiceAccount{
		Name: "hey_orac", Role: "admin", Secret: language.NewSecret(accountSecret), Audience: "orac-stt", Permissions: []string{"stt.transcribe", "stt.heartbeat"},
	})
	return openGuard(t, t.TempDir(), rb)
}

func withToken(token string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// TestATokenThatAnAccountHasSigned is what package account makes; it grants permissions, never the role of the account.
func TestATokenThatAnAccountHasSigned(t *testing.T) {
	g := peerGuard(t)
	tokens, err := account.New(account.Config{Name: "hey_orac", Secret: language.NewSecret(accountSecret), Permissions: []string{"stt.transcribe", "orac.admin"}, Issuer: "orac", Audience: "orac-stt", Lifetime: 15 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	token, err := tokens.At(time.Now(), "")
	if err != nil {
		t.Fatal(err)
	}
	who, err := g.Peer("orac-stt", withToken(token), Via{})
	if err != nil || who.Subject() != "service:hey_orac" || who.Role != Nobody || fmt.Sprint(who.Permissions) != "[stt.transcribe]" {
		t.Errorf("%+v, %v %s", who, err, Reason(err))
	}
	if who, err := g.Peer("orac-stt", withToken(""), Via{}); who.Known() || err != nil {
		t.Errorf("without a token: %+v, %v", who, err)
	}
	if _, err := g.Token(token); err == nil {
		t.Error("the API takes a token that was made for the STT server")
	}
	own := mustLogIn(t, g, "anna")
	if who, err := g.Peer("orac-stt", withToken(own.Token), Via{}); err != nil || who.Role != Admin {
		t.Errorf("a user's token: %+v, %v", who, err)
	}
}

// TestWhatIsToldOfABadPeerToken: who has the secret learns what is wrong, and nobody else learns anything.
func TestWhatIsToldOfABadPeerToken(t *testing.T) {
	g := peerGuard(t)
	now := time.Now()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change map[string]any) jwt.MapClaims {
		c := jwt.MapClaims{"iss": "orac", "aud": "orac-stt", "sub": "hey_orac", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": "1", "permissions": []string{"stt.transcribe"}}
		for k, v := range change {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		return c
	}
	sign := func(m jwt.SigningMethod, key any, kid any, change map[string]any) string {
		token := jwt.NewWithClaims(m, claims(change))
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	hs := func(change map[string]any) string {
		return sign(jwt.SigningMethodHS256, []byte(accountSecret), "hey_orac", change)
	}
	if _, err := g.Peer("orac-stt", withToken(hs(nil)), Via{}); err != nil {
		t.Fatalf("the good one: %s", Reason(err))
	}
	for name, c := range map[string]struct {
		token, reason, told string
	}{
		"expired":          {hs(map[string]any{"exp": now.Add(-time.Minute).Unix(), "iat": now.Add(-2 * time.Minute).Unix()}), "token: expired", "The token has expired."},
		"not yet valid":    {hs(map[string]any{"nbf": now.Add(time.Minute).Unix(), "exp": now.Add(time.Hour).Unix()}), "token: not yet valid", "The token is not valid yet."},
		"from the future":  {hs(map[string]any{"iat": now.Add(time.Minute).Unix()}), "token: from the future", "The token is from the future."},
		"another audience": {hs(map[string]any{"aud": "orac"}), "token: for somebody else", "The token is for another audience"},
		"another issuer":   {hs(map[string]any{"iss": "evil"}), "token: from somebody else", "The token is from another issuer"},
		"another subject":  {hs(map[string]any{"sub": "core"}), "token: invalid", "The token's sub"},
		"no end":           {hs(map[string]any{"exp": nil}), "token: invalid", "The token lacks a claim"},
		"a year":           {hs(map[string]any{"exp": now.Add(365 * 24 * time.Hour).Unix()}), "token: valid for too long", "The token is valid for more than"},
		"unknown kid":      {sign(jwt.SigningMethodHS256, []byte(accountSecret), "mallory", nil), "token: key or algorithm unknown", ""},
		"no kid":           {sign(jwt.SigningMethodHS256, []byte(accountSecret), nil, nil), "token: key or algorithm unknown", ""},
		"another secret":   {sign(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 40)), "hey_orac", map[string]any{"exp": now.Add(-time.Hour).Unix()}), "token: signature or algorithm", ""},
		"none":             {sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "hey_orac", nil), "token: signature or algorithm", ""},
		"RS256":            {sign(jwt.SigningMethodRS256, private, "hey_orac", nil), "token: signature or algorithm", ""},
		"the API's":        {sign(jwt.SigningMethodHS256, []byte(key1), "hey_orac", nil), "token: signature or algorithm", ""},
		"too long":         {strings.Repeat("a", 5000), "token: too long", ""},
		"words":            {"give.me.access", "token: malformed", ""},
	} {
		who, err := g.Peer("orac-stt", withToken(c.token), Via{})
		d, _ := err.(*Denied)
		if who.Known() || d == nil || d.Reason != c.reason || (c.told == "") != (d.Told == "") || !strings.HasPrefix(d.Told, c.told) {
			t.Errorf("%s: %+v, %+v", name, who, d)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Basic YTpi")
	if _, err := g.Peer("orac-stt", r, Via{}); err == nil {
		t.Error("a password is taken for a token")
	}
}
