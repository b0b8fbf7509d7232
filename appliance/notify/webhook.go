package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// WebhookConfig makes a Webhook. All fields except URL may be zero.
type WebhookConfig struct {
	URL     string        // any address that messages go to: it is checked, and not shown
	Key     []byte        // signs the requests; empty: they are not signed
	Timeout time.Duration // 0 means Timeout
	Tokens  wire.Tokens   // go with each request; nil: none do
	Headers map[string]wire.Secret
	TLS     wire.TLS
	// Hush: the body holds a secret. A receiver may repeat it in any encoding, so nothing of its answer is shown.
	Hush bool
}

// Webhook is a Hook. It may be used by several tasks at once.
type Webhook struct {
	client *wire.Client
	key    []byte
	typed  bool // the headers say what the body is
	hush   bool
}

// NewWebhook makes a client; it connects to nothing yet.
func NewWebhook(c WebhookConfig) (*Webhook, error) {
	to, err := wire.ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	w := &Webhook{key: c.Key, hush: c.Hush}
	for name := range c.Headers {
		w.typed = w.typed || strings.EqualFold(name, "Content-Type")
	}
	o := wire.Options{Timeout: orDefault(c.Timeout), Tokens: c.Tokens, Headers: c.Headers, Hidden: wire.Keys(to), TLS: c.TLS}
	if len(c.Key) > 0 {
		o.Hidden = append(o.Hidden, string(c.Key))
	}
	if w.client, err = wire.NewClient(o); err != nil {
		return nil, fmt.Errorf("webhook %s: %w", wire.Origin(c.URL), err)
	}
	return w, nil
}

// Send implements Hook. Any status from 200 to 299 means success, whatever the body says.
func (w *Webhook) Send(t *rt.Task, m Message) error {
	to, err := wire.ParseURL(m.URL)
	if err != nil {
		return &Error{Op: "webhook", Address: wire.Origin(m.URL), Kind: wire.Refused, Cause: err}
	}
	r := wire.Request{
		Op: "webhook", Method: m.Method, URL: to.String(), Header: w.head(m, t.Wall()), ContentType: m.ContentType, Body: m.Body, Unread: true,
	}
	if w.typed {
		r.ContentType = ""
	}
	_, err = w.client.Do(t, r)
	if e, ok := errors.AsType[*wire.Error](err); ok {
		e.Address = wire.Origin(m.URL)
		switch {
		case w.hush && (e.Status != 0 || !ours(e.Cause)):
			e.Cause = errHushed
		case e.Cause != nil: // a receiver may repeat what it was sent, also in the path
			e.Cause = hide(e.Cause, wire.Keys(to))
		}
	}
	return late(err)
}

// errHushed replaces what a receiver has said.
var errHushed = errors.New("what it said is not shown, since the body that it was sent holds a secret")

// ours tells whether a failure contains no words of the receiver: one of the connection, or of a clock.
func ours(err error) bool {
	_, connection := errors.AsType[*net.OpError](err)
	return connection || errors.Is(err, context.DeadlineExceeded)
}

// head returns the headers that Standard Webhooks puts into a request:
// https://www.standardwebhooks.com
func (w *Webhook) head(m Message, now time.Time) http.Header {
	stamp := strconv.FormatInt(now.Unix(), 10)
	h := http.Header{"Webhook-Id": {m.ID}, "Webhook-Timestamp": {stamp}}
	if len(w.key) > 0 {
		h["Webhook-Signature"] = []string{"v1," + Sign(w.key, m.ID, stamp, m.Body)}
	}
	return h
}

// Sign is the signature of a request: base64 of the HMAC-SHA256 of its identity, its time in seconds since 1970, and its body.
func Sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// hide removes texts from an error.
func hide(err error, keys []string) error {
	text := err.Error()
	for _, key := range keys {
		text = strings.ReplaceAll(text, key, "(secret)")
	}
	return errors.New(text)
}
