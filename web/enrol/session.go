package enrol

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"orac/appliance/house"
)

const (
	dialTime = 5 * time.Second
	// askTime is how long an answer may take, and applyTime one for which the issuer changes its runbook and waits for its own health.
	askTime   = 10 * time.Second
	applyTime = 3 * time.Minute
)

// session is one connection to an issuer. Proofs hold for it alone, so it never becomes another: when it breaks, the session has ended.
type session struct {
	base    string
	http    *http.Client
	conn    *tls.Conn
	state   tls.ConnectionState
	channel []byte
}

// connect opens a connection to an issuer's web listener. config says whose certificate is taken.
func connect(ctx context.Context, base string, config *tls.Config) (*session, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Hostname() == "" || strings.TrimSuffix(base, "/") != u.Scheme+"://"+u.Host:
		return nil, errors.New("the issuer's address is https://HOST:PORT, without a path")
	case u.Scheme != "https":
		return nil, errors.New("the issuer's address must be https: enrolment needs TLS. Give the web block of the issuer tls { self_signed = true }")
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "443")
	}
	config = config.Clone()
	config.MinVersion, config.NextProtos = tls.VersionTLS13, []string{"http/1.1"}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	c, err := (&tls.Dialer{NetDialer: &net.Dialer{}, Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to the issuer: %w", err)
	}
	s := &session{base: u.Scheme + "://" + u.Host, conn: c.(*tls.Conn)}
	s.state = s.conn.ConnectionState()
	if s.channel, err = channel(&s.state); err != nil {
		s.close()
		return nil, err
	}
	var given atomic.Bool
	s.http = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
				if given.Swap(true) {
					return nil, errors.New("the connection has ended")
				}
				return s.conn, nil
			},
			MaxConnsPerHost: 1, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
		},
	}
	return s, nil
}

func (s *session) close() { _ = s.conn.Close() } // nothing is left to be sent

// ask sends a request on the session's connection and reads the answer.
func (s *session) ask(ctx context.Context, wait time.Duration, method, path string, send, into any) error {
	return s.askLong(ctx, wait, maxAnswer, method, path, send, into)
}

// askLong is ask for an answer of at most most bytes.
func (s *session) askLong(ctx context.Context, wait time.Duration, most int64, method, path string, send, into any) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var body io.Reader
	if send != nil {
		text, err := json.Marshal(send)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	if send != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := s.http.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return fmt.Errorf("the issuer does not answer: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return fmt.Errorf("the issuer's answer ends early: %w", err)
	case int64(len(text)) > most:
		return errors.New("the issuer's answer is too long")
	case answer.StatusCode/100 != 2:
		return refusalOf(answer.StatusCode, text)
	case into == nil:
		return nil
	}
	return decode(text, into)
}

// Refusal is a no of the issuer, with its words as far as they are readable. The words are not proven.
type Refusal struct {
	Status int
	Detail string
}

func (r *Refusal) Error() string {
	if r.Detail == "" {
		return fmt.Sprintf("the issuer answers %d", r.Status)
	}
	return "the issuer refuses: " + r.Detail
}

// maxDetail is the most that is shown of a refusal, in bytes.
const maxDetail = 300

func refusalOf(status int, text []byte) *Refusal {
	var p struct {
		Detail string `json:"detail"`
		Title  string `json:"title"`
	}
	r := &Refusal{Status: status}
	if json.Unmarshal(text, &p) == nil {
		if r.Detail = p.Detail; r.Detail == "" {
			r.Detail = p.Title
		}
	}
	r.Detail = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, r.Detail[:min(len(r.Detail), maxDetail)])
	return r
}

// Joining is the member's side of an enrolment: a connection whose other end has proven that it knows the code.
type Joining struct {
	*session
	keys  keys
	nonce string
}

// ErrUnproven means that the other end does not know the code.
var ErrUnproven = errors.New("whoever answers there does not know this code. It is mistyped, used or expired, or somebody is between this machine and the issuer. Nothing was sent that is worth anything; ask for a new code (orac member add)")

