package house

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// made is the bundle of a member, with what change makes of its authority and its certificate.
func made(t testing.TB, change func(authority, leaf *x509.Certificate)) *Bundle {
	t.Helper()
	b, _ := madeBy(t, change)
	return b
}

// madeBy is made, with the key of the authority.
func madeBy(t testing.TB, change func(authority, leaf *x509.Certificate)) (*Bundle, *ecdsa.PrivateKey) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testkit.Must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testkit.Must(t, err)
	now := time.Now()
	a := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "house"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true}
	l := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: now.Add(-Backdate), NotAfter: now.Add(time.Hour), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, URIs: []*url.URL{Member{"core.local", "kitchen"}.URI()}}
	change(a, l)
	sign := func(c, parent *x509.Certificate, public *ecdsa.PublicKey) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, c, parent, public, signer)
		testkit.Must(t, err)
		c, err = x509.ParseCertificate(der)
		testkit.Must(t, err)
		return c
	}
	authority := sign(a, a, &signer.PublicKey)
	return &Bundle{Key: key, Leaf: sign(l, authority, &key.PublicKey), Authorities: []*x509.Certificate{authority}}, signer
}

// TestWhatIsNoBundle: parts that do not belong together are neither kept nor believed.
func TestWhatIsNoBundle(t *testing.T) {
	same := func(*x509.Certificate, *x509.Certificate) {}
	good := made(t, same)
	testkit.Must(t, good.Check())
	text, err := good.encode()
	testkit.Must(t, err)
	if back, err := parse(text); err != nil || back.Member() != (Member{"core.local", "kitchen"}) {
		t.Errorf("%v", err)
	}
	named := func(text string) func(*x509.Certificate, *x509.Certificate) {
		return func(_, l *x509.Certificate) {
			u, err := url.Parse(text)
			testkit.Must(t, err)
			l.URIs = []*url.URL{u}
		}
	}
	for what, b := range map[string]*Bundle{
		"an authority that may make others": made(t, func(a, _ *x509.Certificate) { a.MaxPathLenZero, a.MaxPathLen = false, 1 }),
		"an authority that is none":         made(t, func(a, _ *x509.Certificate) { a.IsCA, a.MaxPathLenZero = false, false }),
		"a certificate of an authority":     made(t, func(_, l *x509.Certificate) { l.IsCA = true }),
		"for servers alone":                 made(t, func(_, l *x509.Certificate) { l.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
		"of nobody":                         made(t, func(_, l *x509.Certificate) { l.URIs = nil }),
		"of two":                            made(t, func(_, l *x509.Certificate) { l.URIs = append(l.URIs, l.URIs[0]) }),
		"of another scheme":                 made(t, named("https://core.local/member/kitchen")),
		"with a port":                       made(t, named("orac://core.local:7171/member/kitchen")),
		"with a query":                      made(t, named("orac://core.local/member/kitchen?x=y")),
		"of a user":                         made(t, named("orac://a@core.local/member/kitchen")),
		"with capitals":                     made(t, named("orac://core.local/member/Kitchen")),
		"with another's key":                {Key: made(t, same).Key, Leaf: good.Leaf, Authorities: good.Authorities},
		"of another house":                  {Key: good.Key, Leaf: good.Leaf, Authorities: made(t, same).Authorities},
		"without authorities":               {Key: good.Key, Leaf: good.Leaf},
	} {
		if b.Check() == nil {
			t.Errorf("a certificate %s is good", what)
		}
		if In(t.TempDir()).Keep(b) == nil {
			t.Errorf("a certificate %s is kept", what)
		}
	}
}

// FuzzParse: whatever the file holds, it is refused or belongs together.
func FuzzParse(f *testing.F) {
	text, err := made(f, func(*x509.Certificate, *x509.Certificate) {}).encode()
	testkit.Must(f, err)
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add(bytes.Repeat(text, 2))
	f.Fuzz(func(t *testing.T, text []byte) {
		if b, err := parse(text); err == nil && b.Check() != nil {
			t.Error("parts that do not belong together")
		}
	})
}
