package trust

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
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

// NewClient makes a client of the issuer at an address, which ca or fingerprint proves: see Transport.
func NewClient(base, ca, fingerprint string) (*Client, error) {
	t, err := Transport(ca, fingerprint, nil)
	if err != nil {
		return nil, err
	}
	return ClientOver(base, t), nil
}

// ClientOver makes a client of the issuer at an address over a transport of this package.
func ClientOver(base string, t *http.Transport) *Client {
	return &Client{base: base, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     t,
	}}
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
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+IntrospectPath, formOf(url.Values{"token": {token}}))
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

func formOf(f url.Values) io.Reader { return strings.NewReader(f.Encode()) }

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
