package esphome

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
)

// keySize is the length of a key in bytes.
const keySize = 32

// Key is the secret that a device shares with its clients. It is never the zero value: see ParseKey.
type Key struct{ bytes [keySize]byte }

// ErrKey means that a text is no key.
var ErrKey = errors.New("the key must be 32 random bytes in base64: 44 characters that end with =")

// ErrZeroKey means that a key is the one that everybody knows.
var ErrZeroKey = errors.New("the key consists of zeros, which everybody knows: take 32 random bytes, as in `openssl rand -base64 32`")

// ParseKey reads a key as people and Home Assistant write it, in base64.
func ParseKey(text string) (k Key, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != keySize {
		return Key{}, ErrKey
	}
	if copy(k.bytes[:], b); k == (Key{}) {
		return Key{}, ErrZeroKey
	}
	return k, nil
}

// NewKey makes a random key.
func NewKey() (k Key) {
	_, _ = rand.Read(k.bytes[:]) // never fails since Go 1.24
	return k
}

// Text is the key in base64: for whoever keeps it, and for nobody else.
func (k Key) Text() string { return base64.StdEncoding.EncodeToString(k.bytes[:]) }

// String implements fmt.Stringer. It does not show the key.
func (Key) String() string { return "(a key)" }

// GoString implements fmt.GoStringer.
func (Key) GoString() string { return "(a key)" }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText implements encoding.TextMarshaler.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
