package house

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"
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
			if err == nil {
				err = h.Ended(s.PeerCertificates[0])
			}
			return err
		},
	}, nil
}

// Server is the configuration of a connection of the issuer to a member's console at a host, where people come, too: the console
// proves itself by the member's certificate of the house, or by one that an authority of the system has signed for the host.
func (h *Holder) Server(host, member string) (*tls.Config, error) {
	b, err := h.Bundle()
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	for _, c := range b.Authorities {
		roots.AddCert(c)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: roots,
		VerifyConnection: func(s tls.ConnectionState) error {
			if _, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool(b.Authorities)}); err != nil {
				return nil // not of the house: the system's authorities have vouched for it
			}
			if m, err := MemberOf(s.PeerCertificates[0]); err != nil || m.Name != member || m.Issuer != b.Member().Issuer {
				return errors.New("the server shows the certificate of another member")
			}
			return h.Ended(s.PeerCertificates[0])
		},
	}, nil
}

// Dial makes a connection, as net.Dialer does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer returns what connects an HTTP client to other members, over what dial connects. The authorities are read for each connection,
// so that new ones count at once. handshake is how long proving each other may take.
func (h *Holder) Dialer(dial Dial, handshake time.Duration) Dial {
	return h.over(dial, handshake, h.Client)
}

// DialerTo is Dialer to the console of one member: see Server.
func (h *Holder) DialerTo(member string, dial Dial, handshake time.Duration) Dial {
	return h.over(dial, handshake, func(host string) (*tls.Config, error) { return h.Server(host, member) })
}

func (h *Holder) over(dial Dial, handshake time.Duration, configOf func(host string) (*tls.Config, error)) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config, err := configOf(host)
		if err != nil {
			return nil, err
		}
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, handshake)
		defer cancel()
		c := tls.Client(raw, config)
		if err := c.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, err
		}
		return &conn{c, h, c.ConnectionState().PeerCertificates[0]}, nil
	}
}

// conn is a connection to another member. A client keeps it for its next requests, so nothing more is sent once the certificate at its
// other end counts no more.
type conn struct {
	*tls.Conn
	own  *Holder
	peer *x509.Certificate
}

func (c *conn) Write(p []byte) (int, error) {
	if time.Now().After(c.peer.NotAfter) {
		return 0, errors.New("the certificate of the other side has expired since the connection was made")
	}
	if err := c.own.Ended(c.peer); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
