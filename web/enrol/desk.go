package enrol

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"

	"orac/appliance/house"
	"orac/runbook"
	"orac/web/auth/secrets"
)

// Roll is the issuer's memory of its certificates.
type Roll interface {
	// CertificateIssued notes a certificate of a member, unless the one by whose serial the member asks has ended. Without one, the
	// member has joined, and its earlier ones end.
	CertificateIssued(member, serial string, life time.Duration, by string) error
	// EndCertificates ends all certificates of a member.
	EndCertificates(member string) error
	// CertificateEnded tells whether a certificate has ended before its time.
	CertificateEnded(serial string) bool
	// EndedCertificates returns the serials of those that have ended and would still be valid, house.MaxEnded at most.
	EndedCertificates() ([]string, error)
}

// Desk is the issuer's side of enrolment: it proves, checks and signs. What a new member changes in the runbook is up to its caller. It
// is safe for concurrent use.
type Desk struct {
	Book    *Book
	Secrets *secrets.Store
	Roll    Roll
}

// ErrRefused means that a member may not have a certificate; the text says why.
type ErrRefused struct{ Why string }

func (e *ErrRefused) Error() string { return e.Why }

func refused(err error) error { return &ErrRefused{err.Error()} }

// Hello answers the first message of an appliance that has a code, which it only names, with the proof that this issuer knows it. So the
// appliance learns whom it talks to before it says anything.
func (d *Desk) Hello(conn *tls.ConnectionState, in HelloInput) (Proof, error) {
	ch, err := channel(conn)
	if err != nil {
		return Proof{}, refused(err)
	}
	p, err := d.Book.hello(in.ID, ch, []byte(in.ID), []byte(in.Nonce))
	return Proof{encode(p)}, err
}

// Proven returns what a code is good for, to an appliance that has proven that it knows it.
func (d *Desk) Proven(conn *tls.ConnectionState, in CertificateInput) (Ticket, error) {
	step := stepCertificate
	if in.Request == "" {
		step = stepLook
	}
	ch, err := channel(conn)
	if err != nil {
		return Ticket{}, refused(err)
	}
	proof, err := bytesOf(in.Proof)
	if err != nil {
		return Ticket{}, ErrNoCode
	}
	return d.Book.proven(in.ID, step, ch, proof, in.said()...)
}

// said is what a proof of the member covers.
func (in CertificateInput) said() [][]byte {
	return [][]byte{[]byte(in.ID), []byte(in.Nonce), []byte(in.Request), []byte(in.Fingerprint)}
}

// Begin takes the code of a ticket for a certificate, once. back gives it back if nothing comes of it.
func (d *Desk) Begin(t Ticket) (back func(), err error) {
	if !d.Book.take(t.keys.id) {
		return nil, ErrNoCode
	}
	return func() { d.Book.putBack(t) }, nil
}

// Look says what a code is good for.
func (d *Desk) Look(conn *tls.ConnectionState, in CertificateInput, t Ticket, rb *runbook.Runbook) (Sealed, error) {
	a, err := authoritiesOf(d.Secrets, rb.Issuer.URL, time.Now(), true)
	if err != nil {
		return Sealed{}, err
	}
	return d.seal(conn, in, t, papersOf(a, rb, t.Member, t.at(rb), nil))
}

// CheckRequest says why a member's request cannot be granted, before anything is changed for it.
func (d *Desk) CheckRequest(in CertificateInput, t Ticket) error {
	_, err := requestedKey(in.Request, t.Member)
	return err
}

// requestedKey is the key of a request for a certificate of a member.
func requestedKey(request, member string) (*ecdsa.PublicKey, error) {
	der, err := bytesOf(request)
	if err != nil {
		return nil, refused(err)
	}
	key, err := parseRequest(der, member)
	if err != nil {
		return nil, refused(err)
	}
	return key, nil
}

