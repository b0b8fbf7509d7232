package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"orac/appliance/rt"
	"orac/appliance/thread"
)

// maxRetryAfter bounds the wait that a server may ask for.
const maxRetryAfter = 10 * time.Minute

// Fail turns a failure of the connection into rt.ErrStopped or an *Error.
func (c *Client) Fail(t *rt.Task, op, rawURL string, err error) error {
	if t.Stopping() {
		return rt.ErrStopped
	}
	e := &Error{Op: op, Address: Address(rawURL), Kind: Unreachable, Cause: c.Redacted(withoutURL(err))}
	if timedOut(err) {
		e.Kind = Timeout
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		e.Hint = "this machine does not trust the certificate; name the authority that signed it in ca"
	}
	return e
}

func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

// withoutURL removes the request's own URL from an error: it may hold a secret, and it is in Address anyway.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// Status returns the *Error of an answer other than a success (200 to 299), and nil for a success.
func (c *Client) Status(op, rawURL string, res *http.Response, body []byte) *Error {
	if res.StatusCode/100 == 2 {
		return nil
	}
	e := Answered(op, Address(rawURL), res.StatusCode)
	if text := c.snippet(body); text != "" {
		e.Cause = errors.New(text)
	}
	if e.Kind == Busy {
		e.RetryAfter = retryAfter(res.Header.Get("Retry-After"))
	}
	if res.StatusCode/100 == 3 {
		if to, err := url.Parse(res.Header.Get("Location")); err == nil && to.Host != "" {
			e.Cause = fmt.Errorf("it points to %.200q", c.redact(shown(to)))
		}
	}
	return e
}

// Answered returns the *Error of an answer with a status that is no success.
func Answered(op, address string, status int) *Error {
	e := &Error{Op: op, Address: address, Status: status}
	switch {
	case status == 401 || status == 403 || status == 407:
		e.Kind, e.Hint = Unauthorised, "check the token or the account in the runbook"
	case status == 408 || status == 425 || status == 429 || status >= 500:
		e.Kind = Busy
	case status == 400 || status == 413 || status == 415 || status == 422:
		e.Kind = Refused
	case status/100 == 3:
		e.Kind, e.Hint = Unreachable, "redirects are not followed; set the url to where the service is"
	default:
		e.Kind, e.Hint = Unreachable, "something else answers there; check the url"
	}
	return e
}

// retryAfter reads the number of seconds. It ignores the date form, which would require trusting
// two clocks.
func retryAfter(header string) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(header), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxRetryAfter)
}

// snippet is the beginning of an answer for a message: one line of printable text without our secrets.
func (c *Client) snippet(body []byte) string {
	return brief(c.redact(CleanText(string(body))), 200)
}

// brief is the beginning of a text, of at most that many characters.
func brief(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// Redacted is an error whose text does not contain our secrets: libraries quote what a peer has sent, and the peer may
// send them back.
func (c *Client) Redacted(err error) error {
	if text := c.redact(err.Error()); text != err.Error() {
		return &retold{text, err}
	}
	return err
}

type retold struct {
	text  string
	cause error
}

func (r *retold) Error() string { return r.text }
func (r *retold) Unwrap() error { return r.cause }

func (c *Client) redact(text string) string {
	c.mu.Lock()
	sent := c.sent
	c.mu.Unlock()
	for _, secret := range append(slices.Clone(c.secrets), sent) {
		if secret == "" {
			continue
		}
		text = strings.ReplaceAll(text, secret, "(secret)")
		if quoted := strconv.Quote(secret); quoted[1:len(quoted)-1] != secret { // as a library quotes it
			text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], "(secret)")
		}
	}
	return text
}

// Said is an *Error with words of the other side as its cause.
func (c *Client) Said(op, rawURL string, kind Kind, words string) *Error {
	return &Error{Op: op, Address: Address(rawURL), Kind: kind, Cause: errors.New(c.snippet([]byte(words)))}
}

// CleanText makes foreign text safe for a terminal and a log: valid UTF-8 in one line, without control characters and
// without marks that change the direction of writing.
func CleanText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(s)
}

// maxTrace is how much of the ID of a request is sent along, in bytes.
const maxTrace = 200

// Traced are the headers with the request that a call is made for, and the step of its trace; none for the zero value.
func Traced(h thread.Thread) http.Header {
	if h == (thread.Thread{}) {
		return nil
	}
	header := http.Header{}
	if h.ID != "" {
		header["X-Request-Id"] = []string{CleanText(h.ID[:min(len(h.ID), maxTrace)])}
	}
	if h.Parent != "" {
		header[thread.Header] = []string{h.Parent}
	}
	return header
}
