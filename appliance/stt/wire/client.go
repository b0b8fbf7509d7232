// Package wire is one HTTP exchange with a peer that may do anything: be late, huge, broken, or gone.
//
// Guarantees: an exchange ends within its timeout, or at once when its task is told to stop. It reads no more than the
// limit of an answer. It follows no redirect, so what it sends, above all a token, reaches only the configured host. It
// uses no proxy. Every failure except rt.ErrStopped is an *Error, which holds no secret.
package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/appliance/house"
	"orac/appliance/reach"
	"orac/appliance/rt"
)

const (
	// MaxAnswer is the most that is read of an answer, in bytes. Fifteen seconds of speech need about 300 of
	// them.
	MaxAnswer = 64 << 10
	// connectTimeout is how long a connection may take to be made. Services are on the same network, or nearly.
	connectTimeout = 5 * time.Second
	// idleTimeout is below the 5 s after which uvicorn, on which such services run, closes an idle connection: a request
	// never meets a connection that is just being closed.
	idleTimeout = 4 * time.Second
)

// Secret is a value that does not print as itself, such as a runbook's.
type Secret interface{ Reveal() string }

// Tokens returns bearer tokens that expire.
type Tokens interface {
	// Token returns a token that is valid now and differs from refused, which the peer has rejected; the error is ErrSame if there is
	// no other yet. It may wait for a token, within bounds of its own. An *Error of kind NoToken tells why there is none.
	Token(t *rt.Task, refused string) (string, error)
}

// ErrSame tells that there is no other token than the one that the peer has rejected: what it said of that one counts.
var ErrSame = errors.New("there is no other token yet")

// Options make a Client. Timeout is required; the rest may be zero.
type Options struct {
	Timeout time.Duration     // for a whole exchange
	Token   Secret            // sent as a bearer token, unless it is empty
	Tokens  Tokens            // replaces Token; after a 401 a fresh one is tried, once
	Headers map[string]Secret // sent as they are
	Hidden  []string          // other texts that no error may show, such as a key in an address
	TLS     TLS
	Peer    string // what should answer, for hints; empty means "an ORAC STT"
	Answer  int    // the most that is read of an answer, in bytes; 0 means MaxAnswer
}

// Client makes exchanges. It may be used by several tasks at once.
type Client struct {
	http    *http.Client
	headers http.Header
	secrets []string
	timeout time.Duration
	tokens  Tokens
	tls     *tls.Config
	house   *house.Holder // nil: tls says who is who
	peer    string
	most    int // of an answer, in bytes

	mu   sync.Mutex // guards sent
	sent string     // the last token, which no error may show
}

// NewClient makes a client. It keeps connections for reuse.
func NewClient(o Options) (*Client, error) {
	c := &Client{house: o.TLS.House, headers: http.Header{}, timeout: o.Timeout, tokens: o.Tokens, secrets: slices.Clone(o.Hidden), peer: cmp.Or(o.Peer, "an ORAC STT"), most: cmp.Or(o.Answer, MaxAnswer)}
	var err error
	if c.tls, err = o.TLS.Config(); err != nil {
		return nil, err
	}
	for name, value := range o.Headers {
		if err := c.header(name, value.Reveal(), value.Reveal()); err != nil {
			return nil, err
		}
	}
	if o.Token != nil && o.Token.Reveal() != "" {
		if err := c.header("Authorization", "Bearer "+o.Token.Reveal(), o.Token.Reveal()); err != nil {
			return nil, err
		}
	}
	c.http = &http.Client{Transport: c.Transport(nil), CheckRedirect: noRedirect}
	return c, nil
}

func (c *Client) header(name, value, secret string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }) {
		return fmt.Errorf("header %q: a header's name has only letters, digits and dashes", name)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("header %s: its value has a control character, perhaps the newline at the end of a file", name)
	}
	c.headers.Set(name, value)
	if secret != "" {
		c.secrets = append(c.secrets, secret)
	}
	return nil
}

// Transport makes a transport with this package's limits and the client's TLS. connected, if not nil, sees every new connection.
func (c *Client) Transport(connected func(net.Conn)) *http.Transport {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := reach.Dial(ctx, network, address, connectTimeout)
		if err == nil && connected != nil {
			connected(conn)
		}
		return conn, err
	}
	var inHouse house.Dial
	if c.house != nil {
		inHouse = c.house.Dialer(dial, connectTimeout)
	}
	return &http.Transport{
		DialContext:            dial,
		DialTLSContext:         inHouse,
		TLSClientConfig:        c.tls,
		TLSHandshakeTimeout:    connectTimeout,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: MaxAnswer,
		DisableCompression:     true, // a small answer cannot unpack to a large one
	}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Unproven turns the error of Header into rt.ErrStopped or an *Error: nothing was sent.
func Unproven(op, rawURL string, err error) error {
	if errors.Is(err, rt.ErrStopped) {
		return err
	}
	e := &Error{Op: op, Address: Address(rawURL), Kind: Unauthorised, Cause: err}
	if why, ok := errors.AsType[*Error](err); ok && why.Kind == NoToken {
		e.Kind, e.Cause = NoToken, why.Cause
	}
	return e
}

// Header is a copy of what the client sends with every request. refused is the token that the peer has rejected; empty if there
// was none. It returns the token that is in the header; empty if no other could replace it.
func (c *Client) Header(t *rt.Task, refused string) (h http.Header, token string, err error) {
	h = c.headers.Clone()
	if c.tokens == nil {
		return h, "", nil
	}
	if token, err = c.tokens.Token(t, refused); err != nil {
		return nil, "", err
	}
	c.mu.Lock()
	c.sent = token
	c.mu.Unlock()
	h.Set("Authorization", "Bearer "+token)
	return h, token, nil
}

// Request is what to send. This package makes URL, so it is valid.
type Request struct {
	Op          string // for the error
	Method, URL string
	ContentType string
	Header      http.Header
	Body        []byte
	Unread      bool // the body of a success does not matter, and nothing waits for it

	// Ready is called once, by the caller's task, when the connection is open and before any of the body is sent. An error ends
	// the exchange. Nil: nothing is called.
	Ready func(*rt.Task) error
	// Hold is called, by the caller's task, when the timeout has passed without an answer to a request that was sent
	// completely. It returns how much longer to wait, and is called again after that time. 0 gives up; a nil Hold always gives
	// up.
	Hold func(*rt.Task) time.Duration
}

// Do sends a request and returns the body of a success. If a peer rejects the token, Do tries a fresh one, once.
func (c *Client) Do(t *rt.Task, r Request) ([]byte, error) {
	body, token, err := c.once(t, r, "")
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusUnauthorized && token != "" {
		if again, _, rerr := c.once(t, r, token); !errors.Is(rerr, ErrSame) {
			body, err = again, rerr
		}
	}
	if err != nil {
		c.Drop()
	}
	return body, err
}

// Strange is the hint for an answer that the peer does not give.
func (c *Client) Strange() string { return "is this " + c.peer + "?" }

// Drop closes the idle connections: what a misbehaving peer has left in them must not be read as an answer.
func (c *Client) Drop() { c.http.CloseIdleConnections() }

// Address is a URL as an Error shows it.
func Address(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable url)"
	}
	return shown(u)
}

// Origin is a URL as an Error shows it when its path may contain a key, as the URLs of services that call
// webhooks do.
func Origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable url)"
	}
	return origin(u)
}