// Sign makes the certificate of a new member. Earlier ones of the same name end.
func (d *Desk) Sign(conn *tls.ConnectionState, in CertificateInput, t Ticket, rb *runbook.Runbook) (Sealed, error) {
	key, err := requestedKey(in.Request, t.Member)
	if err != nil {
		return Sealed{}, err
	}
	a, c, err := d.issue(rb, t.Member, t.at(rb), key, "")
	if err != nil {
		return Sealed{}, err
	}
	return d.seal(conn, in, t, papersOf(a, rb, t.Member, t.at(rb), c))
}

func (d *Desk) issue(rb *runbook.Runbook, name, at string, key *ecdsa.PublicKey, by string) (a authorities, c *x509.Certificate, err error) {
	now := time.Now()
	m, err := house.NewMember(rb.Issuer.URL, name)
	if err != nil {
		return a, nil, refused(err)
	}
	if a, err = authoritiesOf(d.Secrets, rb.Issuer.URL, now, true); err != nil {
		return a, nil, err
	}
	if c, err = a.issue(m, at, key, now, rb.Issuer.Certificates); err != nil {
		return a, nil, err
	}
	if name == rb.Appliance.Name { // this appliance's own: nobody ends it
		return a, c, nil
	}
	return a, c, d.Roll.CertificateIssued(name, serialOf(c), rb.Issuer.Certificates, by)
}

func papersOf(a authorities, rb *runbook.Runbook, member, at string, c *x509.Certificate) Papers {
	p := Papers{Issuer: rb.Issuer.URL, Member: member, URL: at}
	for _, one := range a.certificates() {
		p.Authorities = append(p.Authorities, encode(one.Raw))
	}
	if c != nil {
		p.Certificate = encode(c.Raw)
	}
	return p
}

