package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

// once sends a request and returns the body of a success, and the token that it used.
func (c *Client) once(t *rt.Task, r Request, refused string) (_ []byte, token string, _ error) {
	ctx, cancel := live.Context(t)
	defer cancel()
	// All of the request was sent, or may have been: a peer that resets the connection at once is faster than the trace.
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) { sent.Store(i.Err == nil) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, "", &Error{Op: r.Op, Address: Address(r.URL), Kind: Refused, Cause: withoutURL(err)}
	}
	var g gate
	if r.Ready != nil {
		g.hold(ctx, req, r.Body, &sent)
	}
	if req.Header, token, err = c.Header(t, refused); err != nil {
		return nil, "", Unproven(r.Op, r.URL, err)
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	if r.ContentType != "" {
		req.Header.Set("Content-Type", r.ContentType)
	}
	done := make(chan answered, 1)
	go func() { done <- c.roundTrip(req, r.Unread) }()
	a, err := c.await(t, r, &g, &sent, done, cancel)
	if err != nil {
		return nil, token, err
	}
	body, err := c.judge(t, r, a)
	if e, ok := err.(*Error); ok && r.Ready != nil && sent.Load() {
		e.Doubt = doubtOf(a, e)
	}
	return body, token, err
}

// answered is the outcome of a request.
type answered struct {
	res  *http.Response // nil: no answer
	body []byte
	err  error
	// waited is how long the task waited before it gave up; 0 if it did not.
	waited time.Duration
}

// roundTrip is the exchange itself.
func (c *Client) roundTrip(req *http.Request, unread bool) answered {
	res, err := c.http.Do(req)
	if err != nil {
		return answered{err: err}
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusSwitchingProtocols || unread && res.StatusCode/100 == 2 { // the body of the first is the connection
		return answered{res: res}
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(c.most)+1))
	return answered{res: res, body: body, err: err}
}

// await waits for an answer on behalf of the task: only the task may call Ready and Hold. Nothing continues after
// await returns.
func (c *Client) await(t *rt.Task, r Request, g *gate, sent *atomic.Bool, done <-chan answered, cancel func()) (answered, error) {
	began := t.Now()
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	for {
		select {
		case a := <-done: // also when the task is told to stop: its context ends the exchange
			return a, nil
		case <-g.asked:
			g.asked = nil
			if err := r.Ready(t); err != nil {
				cancel()
				<-done
				return answered{}, err
			}
			close(g.open)
			timer.Reset(c.timeout) // that time does not count against the other side
		case <-timer.C:
			if r.Hold != nil && sent.Load() {
				if more := r.Hold(t); more > 0 {
					timer.Reset(more)
					continue
				}
			}
			cancel()
			a := <-done
			if a.err != nil {
				a.waited = t.Now().Sub(began)
			}
			return a, nil
		}
	}
}

// judge tells an answer from a failure.
func (c *Client) judge(t *rt.Task, r Request, a answered) ([]byte, error) {
	err := a.err
	if a.waited > 0 && !t.Stopping() {
		err = fmt.Errorf("no answer in %v: %w", a.waited.Round(time.Second), context.DeadlineExceeded)
	}
	if a.res == nil {
		return nil, c.Fail(t, r.Op, r.URL, err)
	}
	if e := c.Status(r.Op, r.URL, a.res, a.body); e != nil {
		return nil, e // a refusal counts even if its text is incomplete
	}
	if err != nil {
		return nil, c.Fail(t, r.Op, r.URL, err)
	}
	if len(a.body) > c.most {
		return nil, &Error{Op: r.Op, Address: Address(r.URL), Kind: Protocol,
			Cause: fmt.Errorf("the answer is longer than %d bytes", c.most), Hint: c.Strange()}
	}
	return a.body, nil
}

// doubtOf returns the doubt after the failure of a request that was sent completely.
func doubtOf(a answered, e *Error) Doubt {
	switch {
	case a.res == nil:
		return UnderWay
	case e.Status == http.StatusBadGateway || e.Status == http.StatusGatewayTimeout: // from a proxy, which has lost the answer
		return UnderWay
	case e.Status == 0: // a success that breaks off or never ends
		return Acted
	}
	return NoDoubt
}

// gate holds back the body of a request until the task allows it. Without Request.Ready nothing is held back.
type gate struct {
	asked <-chan struct{} // closed when the body is wanted: the connection is made
	open  chan struct{}   // closed when it may be sent
}

// hold puts the gate before the body of a request. The body may be read anew for a connection that turns out to be
// closed.
func (g *gate) hold(ctx context.Context, req *http.Request, body []byte, sent *atomic.Bool) {
	asked := make(chan struct{})
	tell := sync.OnceFunc(func() { close(asked) })
	g.asked, g.open = asked, make(chan struct{})
	read := func() io.ReadCloser {
		sent.Store(false)
		return io.NopCloser(&gated{from: bytes.NewReader(body), tell: tell, open: g.open, ended: ctx.Done(), sent: sent})
	}
	req.Body = read()
	req.GetBody = func() (io.ReadCloser, error) { return read(), nil }
}

// gated is a body behind a gate.
type gated struct {
	from  *bytes.Reader // not embedded: its WriteTo would bypass the gate
	tell  func()
	open  <-chan struct{}
	ended <-chan struct{}
	sent  *atomic.Bool // set with the last byte
}

func (b *gated) Read(p []byte) (int, error) {
	b.tell()
	select {
	case <-b.open:
		n, err := b.from.Read(p)
		if b.from.Len() == 0 {
			b.sent.Store(true)
		}
		return n, err
	case <-b.ended:
		return 0, context.Canceled
	}
}
