package enrol

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"

	"orac/appliance/house"
)

// Office is the issuer as a member reaches it after it has joined: its certificate is checked as the trust block says.
type Office struct {
	Base string // its address
	TLS  *tls.Config
}

// NewKey makes the private key of a member. It never leaves it.
func NewKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// Renew gets a member its next certificate, for a new key. The present one proves who asks. An answer whose authorities have nothing in
// common with those that the member knows is not believed: whoever sends it is another house.
func (o Office) Renew(ctx context.Context, was *house.Bundle) (*house.Bundle, error) {
	s, err := connect(ctx, o.Base, o.TLS)
	if err != nil {
		return nil, err
	}
	defer s.close()
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	der, err := newRequest(key, was.Member().Name)
	if err != nil {
		return nil, err
	}
	in := RenewInput{Certificate: encode(was.Leaf.Raw), Request: encode(der)}
	if in.Signature, err = sign(was, s.channel, stepRenew, []byte(in.Request)); err != nil {
		return nil, err
	}
	var p Papers
	if err := s.ask(ctx, askTime, http.MethodPost, RenewPath, in, &p); err != nil {
		return nil, err
	}
	told, err := p.told()
	if err != nil {
		return nil, err
	}
	b, err := bundleOf(told, key, told.Issuer, was.Member().Name)
	switch {
	case err != nil:
		return nil, err
	case b.Member() != was.Member():
		return nil, errors.New("the issuer's certificate is for another member")
	case !house.Common(was.Authorities, b.Authorities):
		return nil, errors.New("the issuer has other authorities than those of the house: if it was set up anew, join again with a new code")
	}
	return b, nil
}

// Leave tells the issuer that a member leaves: its certificates end.
func (o Office) Leave(ctx context.Context, was *house.Bundle) error {
	s, err := connect(ctx, o.Base, o.TLS)
	if err != nil {
		return err
	}
	defer s.close()
	in := LeaveInput{Certificate: encode(was.Leaf.Raw)}
	if in.Signature, err = sign(was, s.channel, stepLeave); err != nil {
		return err
	}
	return s.ask(ctx, askTime, http.MethodPost, LeavePath, in, nil)
}

// News is what a member asks for again and again.
type News struct {
	Authorities []*x509.Certificate // of the house
	Ended       []byte              // the list of certificates that have ended before their time: see house.ParseEnded
}

// News asks what is new in the house.
func (o Office) News(ctx context.Context) (n News, err error) {
	s, err := connect(ctx, o.Base, o.TLS)
	if err != nil {
		return n, err
	}
	defer s.close()
	var p Papers
	if err := s.ask(ctx, askTime, http.MethodGet, AuthoritiesPath, nil, &p); err != nil {
		return n, err
	}
	told, err := p.told()
	if err != nil {
		return n, err
	}
	var list Ended
	if err := s.askLong(ctx, askTime, maxEndedAnswer, http.MethodGet, EndedPath, nil, &list); err != nil {
		return n, err
	}
	n.Authorities = told.Authorities
	n.Ended, err = bytesOf(list.List)
	return n, err
}

// sign proves a member with the key of its certificate.
func sign(b *house.Bundle, ch []byte, step string, said ...[]byte) (string, error) {
	sig, err := ecdsa.SignASN1(rand.Reader, b.Key, digest(step, ch, said...))
	return encode(sig), err
}
