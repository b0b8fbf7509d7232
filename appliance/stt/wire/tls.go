package wire

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"orac/appliance/house"
	"orac/appliance/statedir"
)

// TLS says whom to trust, and who we are. The zero value trusts the system's authorities. The server's certificate is always
// checked.
type TLS struct {
	CA          string // file with the authorities that may have signed the server's certificate, in PEM
	Fingerprint string // instead of CA: the SHA-256 of the server's certificate, in hexadecimal with or without colons
	Cert, Key   string // files of a certificate to show, in PEM

	// House takes the place of all of them, if it is not nil: both sides show their certificate of the house.
	House *house.Holder
}

// maxPEM is more than any file of certificates, in bytes.
const maxPEM = 4 << 20

// Config is the configuration of a connection. It reads the files.
func (t TLS) Config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		text, err := readPEM(t.CA)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("ca: %s holds no PEM certificate", t.CA)
		}
	}
	if t.Fingerprint != "" {
		want, err := hex.DecodeString(strings.ReplaceAll(t.Fingerprint, ":", ""))
		if err != nil || len(want) != sha256.Size {
			return nil, errors.New("fingerprint: it is not a SHA-256")
		}
		c.InsecureSkipVerify = true // the certificate itself is compared, on every connection, also on one that resumes a session
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errors.New("the server shows no certificate")
			}
			return pinned(s.PeerCertificates[0], want, time.Now())
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("client_cert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
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

func readPEM(path string) ([]byte, error) {
	f, _, err := statedir.Regular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(text) > maxPEM {
		err = errors.New(path + " is too large")
	}
	return text, err
}
