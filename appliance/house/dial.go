package house

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// Client is the configuration of a connection to another member at a host: it shows the certificate of this one, and takes only a
// certificate of the house that names the host.
func (h *Holder) Client(host string) (*tls.Config, error) {
	b, err := h.Bundle()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: host, RootCAs: pool(b.Authorities),
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return h.Certificate() },
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errors.New("the server shows no certificate")
			}
			m, err := MemberOf(s.PeerCertificates[0])
			if err == nil && m.Issuer != b.Member().Issuer {
				err = errNobody
			}
			return err
		},
	}, nil
}

// Dialer returns what connects an HTTP client to other members. The authorities are read for each connection, so that new ones count at
// once.
func (h *Holder) Dialer(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config, err := h.Client(host)
		if err != nil {
			return nil, err
		}
		return (&tls.Dialer{NetDialer: d, Config: config}).DialContext(ctx, network, address)
	}
}
