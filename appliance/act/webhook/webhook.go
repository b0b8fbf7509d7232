// Package webhook carries commands out by HTTP requests.
//
// Guarantees: what was said is escaped where it stands, in the path, in the query and in JSON. A request is sent once and follows no
// redirect. A success without an answer that proves it is act.Unproven.
package webhook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/fill"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// DefaultTimeout is how long a request may take.
const DefaultTimeout = 10 * time.Second

const op = "call"

// Config makes a Webhook. URL is required.
type Config struct {
	Name    string // of the backend block
	URL     string // what the service of a call is appended to; it may hold a key, and is not shown
	Token   wire.Secret
	Method  string        // "" is POST; GET sends no body
	Timeout time.Duration // 0 means DefaultTimeout
	TLS     wire.TLS
}

// Webhook is an act.Backend. It may be used by several tasks at once.
type Webhook struct {
	config Config
	client *wire.Client
}

// New makes a client; it connects to nothing yet.
func New(c Config) (*Webhook, error) {
	to, err := wire.ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", c.Name, err)
	}
	c.Timeout, c.Method = cmp.Or(max(c.Timeout, 0), DefaultTimeout), cmp.Or(c.Method, http.MethodPost)
	client, err := wire.NewClient(wire.Options{Timeout: c.Timeout, Token: c.Token, TLS: c.TLS, Hidden: wire.Keys(to), Peer: "the webhook"})
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", c.Name, err)
	}
	return &Webhook{c, client}, nil
}

// Calls implements act.Backend: only intent blocks say what a webhook does.
func (w *Webhook) Calls(c act.Command, _ *act.Home, _ map[string]act.State) ([]act.Call, error) {
	return nil, fmt.Errorf("backend %s carries out what intent blocks say, and knows no %q", w.config.Name, c.Intent)
}

// Fill implements act.Filler.
func (w *Webhook) Fill(c act.Command, t act.Template) (act.Call, error) {
	out := act.Call{Backend: w.config.Name, Intent: c.Intent}
	var err error
	if out.Service, err = fill.Text(t.Service, c, escape); err != nil {
		return out, err
	}
	out.Payload, out.Data, _, err = fill.Payload(t, c)
	if err == nil {
		_, err = w.address(out)
	}
	return out, err
}

// escape makes a value fit for a path and for a query: all but letters, digits and - . _ ~ is escaped.
func escape(v string) (string, error) {
	if wire.IsDots(v) {
		return "", errors.New(`"." and ".." are no names`)
	}
	var b strings.Builder
	for _, c := range []byte(v) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}

// address is where a call goes: the service follows the url.
func (w *Webhook) address(c act.Call) (string, error) {
	if c.Service == "" {
		return w.config.URL, nil
	}
	base, query, _ := strings.Cut(w.config.URL, "?")
	path, more, _ := strings.Cut(c.Service, "?")
	at := strings.TrimRight(base, "/") + "/" + strings.TrimLeft(path, "/")
	if query = strings.Trim(query+"&"+more, "&"); query != "" {
		at += "?" + query
	}
	to, err := wire.ParseURL(at)
	if err != nil {
		return "", errors.New("the service of the call makes no address")
	}
	home, err := wire.ParseURL(w.config.URL)
	if err != nil || home.Host != to.Host || home.Scheme != to.Scheme {
		return "", errors.New("the service of the call leads to another host")
	}
	return to.String(), nil
}

// Do implements act.Backend.
func (w *Webhook) Do(t *rt.Task, c act.Call, h thread.Thread) act.Outcome {
	o := act.Outcome{Call: c}
	to, err := w.address(c)
	if err != nil {
		o.Verdict, o.Reason = act.Failed, err.Error()
		return o
	}
	r := wire.Request{Op: op, Method: w.config.Method, URL: to, Ready: func(*rt.Task) error { return nil }, Header: wire.Traced(h)}
	if r.Method != http.MethodGet {
		r.Body, r.ContentType = fill.Body(c), "text/plain; charset=utf-8"
		if json.Valid(r.Body) {
			r.ContentType = "application/json"
		}
	}
	o.Sent = t.Wall()
	answer, err := w.client.Do(t, r)
	if err != nil {
		w.failed(&o, err)
		return o
	}
	o.Answered = t.Wall()
	judge(&o, answer)
	return o
}

func (w *Webhook) failed(o *act.Outcome, err error) {
	e, ok := errors.AsType[*wire.Error](err)
	switch {
	case errors.Is(err, rt.ErrStopped):
		o.Verdict, o.Reason = act.Unknown, "ORAC was stopping: it may have been done"
	case ok && e.Doubt == wire.Acted:
		o.Verdict, o.Reason = act.Unknown, "its answer could not be read: it may have been done"
	case ok && e.Doubt != wire.NoDoubt:
		o.Verdict, o.Reason = act.Unknown, w.config.Name+" did not answer: it may have been done"
	case ok && e.Status != 0:
		o.Verdict, o.Reason = act.Failed, fmt.Sprintf("%s answered with status %d", w.config.Name, e.Status)
	default:
		o.Verdict, o.Reason, o.Sent = act.Failed, w.config.Name+" cannot be reached", time.Time{}
	}
}

// said is what a receiver may answer, in the words that ORAC uses for itself.
type said struct {
	Executed *bool  `json:"executed"`
	Verified *bool  `json:"verified"`
	Reason   string `json:"reason"`
	Reply    string `json:"reply"`
}

// judge reads the answer of a success. Only a receiver that says "verified": true proves anything; "executed": false is a failure.
func judge(o *act.Outcome, answer []byte) {
	var s said
	_ = json.Unmarshal(answer, &s) // whatever else it is proves nothing
	o.Reply = brief(s.Reply)
	switch {
	case s.Executed != nil && !*s.Executed:
		o.Verdict, o.Reason = act.Failed, cmp.Or(brief(s.Reason), "the receiver says that it has not done it")
	case s.Verified != nil && *s.Verified:
		o.Verdict, o.Reason, o.Proof = act.Proven, brief(s.Reason), o.Answered
	default:
		o.Verdict, o.Reason = act.Unproven, cmp.Or(brief(s.Reason), "it was accepted, and nothing proves that it was done")
	}
}

func brief(s string) string {
	r := []rune(wire.CleanText(s))
	return string(r[:min(len(r), 300)])
}

// Watch implements act.Backend. A request would do something, so nothing is asked: how the receiver is shows when it is called.
func (w *Webhook) Watch(t *rt.Task, s act.Sight) error {
	s.Up("")
	ctx, cancel := live.Context(t)
	defer cancel()
	<-ctx.Done()
	return rt.ErrStopped
}

// Refresh implements act.Backend: there is nothing to fetch.
func (w *Webhook) Refresh() {}
