package enrol

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"orac/appliance/house"
)

// Paths of an issuer, below its address.
const (
	HelloPath       = "/enrol/hello"
	LookPath        = "/enrol/look"
	CertificatePath = "/enrol/certificate"
	RenewPath       = "/enrol/renew"
	LeavePath       = "/enrol/leave"
	AuthoritiesPath = "/enrol/authorities"
	EndedPath       = "/enrol/ended"
)

// The steps, as proofs name them.
const (
	stepHello       = "hello"
	stepLook        = "look"
	stepCertificate = "certificate"
	stepRenew       = "renew"
	stepLeave       = "leave"
)

// MaxBody is the longest body of a request to enrol, in bytes, maxAnswer the longest answer that is read, and maxEndedAnswer the longest
// one with a list of ended certificates.
const (
	MaxBody        = 16 << 10
	maxAnswer      = 32 << 10
	maxEndedAnswer = house.MaxList*4/3 + 1<<10
)

// HelloInput begins an enrolment. Bytes are in base64url without padding, here and below.
type HelloInput struct {
	ID    string `json:"id" check:"required;min=22;max=22" doc:"Tells which code is meant. It is made from the code, and does not reveal it."`
	Nonce string `json:"nonce" check:"required;min=43;max=43" doc:"32 random bytes of the member."`
}

// Proof says that its sender knows the code.
type Proof struct {
	Proof string `json:"proof"`
}

// LookInput asks what the code is good for.
type LookInput struct {
	ID    string `json:"id" check:"required;min=22;max=22"`
	Nonce string `json:"nonce" check:"required;min=43;max=43"`
	Proof string `json:"proof" check:"required;min=43;max=43" doc:"Of the member, for this step on this connection."`
}

// CertificateInput asks for a member's certificate, and uses the code up.
type CertificateInput struct {
	ID          string `json:"id" check:"required;min=22;max=22"`
	Nonce       string `json:"nonce" check:"required;min=43;max=43"`
	Request     string `json:"request" check:"required;min=1;max=1400" doc:"A request for a certificate (PKCS #10): a key of P-256 and the member's name."`
	Fingerprint string `json:"fingerprint" check:"max=95" doc:"The SHA-256 of the self-signed certificate of the member's console, if it has one."`
	Proof       string `json:"proof" check:"required;min=43;max=43" doc:"Of the member, for this step on this connection, with all of the above."`
}

// Sealed is an answer with the issuer's proof.
type Sealed struct {
	Answer string `json:"answer" doc:"JSON in base64url: issuer, member, url, authorities and certificate."`
	Proof  string `json:"proof" doc:"Of the issuer, for this answer to this request on this connection."`
}

// RenewInput asks for a member's next certificate.
type RenewInput struct {
	Certificate string `json:"certificate" check:"required;min=1;max=5500" doc:"The present certificate."`
	Request     string `json:"request" check:"required;min=1;max=1400" doc:"A request for the next one, for a new key."`
	Signature   string `json:"signature" check:"required;min=1;max=150" doc:"With the key of the present certificate, over the request and this connection."`
}

// LeaveInput ends a member's certificates.
type LeaveInput struct {
	Certificate string `json:"certificate" check:"required;min=1;max=5500"`
	Signature   string `json:"signature" check:"required;min=1;max=150" doc:"With the key of the certificate, over this connection."`
}

// Papers are what an issuer tells a member.
type Papers struct {
	Issuer      string   `json:"issuer,omitempty"` // its address, as tokens name it
	Member      string   `json:"member,omitempty"` // the name: the audience of tokens
	URL         string   `json:"url,omitempty"`    // of the member's console, as the issuer knows it
	Authorities []string `json:"authorities"`      // in DER
	Certificate string   `json:"certificate,omitempty"`
}

// Ended tells which certificates have ended before their time.
type Ended struct {
	List string `json:"list" doc:"A list of revoked certificates (RFC 5280) in DER, signed by an authority of the house."`
}

// Told is what Papers say, after it was checked as far as it can be without knowing anything else.
type Told struct {
	Issuer, Member, URL string
	Authorities         []*x509.Certificate
	Certificate         *x509.Certificate // nil if there is none
}

// parsePapers reads what somebody says who claims to be an issuer.
func parsePapers(text []byte) (t Told, err error) {
	var p Papers
	if err := decode(text, &p); err != nil {
		return t, err
	}
	return p.told()
}

// told checks what an answer says.
func (p Papers) told() (t Told, err error) {
	t = Told{Issuer: p.Issuer, Member: p.Member, URL: p.URL}
	if len(p.Authorities) == 0 || len(p.Authorities) > 4 {
		return t, errors.New("the answer names no authority, or too many")
	}
	for _, text := range p.Authorities {
		c, err := parseCertificate(text)
		if err == nil {
			err = house.CheckAuthority(c)
		}
		if err != nil {
			return t, fmt.Errorf("an authority of the answer: %w", err)
		}
		t.Authorities = append(t.Authorities, c)
	}
	if p.Certificate != "" {
		if t.Certificate, err = parseCertificate(p.Certificate); err != nil {
			return t, fmt.Errorf("the certificate of the answer: %w", err)
		}
	}
	return t, nil
}

// named demands that an answer says who is who.
func (t Told) named() error {
	u, err := url.Parse(t.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != t.Issuer {
		return errors.New("the answer does not say the issuer's address")
	}
	return house.CheckName(t.Member)
}

// encode writes bytes as text.
func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// bytesOf reads what encode writes, and nothing that says the same in another way.
func bytesOf(text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errors.New("it is not base64url")
	}
	return b, nil
}

const maxCertificate = 4 << 10 // bytes

func parseCertificate(text string) (*x509.Certificate, error) {
	der, err := bytesOf(text)
	if err != nil {
		return nil, err
	}
	if len(der) > maxCertificate {
		return nil, errors.New("it is too long")
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("it cannot be read")
	}
	return c, nil
}

// decode reads one JSON value without unknown fields.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New("the answer is not what an issuer says")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the answer")
	}
	return nil
}