// seal adds the issuer's proof to an answer.
func (d *Desk) seal(conn *tls.ConnectionState, in CertificateInput, t Ticket, p Papers) (Sealed, error) {
	ch, err := channel(conn)
	if err != nil {
		return Sealed{}, refused(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Sealed{}, err
	}
	step := stepCertificate
	if in.Request == "" {
		step = stepLook
	}
	return Sealed{encode(text), encode(t.keys.prove(issuerSide, step, ch, append(in.said(), text)...))}, nil
}

// Own makes the certificate of the issuer itself, for its own servers.
func (d *Desk) Own(rb *runbook.Runbook) (*house.Bundle, error) {
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	a, c, err := d.issue(rb, rb.Appliance.Name, rb.Issuer.URL, &key.PublicKey, "")
	if err != nil {
		return nil, err
	}
	b := &house.Bundle{Key: key, Leaf: c, Authorities: a.certificates()}
	return b, b.Check()
}

// serves tells whether the issuer's own certificate is still what it would be made as: for the same name and host, and with all
// authorities that count now.
func (d *Desk) serves(rb *runbook.Runbook, b *house.Bundle) bool {
	m, err := house.NewMember(rb.Issuer.URL, rb.Appliance.Name)
	if err != nil || b.Member() != m || b.Leaf.VerifyHostname(m.Issuer) != nil || time.Now().Before(b.Leaf.NotBefore) { // the clock was ahead
		return false
	}
	a, err := authoritiesOf(d.Secrets, rb.Issuer.URL, time.Now(), true)
	if err != nil {
		return true // a new one could not be made either
	}
	list := a.certificates()
	for _, c := range list {
		if !house.Knows(b.Authorities, c) {
			return false
		}
	}
	return len(list) == len(b.Authorities)
}

// Authorities are those of the house, for members that ask whether there are new ones.
func (d *Desk) Authorities(rb *runbook.Runbook) (Papers, error) {
	a, err := authoritiesOf(d.Secrets, rb.Issuer.URL, time.Now(), true)
	if err != nil {
		return Papers{}, err
	}
	p := papersOf(a, rb, "", "", nil)
	p.Issuer = ""
	return p, nil
}

// Ended tells which certificates of the house have ended before their time: members that let in others ask for it.
func (d *Desk) Ended(rb *runbook.Runbook) (Ended, error) {
	now := time.Now()
	a, err := authoritiesOf(d.Secrets, rb.Issuer.URL, now, true)
	if err != nil {
		return Ended{}, err
	}
	serials, err := d.Roll.EndedCertificates()
	if err != nil {
		return Ended{}, err
	}
	list, err := a.end(serials, now, rb.Issuer.Certificates)
	return Ended{encode(list)}, err
}

// Renews returns the member that asks for its next certificate: it has a good one and its key, and the runbook still declares it.
func (d *Desk) Renews(conn *tls.ConnectionState, in RenewInput, rb *runbook.Runbook) (runbook.Member, error) {
	return d.holder(conn, rb, in.Certificate, in.Signature, stepRenew, []byte(in.Request))
}

// Renew makes the next certificate of a member, unless the present one has ended since Renews: joining again ends what may be stolen.
func (d *Desk) Renew(in RenewInput, m runbook.Member, rb *runbook.Runbook) (Papers, error) {
	present, err := parseCertificate(in.Certificate)
	if err != nil {
		return Papers{}, errStranger
	}
	key, err := requestedKey(in.Request, m.Name)
	if err != nil {
		return Papers{}, err
	}
	a, c, err := d.issue(rb, m.Name, m.URL, key, serialOf(present))
	if err != nil {
		return Papers{}, err
	}
	return papersOf(a, rb, m.Name, m.URL, c), nil
}

// Leaves returns the member that leaves the house.
func (d *Desk) Leaves(conn *tls.ConnectionState, in LeaveInput, rb *runbook.Runbook) (runbook.Member, error) {
	return d.holder(conn, rb, in.Certificate, in.Signature, stepLeave)
}

// holder proves a member by its certificate and a signature over the connection.
func (d *Desk) holder(conn *tls.ConnectionState, rb *runbook.Runbook, certificate, signature, step string, said ...[]byte) (runbook.Member, error) {
	ch, err := channel(conn)
	if err != nil {
		return runbook.Member{}, refused(err)
	}
	c, err := parseCertificate(certificate)
	sig, failed := bytesOf(signature)
	if err != nil || failed != nil {
		return runbook.Member{}, errStranger
	}
	a, err := authoritiesOf(d.Secrets, rb.Issuer.URL, time.Now(), false)
	if err != nil {
		return runbook.Member{}, err
	}
	m, err := house.Verify(c, a.certificates(), time.Now(), x509.ExtKeyUsageClientAuth)
	if err != nil {
		return runbook.Member{}, errStranger
	}
	public, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok || !ecdsa.VerifyASN1(public, digest(step, ch, said...), sig) {
		return runbook.Member{}, errStranger
	}
	return d.Declared(rb, m, c)
}

// errStranger does not say what is wrong with a certificate.
var errStranger = &ErrRefused{"The certificate is not that of a member of this house, has expired, or is not proven."}

// Declared returns the member that a certificate of the house names, if the runbook still declares it and the certificate has not ended.
func (d *Desk) Declared(rb *runbook.Runbook, m house.Member, c *x509.Certificate) (runbook.Member, error) {
	own, err := house.NewMember(rb.Issuer.URL, m.Name)
	if err != nil || own != m || d.Roll.CertificateEnded(serialOf(c)) {
		return runbook.Member{}, errStranger
	}
	if m.Name == rb.Appliance.Name { // this appliance itself
		return runbook.Member{Name: m.Name, URL: rb.Issuer.URL}, nil
	}
	declared, ok := rb.Member(runbook.Address("member." + m.Name))
	if !ok {
		return runbook.Member{}, errStranger
	}
	return declared, nil
}

// digest is what a member signs with the key of its certificate: the step, the connection and what is said.
func digest(step string, ch []byte, said ...[]byte) []byte {
	h := sha256.New()
	for _, part := range append([][]byte{[]byte("orac house 1"), []byte(step), ch}, said...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return h.Sum(nil)
}

// IsRefusal returns why something was refused; "" if err is another error.
func IsRefusal(err error) string {
	if r, ok := errors.AsType[*ErrRefused](err); ok {
		return r.Why
	}
	return ""
}
