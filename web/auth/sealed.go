package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// maxSealed is the longest sealed text that is examined, in bytes: browsers keep cookies of 4 KiB.
const maxSealed = 4096

// aead encrypts with a key that is made from a secret for one purpose (HKDF, RFC 5869).
func aead(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "orac "+purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// envelope is what is sealed, and until when it counts.
type envelope struct {
	Until int64           `json:"until"` // seconds since 1970 UTC
	Value json.RawMessage `json:"value"`
}

// seal gives a browser something to keep for a while, so that strangers cannot fill the memory here with what they begin and never end.
// Nobody else can read, change or make it, and it is good for one purpose.
func (g *Guard) seal(purpose string, value any, life time.Duration) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	text, err = json.Marshal(envelope{g.now().Add(life).Unix(), text})
	if err != nil {
		return "", err
	}
	a, err := aead(g.hashKey, purpose)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(a.Seal(nil, nil, text, nil)), nil
}

// unseal reads what seal has made for the same purpose, unless its time is over.
func (g *Guard) unseal(purpose, sealed string, into any) bool {
	if len(sealed) > maxSealed {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return false
	}
	a, err := aead(g.hashKey, purpose)
	if err != nil {
		return false
	}
	text, err := a.Open(nil, nil, b, nil)
	var e envelope
	return err == nil && json.Unmarshal(text, &e) == nil && g.now().Unix() <= e.Until && json.Unmarshal(e.Value, into) == nil
}

// setKept has a browser keep something for this appliance alone; "" takes it away.
func (g *Guard) setKept(w http.ResponseWriter, via Via, name, value string, life time.Duration) {
	c := &http.Cookie{Name: cookieName(g.hashKey, via.Secure, name), Value: value, Path: "/", HttpOnly: true, Secure: via.Secure, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// kept is what a browser keeps under a name.
func (g *Guard) kept(r *http.Request, via Via, name string) string {
	c, err := r.Cookie(cookieName(g.hashKey, via.Secure, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// cookieName is the name of a cookie. Browsers send a cookie to every port of a host, so the name ends in a mark that only this state
// directory has: several appliances on one host do not overwrite each other's cookies. The mark tells nothing about the key that it is
// made from. Under TLS the prefix __Host- makes browsers accept the cookie only from this host, for the whole host, and over TLS.
func cookieName(key []byte, secure bool, name string) string {
	name += "_" + fingerprint(key, "cookies")[:12]
	if secure {
		return "__Host-" + name
	}
	return name
}
