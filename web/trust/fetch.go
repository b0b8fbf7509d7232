package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"orac/appliance/stt/wire"
)

// Paths of an issuer, below its address.
const (
	KeysPath       = "/.well-known/jwks.json"
	IntrospectPath = "/oauth/introspect"
)

// Client asks an issuer over HTTP. It follows no redirect and uses no proxy: what it sends reaches only the issuer.
type Client struct {
	base string
	http *http.Client
}

// NewClient makes a client of the issuer at an address. ca is a file with the authorities that may have signed its certificate, in PEM;
// fingerprint is the SHA-256 of its certificate, in hexadecimal with or without colons. Both may be empty, and only one is given.
func NewClient(base, ca, fingerprint string) (*Client, error) {
	config, err := wire.TLS{CA: ca}.Config()
	if err != nil {
		return nil, err
	}
	if fingerprint != "" {
		want, err := hex.DecodeString(strings.ReplaceAll(fingerprint, ":", ""))
		if err != nil || len(want) != sha256.Size {
			return nil, errors.New("fingerprint: it is not a SHA-256")
		}
		config.InsecureSkipVerify = true // the certificate itself is compared, on every connection, also on one that resumes a session
		config.VerifyConnection = func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return errors.New("the issuer shows no certificate")
			}
			return pinned(s.PeerCertificates[0], want, time.Now())
		}
	}
	return &Client{base: base, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:     (&net.Dialer{Timeout: askTimeout}).DialContext,
			TLSClientConfig: config, TLSHandshakeTimeout: askTimeout, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
		},
	}}, nil
}

// pinned compares a certificate with the fingerprint that the runbook names.
func pinned(c *x509.Certificate, want []byte, now time.Time) error {
	sum := sha256.Sum256(c.Raw)
	switch {
	case !bytes.Equal(sum[:], want):
		return errors.New("the issuer shows another certificate than the runbook's fingerprint: if it was replaced on purpose, change auth.trust.fingerprint")
	case now.After(c.NotAfter):
		return errors.New("the issuer's certificate has expired")
	}
	return nil
}

// Keys implements Fetcher.
func (c *Client) Keys(ctx context.Context) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+KeysPath, nil)
	if err != nil {
		return nil, err
	}
	return c.do(r)
}

// Lives implements Fetcher. The token itself is the credential of the question: a member has no secret at its issuer.
func (c *Client) Lives(ctx context.Context, token string) (bool, error) {
	form := url.Values{"token": {token}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+IntrospectPath, strings.NewReader(form))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	text, err := c.do(r)
	if err != nil {
		return false, err
	}
	return parseActive(text)
}

// parseActive reads the answer to a question about a token (RFC 7662, 2.2).
func parseActive(text []byte) (bool, error) {
	var answer struct {
		Active *bool `json:"active"`
	}
	if json.Unmarshal(text, &answer) != nil || answer.Active == nil {
		return false, errors.New("the answer does not say whether the token is active")
	}
	return *answer.Active, nil
}

// do returns the body of a success.
func (c *Client) do(r *http.Request) ([]byte, error) {
	r.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok { // without the address, which the log names
			err = u.Err
		}
		return nil, err
	}
	defer answer.Body.Close()
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	switch {
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers %d to %s", answer.StatusCode, r.URL.Path)
	case kind != "application/json" && kind != "application/jwk-set+json":
		return nil, fmt.Errorf("its answer to %s is not JSON", r.URL.Path)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, MaxKeys+1))
	if err == nil && len(text) > MaxKeys {
		err = fmt.Errorf("its answer to %s has more than %d bytes", r.URL.Path, MaxKeys)
	}
	return text, err
}
