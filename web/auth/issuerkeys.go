package auth

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"orac/web/auth/secrets"
	"orac/web/trust"
)

// IssuerSecret is the secret of the state directory that the signing key of an issuer is made from.
const IssuerSecret = "issuer"

// issuerKey signs tokens for members.
type issuerKey struct {
	trust.Key
	private ed25519.PrivateKey
	until   time.Time // zero: no end
}

// newIssuerKey makes a key from a secret of 256 random bits (HKDF, RFC 5869): the secret is rotated, kept and removed like every
// other.
func newIssuerKey(secret string, until time.Time) (issuerKey, error) {
	if len(secret) < MinKey {
		return issuerKey{}, errors.New("the secret issuer is too short: make a new one with orac secrets rotate issuer")
	}
	seed, err := hkdf.Key(sha256.New, []byte(secret), nil, "orac issuer ed25519 1", ed25519.SeedSize)
	if err != nil {
		return issuerKey{}, err
	}
	private := ed25519.NewKeyFromSeed(seed)
	return issuerKey{trust.KeyOf(private.Public().(ed25519.PublicKey)), private, until}, nil
}

// issuerKeys holds the keys of this issuer that are valid now. They are read again when the secret is rotated.
type issuerKeys struct {
	store *secrets.Store

	mu      sync.Mutex // guards everything that follows
	on      bool       // the runbook makes this appliance an issuer
	looked  time.Time
	stamp   secrets.Stamp
	keys    []issuerKey
	problem error
}

// errNoIssuer means that the runbook does not make this appliance an issuer.
var errNoIssuer = errors.New("this appliance is no issuer: its runbook has no issuer block")

// use reads the keys, and makes the first one. A secret that others may have read is not used: see Guard.Use.
func (k *issuerKeys) use(on, make bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.on = on; !on {
		k.keys, k.problem = nil, errNoIssuer
		return nil
	}
	if _, err := k.store.Get(IssuerSecret); make && errors.Is(err, secrets.ErrNone) {
		if err := k.store.Generate(IssuerSecret); err != nil {
			k.keys, k.problem = nil, err
			return err
		}
	}
	k.read()
	return k.problem
}

// read reads the keys. The caller holds the lock.
func (k *issuerKeys) read() {
	k.looked, k.stamp, k.keys, k.problem = time.Now(), k.store.Stamp(IssuerSecret), nil, nil
	text, err := k.store.Get(IssuerSecret)
	if err != nil {
		k.problem = err
		return
	}
	key, err := newIssuerKey(text, time.Time{})
	if err != nil {
		k.problem = err
		return
	}
	k.keys = append(k.keys, key)
	if text, until, ok := k.store.Previous(IssuerSecret); ok { // an expired one is removed
		if key, err := newIssuerKey(text, until); err == nil {
			k.keys = append(k.keys, key)
		}
	}
}

// good returns the keys that are valid now, starting with the one that signs.
func (k *issuerKeys) good() ([]issuerKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if k.on && (now.Sub(k.looked) >= lookEvery || now.Before(k.looked)) {
		if k.looked = now; k.store.Stamp(IssuerSecret) != k.stamp || k.store.HasPrevious(IssuerSecret) {
			k.read()
		}
	}
	if k.problem != nil {
		return nil, k.problem
	}
	over := func(key issuerKey) bool { return !key.until.IsZero() && !now.Before(key.until) }
	return slices.DeleteFunc(slices.Clone(k.keys), over), nil
}

// IssuerKeys returns the public keys of this issuer, starting with the one that signs.
func (g *Guard) IssuerKeys() (list []trust.Key, err error) {
	keys, err := g.issuers.good()
	for _, k := range keys {
		list = append(list, k.Key)
	}
	return list, err
}

// RotateIssuer makes a new signing key if the present one has signed for as long as the runbook says, and tells whether it did. The
// one before stays valid as long as a token lives that it has signed. Call it once an hour.
func (g *Guard) RotateIssuer() (bool, error) {
	i := g.policy.Load().issuing
	if i.url == "" {
		return false, nil
	}
	info, err := g.Secrets.Info(IssuerSecret)
	if err != nil || g.now().Sub(info.Changed) < i.rotate {
		return false, err
	}
	if _, _, overlaps := g.Secrets.Previous(IssuerSecret); overlaps {
		return false, nil // tokens of the one before still live
	}
	return true, g.Secrets.Rotate(IssuerSecret, i.life+2*trust.Leeway)
}

// IssuerState is how well an appliance can sign tokens for members.
type IssuerState struct {
	Key     string    // the ID of the key that signs; "" if there is none
	Before  string    // the ID of the one before, while tokens of it are valid; "" if there is none
	Until   time.Time // when Before ends
	Made    time.Time // when Key was made; zero if that is not known
	Due     time.Time // when the next one is to be made
	Problem error     // why nothing can be signed
}

// IssuerState returns how well this issuer can sign; false if this appliance is none.
func (g *Guard) IssuerState() (s IssuerState, on bool) {
	i := g.policy.Load().issuing
	if i.url == "" {
		return s, false
	}
	keys, err := g.issuers.good()
	if err != nil {
		return IssuerState{Problem: err}, true
	}
	s.Key = keys[0].ID
	if len(keys) > 1 {
		s.Before, s.Until = keys[1].ID, keys[1].until
	}
	if info, err := g.Secrets.Info(IssuerSecret); err == nil {
		s.Made, s.Due = info.Changed, info.Changed.Add(i.rotate)
	}
	if s.Until.After(s.Due) { // the next one waits for the end of the one before
		s.Due = s.Until
	}
	return s, true
}
