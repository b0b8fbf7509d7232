package house

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Bundle is what a member holds.
type Bundle struct {
	Key         *ecdsa.PrivateKey
	Leaf        *x509.Certificate
	Authorities []*x509.Certificate // one, and for a while two
}

const (
	maxFile        = 64 << 10 // bytes
	maxAuthorities = 4
)

// Backdate is how long before its issue a certificate becomes valid: so far the clocks of two members may differ.
const Backdate = time.Hour

// Life returns when the certificate was issued and when it ends.
func (b *Bundle) Life() (from, to time.Time) { return b.Leaf.NotBefore.Add(Backdate), b.Leaf.NotAfter }

// Member is whom the bundle's certificate names.
func (b *Bundle) Member() Member {
	m, _ := MemberOf(b.Leaf) // Check has looked
	return m
}

// Check says why the parts of a bundle do not belong together. Whether it is still valid is another question.
func (b *Bundle) Check() error {
	switch {
	case b.Key == nil || b.Leaf == nil || len(b.Authorities) == 0:
		return errors.New("the private key, the certificate or the authorities are missing")
	case b.Key.Curve != elliptic.P256():
		return errors.New("the private key is not of the curve P-256")
	case len(b.Authorities) > maxAuthorities:
		return fmt.Errorf("there are more than %d authorities", maxAuthorities)
	case b.Leaf.IsCA:
		return errors.New("the certificate is an authority's")
	}
	if public, ok := b.Leaf.PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(b.Key.Public()) {
		return errors.New("the certificate is for another private key")
	}
	if _, err := MemberOf(b.Leaf); err != nil {
		return err
	}
	for _, a := range b.Authorities {
		if err := CheckAuthority(a); err != nil {
			return err
		}
	}
	from, _ := b.Life()
	_, err := Verify(b.Leaf, b.Authorities, from, x509.ExtKeyUsageClientAuth)
	return err
}

// CheckAuthority says why a certificate cannot be that of a house's authority. It signs members and no other authority.
func CheckAuthority(c *x509.Certificate) error {
	public, ok := c.PublicKey.(*ecdsa.PublicKey)
	switch {
	case !c.IsCA || !c.BasicConstraintsValid || c.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("it is no authority's certificate")
	case !c.MaxPathLenZero:
		return errors.New("the authority may make other authorities")
	case !ok || public.Curve != elliptic.P256():
		return errors.New("the authority's key is not of the curve P-256")
	}
	return c.CheckSignatureFrom(c)
}

// Verify checks a member's certificate at a moment, and returns whom it names.
func Verify(leaf *x509.Certificate, authorities []*x509.Certificate, now time.Time, usage x509.ExtKeyUsage) (Member, error) {
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots: pool(authorities), Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	}); err != nil {
		return Member{}, err
	}
	if leaf.IsCA {
		return Member{}, errNobody
	}
	return MemberOf(leaf)
}

// Common tells whether two lists of authorities share one. Authorities are known by their keys.
func Common(a, b []*x509.Certificate) bool {
	return slices.ContainsFunc(a, func(x *x509.Certificate) bool { return Knows(b, x) })
}

// Knows tells whether a list of authorities has one.
func Knows(list []*x509.Certificate, a *x509.Certificate) bool {
	key, ok := a.PublicKey.(*ecdsa.PublicKey)
	return ok && slices.ContainsFunc(list, func(o *x509.Certificate) bool { return key.Equal(o.PublicKey) })
}

func pool(list []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range list {
		p.AddCert(c)
	}
	return p
}

// The types of the blocks of a bundle's file.
const keyBlock, certificateBlock = "PRIVATE KEY", "CERTIFICATE"

// encode writes a bundle as PEM: the key, the certificate, the authorities.
func (b *Bundle) encode() ([]byte, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(b.Key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: b.Leaf.Raw})...)
	for _, a := range b.Authorities {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.Raw})...)
	}
	return text, nil
}

// parse reads what encode writes.
func parse(text []byte) (*Bundle, error) {
	b := &Bundle{}
	for first := true; len(text) > 0; first = false {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("it is not PEM")
		}
		text = rest
		switch {
		case first && block.Type == keyBlock:
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("its private key cannot be read")
			}
			b.Key, _ = key.(*ecdsa.PrivateKey)
		case !first && block.Type == certificateBlock && len(b.Authorities) < maxAuthorities:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, errors.New("a certificate of it cannot be read")
			}
			if b.Leaf == nil {
				b.Leaf = c
			} else {
				b.Authorities = append(b.Authorities, c)
			}
		default:
			return nil, fmt.Errorf("a block %.20q does not belong there", block.Type)
		}
	}
	return b, b.Check()
}
