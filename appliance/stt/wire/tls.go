package wire

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"

	"orac/appliance/house"
	"orac/appliance/statedir"
)

// TLS says whom to trust, and who we are. The zero value trusts the system's authorities. The server's certificate is always
// checked.
type TLS struct {
	CA        string // file with the authorities that may have signed the server's certificate, in PEM
	Cert, Key string // files of a certificate to show, in PEM

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
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("client_cert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
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
