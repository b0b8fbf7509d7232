package trust

import (
	"crypto/ed25519"
	"encoding/json"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// FuzzParseKeys: whatever is read as keys is written and read as the same, and holds nothing but Ed25519 keys under their own names.
func FuzzParseKeys(f *testing.F) {
	k, _ := newKey(f)
	f.Add(EncodeKeys([]Key{k}))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":"","kid":""}]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := ParseKeys(text)
		if err != nil {
			return
		}
		again, err := ParseKeys(EncodeKeys(keys))
		if err != nil || len(again) != len(keys) || len(keys) == 0 || len(keys) > mostKeys {
			t.Fatalf("%d keys, then %d, %v", len(keys), len(again), err)
		}
		for n, k := range keys {
			if len(k.Public) != ed25519.PublicKeySize || k.ID != Thumbprint(k.Public) || again[n].ID != k.ID {
				t.Errorf("%+v", k)
			}
		}
	})
}

// FuzzVerify: no text but the one that was signed is a token.
func FuzzVerify(f *testing.F) {
	k, private := newKey(f)
	now := time.Now()
	good, err := Sign(k.ID, private, Claims{RegisteredClaims: jwt.RegisteredClaims{
		Issuer: "https://core.test", Subject: "anna", Audience: jwt.ClaimStrings{"kitchen"}, ID: "1", IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour)),
	}, Kind: "user", Login: "login"})
	if err != nil {
		f.Fatal(err)
	}
	r := Rules{Issuer: "https://core.test", Audience: "kitchen", Now: func() time.Time { return now }, Key: func(id string) (ed25519.PublicKey, bool) { return k.Public, id == k.ID }}
	if _, err := r.Verify(good); err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := r.Verify(text); err == nil && text != good {
			t.Errorf("%q is %+v", text, c)
		}
		if IssuerOf(text) != "" && !Is(text) {
			t.Errorf("%q has an issuer and is no token", text)
		}
	})
}

// FuzzActive: an answer about a token says true or false, or is none.
func FuzzActive(f *testing.F) {
	f.Add([]byte(`{"active":true}`))
	f.Add([]byte(`{"active":"true"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		lives, err := parseActive(text)
		var any map[string]any
		if err == nil && json.Unmarshal(text, &any) != nil {
			t.Errorf("%q is %v", text, lives)
		}
	})
}
