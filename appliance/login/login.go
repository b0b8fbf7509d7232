// Package login asks an issuer for tokens: OAuth 2 with client credentials (RFC 6749, 4.4), as an ORAC with an issuer block speaks it.
//
// Guarantees: the secret goes to the issuer's address and nowhere else, in a header. An exchange is bounded in time and size, and follows
// no redirect (see wire). What is no token in the sense of RFC 6750, or does not say for how long it lives, is an error. No error holds the
// secret or a token.
package login

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook/pattern"
)

// TokenPath is where an issuer gives tokens, below its address.
const TokenPath = "/oauth/token"

const (
	// MaxLife is the longest time for which a token is used, whatever its issuer says.
	MaxLife = 24 * time.Hour
	// minLife is the shortest life of a token that can be of use.
	minLife = time.Second
	// maxToken bounds a token, in bytes. Those of ORAC have about 600.
	maxToken = 8 << 10
)

// Token is a bearer token. It prints without its text.
type Token struct {
	Text string
	Life time.Duration // from when it was asked for
}

func (Token) String() string   { return "a token" }
func (Token) GoString() string { return "a token" }

// Config is an account at an issuer. All fields are needed but those of TLS.
type Config struct {
	Issuer  string // its address, without a path
	Account string
	Secret  wire.Secret
	TLS     wire.TLS
	Timeout time.Duration // for a whole exchange
}

// Client asks an issuer. It may be used by several tasks at once.
type Client struct {
	to, account string
	client      *wire.Client
}

// header is a value of a header that is kept secret.
type header string

func (h header) Reveal() string { return string(h) }

// New makes a client; it connects to nothing yet.
func New(c Config) (*Client, error) {
	secret := c.Secret.Reveal()
	proof := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.Account) + ":" + url.QueryEscape(secret))) // RFC 6749, 2.3.1
	client, err := wire.NewClient(wire.Options{
		Timeout: c.Timeout, TLS: c.TLS, Peer: "an issuer",
		Headers: map[string]wire.Secret{"Authorization": header("Basic " + proof)}, Hidden: []string{secret, url.QueryEscape(secret), proof},
	})
	if err != nil {
		return nil, fmt.Errorf("issuer %s: %w", wire.Address(c.Issuer), err)
	}
	return &Client{to: c.Issuer + TokenPath, account: c.Account, client: client}, nil
}

// Token asks for a token for an audience. It fails with an *wire.Error, or with rt.ErrStopped.
func (c *Client) Token(t *rt.Task, audience string) (Token, error) {
	const op = "token"
	form := url.Values{"grant_type": {"client_credentials"}, "audience": {audience}}
	answer, err := c.client.Do(t, wire.Request{
		Op: op, Method: http.MethodPost, URL: c.to, ContentType: "application/x-www-form-urlencoded", Body: []byte(form.Encode()),
	})
	if e, ok := errors.AsType[*wire.Error](err); ok {
		e.Hint = c.wayOut(e, audience)
	}
	if err != nil {
		return Token{}, err
	}
	token, err := parseToken(answer)
	if err != nil {
		c.client.Drop()
		return Token{}, &wire.Error{Op: op, Address: wire.Address(c.to), Kind: wire.Protocol, Cause: err, Hint: c.client.Strange()}
	}
	return token, nil
}

// Final tells whether an issuer will answer the same until a person changes something: there, or here.
func Final(err error) bool {
	e, ok := errors.AsType[*wire.Error](err)
	return ok && (e.Kind == wire.Unauthorised || e.Kind == wire.Refused || e.Kind == wire.Unreachable && e.Status != 0)
}

// codePattern finds the code of a refusal (RFC 6749, 5.2) in the beginning of an answer.
var codePattern = pattern.Lazy(`"error"\s*:\s*"([a-z_]{1,40})"`)

// wayOut is what helps against a failure.
func (c *Client) wayOut(e *wire.Error, audience string) string {
	code := ""
	if e.Cause != nil {
		if found := codePattern().FindStringSubmatch(e.Cause.Error()); found != nil {
			code = found[1]
		}
	}
	switch {
	case code == "invalid_client" || e.Status == http.StatusUnauthorized:
		return fmt.Sprintf("the issuer knows no account %q with this secret: copy the secret of its service_account, a file in secrets/ of the issuer's state directory, to this machine, and apply", c.account)
	case code == "invalid_target":
		return fmt.Sprintf("the account %q gets no tokens for %q there: add member %q {} to the issuer's runbook, and member.%s to the members of the account", c.account, audience, audience, audience)
	case code == "unauthorized_client" || code == "unsupported_grant_type":
		return "the issuer gives this account no tokens: name a service_account of its runbook"
	case e.Status == http.StatusNotFound:
		return "there is no issuer at this address: its runbook needs an issuer block"
	}
	return e.Hint
}

// bearerPattern is the form of a bearer token (RFC 6750, 2.1).
var bearerPattern = pattern.Lazy(`^[A-Za-z0-9._~+/-]+=*$`)

// parseToken reads the answer with a token (RFC 6749, 5.1).
func parseToken(answer []byte) (Token, error) {
	var a struct {
		Access  string   `json:"access_token"`
		Type    string   `json:"token_type"`
		Seconds *float64 `json:"expires_in"`
	}
	if json.Unmarshal(answer, &a) != nil { // its error may quote the token
		return Token{}, errors.New("the answer is not the JSON of a token")
	}
	switch {
	case a.Access == "":
		return Token{}, errors.New("the answer has no access_token")
	case len(a.Access) > maxToken || !bearerPattern().MatchString(a.Access):
		return Token{}, errors.New("access_token is not a bearer token")
	case !strings.EqualFold(a.Type, "Bearer"):
		return Token{}, errors.New("token_type is not Bearer")
	case a.Seconds == nil || !(*a.Seconds >= minLife.Seconds()):
		return Token{}, errors.New("the answer does not say for how long the token lives (expires_in)")
	}
	return Token{a.Access, time.Duration(min(*a.Seconds, MaxLife.Seconds()) * float64(time.Second))}, nil
}
