package trust

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// MaxKeys is the longest list of keys that is read, in bytes. Two keys take less than 400.
const MaxKeys = 64 << 10

// mostKeys is how many keys an issuer may have at a time.
const mostKeys = 32

// Key is a public key of an issuer.
type Key struct {
	ID     string // see Thumbprint
	Public ed25519.PublicKey
}

// KeyOf names a public key.
func KeyOf(public ed25519.PublicKey) Key { return Key{Thumbprint(public), public} }

// Thumbprint is the ID of a key: SHA-256 of its required members (RFC 7638, RFC 8037 A.3), in base64url.
func Thumbprint(public ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// jwk is a key on the wire (RFC 7517).
type jwk struct {
	Type    string  `json:"kty"`
	Curve   string  `json:"crv,omitempty"`
	X       string  `json:"x,omitempty"`
	ID      string  `json:"kid,omitempty"`
	Use     string  `json:"use,omitempty"`
	Alg     string  `json:"alg,omitempty"`
	Private *string `json:"d,omitempty"`
}

// EncodeKeys writes keys as a JSON Web Key Set.
func EncodeKeys(keys []Key) []byte {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range keys {
		set.Keys = append(set.Keys, jwk{Type: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(k.Public), ID: k.ID, Use: "sig", Alg: "EdDSA"})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return text
}

// ParseKeys reads the Ed25519 keys of a JSON Web Key Set, at least one. Keys of other kinds and for other uses are passed over. A key
// whose ID is not its thumbprint, and a private key, make the whole set unusable: whoever writes such a set is no issuer of ours.
func ParseKeys(text []byte) ([]Key, error) {
	if len(text) > MaxKeys {
		return nil, fmt.Errorf("the set of keys has more than %d bytes", MaxKeys)
	}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("the answer is not a JSON Web Key Set")
	}
	if len(set.Keys) > mostKeys {
		return nil, fmt.Errorf("the set has more than %d keys", mostKeys)
	}
	var keys []Key
	seen := map[string]bool{}
	for _, j := range set.Keys {
		if j.Private != nil {
			return nil, errors.New("the set has a private key")
		}
		if j.Type != "OKP" || j.Curve != "Ed25519" || j.Use != "" && j.Use != "sig" || j.Alg != "" && j.Alg != "EdDSA" {
			continue
		}
		public, err := base64.RawURLEncoding.Strict().DecodeString(j.X)
		if err != nil || len(public) != ed25519.PublicKeySize {
			return nil, errors.New("a key of the set is malformed")
		}
		k := KeyOf(public)
		if k.ID != j.ID {
			return nil, errors.New("the ID of a key is not its thumbprint")
		}
		if !seen[k.ID] {
			keys = append(keys, k)
		}
		seen[k.ID] = true
	}
	if len(keys) == 0 {
		return nil, errors.New("the set has no Ed25519 key for signatures")
	}
	return keys, nil
}
