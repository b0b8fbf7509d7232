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

// setKept has a browser keep something for this host alone; "" takes it away.
func setKept(w http.ResponseWriter, via Via, name, value string, life time.Duration) {
	c := &http.Cookie{Name: keptName(via, name), Value: value, Path: "/", HttpOnly: true, Secure: via.Secure, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// kept is what a browser keeps under a name.
func kept(r *http.Request, via Via, name string) string {
	c, err := r.Cookie(keptName(via, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// keptName is the name of a cookie: under TLS no other host and no page without TLS can set it.
func keptName(via Via, name string) string {
	if via.Secure {
		return "__Host-" + name
	}
	return name
}
