package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"orac/appliance/stt/wire"
)

// Show returns the certificate that is shown to a server that asks for one. It is called at each connection, so that a renewed
// certificate counts at once.
type Show func(*tls.CertificateRequestInfo) (*tls.Certificate, error)

// Transport carries requests to one other appliance of the house, and to nobody else: it uses no proxy, and its answers have a short
// head. ca is a file with the authorities that may have signed the server's certificate, in PEM; fingerprint is the SHA-256 of that
// certificate, in hexadecimal with or without colons. With neither, the system's authorities count; only one may be given. show may be
// nil.
func Transport(ca, fingerprint string, show Show) (*http.Transport, error) {
	if ca != "" && fingerprint != "" {
		return nil, errors.New("ca and fingerprint: only one may be given")
	}
	config, err := wire.TLS{CA: ca}.Config()
	if err != nil {
		return nil, err
	}
	if fingerprint != "" {
		if err := pin(config, fingerprint); err != nil {
			return nil, err
		}
	}
	config.GetClientCertificate = show
	return &http.Transport{
		DialContext:     (&net.Dialer{Timeout: askTimeout}).DialContext,
		TLSClientConfig: config, TLSHandshakeTimeout: askTimeout, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
	}, nil
}

// pin has a configuration take one certificate and no other.
func pin(config *tls.Config, fingerprint string) error {
	want, err := hex.DecodeString(strings.ReplaceAll(fingerprint, ":", ""))
	if err != nil || len(want) != sha256.Size {
		return errors.New("fingerprint: it is not a SHA-256")
	}
	config.InsecureSkipVerify = true // the certificate itself is compared, on every connection, also on one that resumes a session
	config.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("the server shows no certificate")
		}
		return pinned(s.PeerCertificates[0], want, time.Now())
	}
	return nil
}

// pinned compares a certificate with the fingerprint that the runbook names.
func pinned(c *x509.Certificate, want []byte, now time.Time) error {
	sum := sha256.Sum256(c.Raw)
	switch {
	case !bytes.Equal(sum[:], want):
		return errors.New("the server shows another certificate than the runbook's fingerprint: if it was replaced on purpose, change fingerprint in the runbook")
	case now.After(c.NotAfter):
		return errors.New("the server's certificate has expired")
	}
	return nil
}
