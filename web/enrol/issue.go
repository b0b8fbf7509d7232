package enrol

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"time"

	"orac/appliance/house"
)

// maxRequest is the longest request for a certificate, in bytes. One of P-256 has about 220.
const maxRequest = 1 << 10

// newRequest asks for a certificate for a key (PKCS #10). Everything that the certificate says is the issuer's to decide: the request
// names the member, so that the two sides notice a mistake, and nothing else.
func newRequest(key *ecdsa.PrivateKey, name string) ([]byte, error) {
	return x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
}

// parseRequest returns the key of a member's request. Whoever asks for anything else than a plain certificate for a key of P-256 is no
// member of ours.
func parseRequest(der []byte, name string) (*ecdsa.PublicKey, error) {
	if len(der) > maxRequest {
		return nil, errors.New("the request for a certificate is too long")
	}
	r, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, errors.New("the request for a certificate cannot be read")
	}
	public, ok := r.PublicKey.(*ecdsa.PublicKey)
	switch {
	case !ok || public.Curve != elliptic.P256():
		return nil, errors.New("the key is not of the curve P-256")
	case r.CheckSignature() != nil:
		return nil, errors.New("the request is not signed with its key")
	case len(r.Extensions) > 0 || len(r.DNSNames)+len(r.IPAddresses)+len(r.URIs)+len(r.EmailAddresses) > 0:
		return nil, errors.New("the request asks for names and uses: they are the issuer's to give")
	case r.Subject.String() != (pkix.Name{CommonName: name}).String():
		return nil, errors.New("the request is for another name than the member's")
	}
	return public, nil
}

// issue signs a certificate for a member. at is the address of its console, "" if it has none: only at that host it may be a server.
func (a authorities) issue(m house.Member, at string, key *ecdsa.PublicKey, now time.Time, life time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: m.Name},
		NotBefore: now.Add(-house.Backdate), NotAfter: earlier(now.Add(life), a.signs.Certificate.NotAfter), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, URIs: []*url.URL{m.URI()},
	}
	if u, err := url.Parse(at); err == nil && u.Hostname() != "" {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
			t.IPAddresses = []net.IP{ip.AsSlice()}
		} else {
			t.DNSNames = []string{u.Hostname()}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.signs.Certificate, key, a.signs.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// end signs the list of the certificates that have ended before their time, by their serials. It is complete, and its number grows with
// time.
func (a authorities) end(serials []string, now time.Time, life time.Duration) ([]byte, error) {
	list := &x509.RevocationList{Number: big.NewInt(now.UnixMicro()), ThisUpdate: now, NextUpdate: now.Add(life)}
	for _, text := range serials {
		serial, ok := new(big.Int).SetString(text, 16)
		if !ok {
			return nil, fmt.Errorf("%.40q is no serial of a certificate", text)
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now})
	}
	return x509.CreateRevocationList(rand.Reader, list, a.signs.Certificate, a.signs.key)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// serialOf is the number of a certificate in records.
func serialOf(c *x509.Certificate) string { return c.SerialNumber.Text(16) }
