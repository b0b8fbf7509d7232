package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"orac/runbook"
	"orac/web/auth/secrets"
)

// MinKey is the minimum length of a signing key in bytes: 256 bits (RFC 7518, 3.2).
const MinKey = 32

// SigningSecret is the secret of the state directory that signs when the runbook names none.
const SigningSecret = "jwt"

// signingKey signs and checks tokens.
type signingKey struct {
	id    string
	bytes []byte
	until time.Time // zero: no end
}

// newKey makes a key. Its ID is derived from it and does not reveal it.
func newKey(text string, until time.Time) (signingKey, error) {
	if len(text) < MinKey {
		return signingKey{}, fmt.Errorf("a signing key has %d bytes, but HS256 needs at least %d: make a new one with orac secrets rotate", len(text), MinKey)
	}
	h := hmac.New(sha256.New, []byte(text))
	h.Write([]byte("orac key id 1"))
	return signingKey{hex.EncodeToString(h.Sum(nil)[:8]), []byte(text), until}, nil
}

// keyring holds the keys that are valid now. A key that is a file of the state directory is read again when it is rotated;
// a key from elsewhere changes with the runbook.
type keyring struct {
	store *secrets.Store

	mu      sync.Mutex // guards everything that follows
	follow  string     // name of the file; "" if the key is not a file
	fixed   string
	old     string // jwt_previous
	looked  time.Time
	stamp   secrets.Stamp // of the file, when the keys were read
	keys    []signingKey
	problem error
}

// errExposed says that others may have read the file of the key.
var errExposed = errors.New("the signing key may have been read by others")

// use puts the keys of a runbook into force. If the runbook names no key, the file is used, and made if it is missing. If
// others may have read the file and it may be replaced, the error is errExposed, and no key is in force until replace.
func (k *keyring) use(a runbook.Auth, replaceable bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fixed, k.old, k.follow = a.JWTSecret.Reveal(), a.JWTPrevious.Reveal(), SigningSecret
	if k.fixed != "" {
		k.follow = k.store.NameOf(k.fixed)
	} else if _, err := k.store.Get(SigningSecret); errors.Is(err, secrets.ErrNone) {
		if err := k.store.Generate(SigningSecret); err != nil {
			return err
		}
	} else if replaceable && k.store.Exposed(SigningSecret) {
		k.keys, k.problem = nil, errExposed
		return errExposed
	}
	k.read()
	return k.problem
}

// replace makes a new key in place of one that others may have read, unless err says that it must stay. Then no key is in force.
func (k *keyring) replace(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		err = k.store.Replace(SigningSecret)
	}
	if err != nil {
		k.keys, k.problem = nil, err
		return err
	}
	k.read()
	return k.problem
}

// read reads the keys. The caller holds the lock.
func (k *keyring) read() {
	k.looked, k.stamp, k.keys, k.problem = time.Now(), k.store.Stamp(k.follow), nil, nil
	add := func(text string, until time.Time) {
		key, err := newKey(text, until)
		if err != nil {
			k.problem = err
			return
		}
		k.keys = append(k.keys, key)
	}
	text := k.fixed
	if k.follow != "" {
		var err error
		if text, err = k.store.Get(k.follow); err != nil {
			k.problem = err
			return
		}
	}
	add(text, time.Time{})
	if k.follow != "" { // an expired one is removed
		if text, until, ok := k.store.Previous(k.follow); ok {
			add(text, until)
		}
	}
	if k.old != "" {
		add(k.old, time.Time{})
	}
}

// good returns the keys that are valid now, starting with the one that signs.
func (k *keyring) good() ([]signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if now.Sub(k.looked) >= lookEvery || now.Before(k.looked) {
		if k.looked = now; k.follow != "" && (k.store.Stamp(k.follow) != k.stamp || k.store.HasPrevious(k.follow)) {
			k.read() // this removes a previous key whose overlap has ended: no clock makes it valid again
		}
	}
	if k.problem != nil {
		return nil, k.problem
	}
	over := func(key signingKey) bool { return !key.until.IsZero() && !now.Before(key.until) }
	if slices.ContainsFunc(k.keys, over) {
		return slices.DeleteFunc(slices.Clone(k.keys), over), nil
	}
	return k.keys, nil // read makes a new slice and never changes this one
}