// Join connects to an issuer, whose certificate nobody has to know: that it knows the code, on this very connection, is the proof. Only
// the code's ID is sent before.
func Join(ctx context.Context, base string, code Code) (*Joining, error) {
	s, err := connect(ctx, base, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	j := &Joining{session: s, keys: code.keys()}
	nonce := make([]byte, 32)
	_, _ = rand.Read(nonce) // never fails
	j.nonce = encode(nonce)
	var p Proof
	err = s.ask(ctx, askTime, http.MethodPost, HelloPath, HelloInput{j.keys.id, j.nonce}, &p)
	if err == nil {
		said, bad := bytesOf(p.Proof)
		if bad != nil || !hmac.Equal(said, j.keys.prove(issuerSide, stepHello, s.channel, []byte(j.keys.id), []byte(j.nonce))) {
			err = ErrUnproven
		}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return j, nil
}

// Close ends the connection.
func (j *Joining) Close() { j.close() }

// Look asks what the code is good for. Nothing changes.
func (j *Joining) Look(ctx context.Context) (Told, error) {
	in := CertificateInput{ID: j.keys.id, Nonce: j.nonce}
	in.Proof = encode(j.keys.prove(memberSide, stepLook, j.channel, in.said()...))
	var sealed Sealed
	if err := j.ask(ctx, askTime, http.MethodPost, LookPath, LookInput{in.ID, in.Nonce, in.Proof}, &sealed); err != nil {
		return Told{}, err
	}
	return j.opened(sealed, stepLook, in)
}

// Certificate asks for the member's certificate, and uses the code up. The issuer declares the member in its runbook meanwhile. looked is
// what Look has said, and what a person has approved: a certificate of an issuer that calls itself something else by now is refused.
func (j *Joining) Certificate(ctx context.Context, key *ecdsa.PrivateKey, looked Told, fingerprint string) (*house.Bundle, error) {
	der, err := newRequest(key, looked.Member)
	if err != nil {
		return nil, err
	}
	in := CertificateInput{ID: j.keys.id, Nonce: j.nonce, Request: encode(der), Fingerprint: fingerprint}
	in.Proof = encode(j.keys.prove(memberSide, stepCertificate, j.channel, in.said()...))
	var sealed Sealed
	if err := j.ask(ctx, applyTime, http.MethodPost, CertificatePath, in, &sealed); err != nil {
		return nil, err
	}
	told, err := j.opened(sealed, stepCertificate, in)
	if err != nil {
		return nil, err
	}
	if told.Issuer != looked.Issuer {
		return nil, fmt.Errorf("the issuer calls itself %s now, and called itself %s before: join again with a new code", told.Issuer, looked.Issuer)
	}
	return bundleOf(told, key, looked.Issuer, looked.Member)
}

// opened believes an answer if it is proven.
func (j *Joining) opened(sealed Sealed, step string, in CertificateInput) (Told, error) {
	text, err := bytesOf(sealed.Answer)
	proof, failed := bytesOf(sealed.Proof)
	if err != nil || failed != nil || !hmac.Equal(proof, j.keys.prove(issuerSide, step, j.channel, append(in.said(), text)...)) {
		return Told{}, ErrUnproven
	}
	told, err := parsePapers(text)
	if err != nil {
		return Told{}, err
	}
	return told, told.named()
}

// bundleOf puts together what a member holds, if it belongs together and names this member of this house.
func bundleOf(t Told, key *ecdsa.PrivateKey, issuer, member string) (*house.Bundle, error) {
	if t.Certificate == nil {
		return nil, errors.New("the answer has no certificate")
	}
	b := &house.Bundle{Key: key, Leaf: t.Certificate, Authorities: t.Authorities}
	if err := b.Check(); err != nil {
		return nil, fmt.Errorf("the issuer's answer cannot be used: %w", err)
	}
	if want, err := house.NewMember(issuer, member); err != nil || b.Member() != want {
		return nil, errors.New("the issuer's certificate is for another member")
	}
	return b, nil
}

// Proof tells how the issuer's web listener proves itself from now on, by what it has shown on the proven connection.
func (j *Joining) Proof(t Told, issuer string) (member bool, fingerprint string) {
	u, err := url.Parse(issuer)
	if err != nil {
		return false, ""
	}
	leaf, others := j.state.PeerCertificates[0], x509.NewCertPool()
	for _, c := range j.state.PeerCertificates[1:] {
		others.AddCert(c)
	}
	if _, err := house.Verify(leaf, t.Authorities, time.Now(), x509.ExtKeyUsageServerAuth); err == nil && leaf.VerifyHostname(u.Hostname()) == nil {
		return true, ""
	}
	if _, err := leaf.Verify(x509.VerifyOptions{DNSName: u.Hostname(), Intermediates: others}); err == nil {
		return false, "" // an authority that everybody knows
	}
	return false, Fingerprint(leaf)
}
