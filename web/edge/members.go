package edge

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"

	"orac/appliance/house"
)

// Admit returns why a member of the house must not connect, although its certificate is good; nil: it may.
type Admit func(m house.Member, c *x509.Certificate) error

// onlyMembers has a server take nobody but members of the house of a state directory. It is asked on every connection, also on one that
// resumes a session.
func onlyMembers(c *tls.Config, stateDir string, admit Admit) {
	own := house.In(stateDir)
	c.ClientAuth = tls.RequireAnyClientCert
	c.VerifyConnection = func(s tls.ConnectionState) error {
		m, err := own.Caller(s, time.Now())
		if err == nil && admit != nil {
			err = admit(m, s.PeerCertificates[0])
		}
		return err
	}
}

// MemberOf returns the member that has shown its certificate on the connection of a request, with the certificate; false if none has, as
// where the server asks for none, or if the certificate has expired since.
func MemberOf(r *http.Request) (house.Member, *x509.Certificate, bool) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return house.Member{}, nil, false
	}
	c := r.TLS.PeerCertificates[0]
	m, err := house.MemberOf(c) // the handshake has proven it, perhaps long ago
	return m, c, err == nil && !time.Now().After(c.NotAfter)
}

// SelfSigned returns the self-signed certificate of a state directory.
func SelfSigned(stateDir string) (*x509.Certificate, error) {
	dir, err := ownFolder(stateDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	c := &certificate{own: stateDir, cert: dir.Path(certName), key: dir.Path(keyName)}
	pair, err := c.load()
	if err != nil {
		return nil, err
	}
	return pair.Leaf, nil
}
