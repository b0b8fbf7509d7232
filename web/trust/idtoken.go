package trust

import (
	"crypto/ed25519"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// IDTokenType is the type of ID tokens. No access token has it.
	IDTokenType = "JWT"
	// IDTokenLife is how long an ID token may be used: it is read once, at once.
	IDTokenLife = 5 * time.Minute
)

// IDClaims are what an ID token says about a login (OpenID Connect Core, 2). Its subject is the name of the user at the issuer.
type IDClaims struct {
	jwt.RegisteredClaims
	Nonce    string `json:"nonce"`
	LoggedIn int64  `json:"auth_time"` // seconds since 1970 UTC
}

// SignID makes an ID token. The signer's key has the ID id.
func SignID(id string, private ed25519.PrivateKey, c IDClaims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	t.Header["kid"], t.Header["typ"] = id, IDTokenType
	return t.SignedString(private)
}
