package enrol

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"time"

	"orac/appliance/house"
	"orac/web/auth/secrets"
)

// SecretName is the secret of the state directory that the house's authority is made from. It is rotated, kept and removed like every
// other.
const SecretName = "house_authority"

const (
	minSecret = 32 // bytes
	// lifetime is how long an authority is valid after its secret was made.
	lifetime = 10 * 365 * 24 * time.Hour
)

// longAgo is when authorities become valid: earlier than the clock of any member.
var longAgo = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Authority signs the certificates of a house.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newAuthority makes the authority of an issuer from a secret. It is the same each time: nothing but the secret has to be kept.
func newAuthority(secret, issuer string, until time.Time) (*Authority, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("the secret %s is too short: make a new one with orac secrets rotate %s", SecretName, SecretName)
	}
	of, err := house.NewMember(issuer, "issuer")
	if err != nil {
		return nil, err
	}
	key, err := keyOf(secret)
	if err != nil {
		return nil, err
	}
	serial, err := hkdf.Key(sha256.New, []byte(secret), nil, "orac house serial 1", 16)
	if err != nil {
		return nil, err
	}
	serial[0] = serial[0]&0x7f | 0x40
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: "ORAC house " + hex.EncodeToString(serial[1:5]), Organization: []string{of.Issuer}},
		NotBefore: longAgo, NotAfter: until.UTC().Truncate(time.Second), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	if _, err := netip.ParseAddr(of.Issuer); err != nil { // Go refuses an address in a URI wherever there is a constraint of URIs
		template.PermittedDNSDomainsCritical, template.PermittedURIDomains = true, []string{of.Issuer}
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key) // without chance: the same bytes each time
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	return &Authority{c, key}, err
}

// keyOf makes a key of the curve P-256 from a secret (FIPS 186-5, A.2.1: 64 bits more than the order has, so that no key is likelier).
func keyOf(secret string) (*ecdsa.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, []byte(secret), nil, "orac house ecdsa p-256 1", 40)
	if err != nil {
		return nil, err
	}
	curve := elliptic.P256()
	n := new(big.Int).Sub(curve.Params().N, big.NewInt(1))
	d := new(big.Int).SetBytes(seed)
	d.Mod(d, n).Add(d, big.NewInt(1))
	return ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, 32)))
}

// authorities are those of a house that count at a moment.
type authorities struct {
	signs *Authority   // now
	all   []*Authority // also one that counts only for a while
}

// certificates of the authorities, the one that signs first.
func (a authorities) certificates() (list []*x509.Certificate) {
	list = append(list, a.signs.Certificate)
	for _, other := range a.all {
		if other != a.signs {
			list = append(list, other.Certificate)
		}
	}
	return list
}

// authoritiesOf reads the authorities of an issuer, and makes the first one if make is set.
//
// After a rotation the one before goes on signing for half of the overlap: until then all members, which ask every few minutes, know the new
// one. A secret that others may have read is not used.
func authoritiesOf(s *secrets.Store, issuer string, now time.Time, make bool) (a authorities, err error) {
	text, err := s.Get(SecretName)
	if make && errors.Is(err, secrets.ErrNone) {
		if err = s.Generate(SecretName); err == nil || errors.Is(err, secrets.ErrExists) {
			text, err = s.Get(SecretName)
		}
	}
	if err != nil {
		return a, err
	}
	info, err := s.Info(SecretName)
	if err != nil {
		return a, err
	}
	if a.signs, err = newAuthority(text, issuer, info.Changed.Add(lifetime)); err != nil {
		return a, err
	}
	a.all = []*Authority{a.signs}
	text, until, ok := s.Previous(SecretName)
	if !ok || !now.Before(until) {
		return a, nil
	}
	before, err := newAuthority(text, issuer, until)
	if err != nil {
		return a, nil // it signed nothing
	}
	a.all = append(a.all, before)
	if now.Before(info.Changed.Add(until.Sub(info.Changed) / 2)) {
		a.signs = before
	}
	return a, nil
}
