package edge

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"orac/appliance/house"
)

// Admit returns why a member of the house must not connect, although its certificate is good; nil: it may.
type Admit func(m house.Member, c *x509.Certificate) error

// onlyMembers has a server take nobody but members of the house of a state directory. It is asked on every connection, also on one that
// resumes a session. A member that is refused learns no reason from TLS, so the log has it.
func onlyMembers(c *tls.Config, stateDir string, admit Admit, log *slog.Logger) {
	own, told := house.In(stateDir), &turned{log: log}
	c.ClientAuth = tls.RequireAnyClientCert
	c.VerifyConnection = func(s tls.ConnectionState) error {
		m, err := own.Caller(s, time.Now())
		if err == nil && admit != nil {
			err = admit(m, s.PeerCertificates[0])
		}
		if err != nil && m != (house.Member{}) {
			told.away(m.Name, err, time.Now())
		}
		return err
	}
}

const (
	// tellAgain is how often the log says again that one member is refused.
	tellAgain = 10 * time.Minute
	// mostTold is of how many members that is remembered.
	mostTold = 256
)

// turned tells who was turned away, now and then.
type turned struct {
	log *slog.Logger

	mu sync.Mutex // guards everything that follows
	at map[string]time.Time
}

// away notes that a member, whose certificate is proven, was refused.
func (t *turned) away(name string, why error, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at, ok := t.at[name]; ok && now.Sub(at) < tellAgain && !now.Before(at) {
		return
	}
	if t.at == nil || len(t.at) >= mostTold {
		t.at = map[string]time.Time{}
	}
	t.at[name] = now
	t.log.Warn("a member of the house was refused", "member", name, "cause", why)
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
