package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"orac/appliance/status"
)

// ErrNoDaemon means that nobody answers: no appliance runs with the state directory.
var ErrNoDaemon = errors.New("no appliance runs")

// Client talks to the appliance of a state directory. Each call uses its own connection; it is safe for concurrent use. An
// error of the appliance is a *status.Refusal, whatever its code; it is ErrNoDaemon if no appliance runs.
type Client struct {
	stateDir string
	http     *http.Client
}

const (
	dialTimeout = 2 * time.Second
	// quickTimeout is for questions that are answered at once unless the appliance is stuck.
	quickTimeout = 5 * time.Second
	// maxAnswer and maxLine limit what is read of an answer and of a line of a stream, in bytes.
	maxAnswer = 64 << 20
	maxLine   = 4 << 20
)

// NewClient makes a client. It connects at each call.
func NewClient(stateDir string) *Client {
	c := &Client{stateDir: stateDir}
	c.http = &http.Client{Transport: &http.Transport{
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx) },
	}}
	return c
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	path := filepath.Join(c.stateDir, SocketName)
	short, free, err := shorten(path)
	if err != nil {
		return nil, c.dialError(err)
	}
	defer free()
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", short)
	if err != nil {
		return nil, c.dialError(err)
	}
	if user, err := peerUser(conn.(*net.UnixConn)); err != nil || !mayAnswer(user, uint32(os.Geteuid())) {
		_ = conn.Close() // nothing was sent
		return nil, fmt.Errorf("the appliance in %s belongs to another user, who could read your request; run this as that user, or with sudo", c.stateDir)
	}
	return conn, nil
}

// mayAnswer tells whether one user trusts an appliance that runs as another: the user's own and root's are trusted, and
// root trusts all.
func mayAnswer(user, own uint32) bool { return user == own || user == 0 || own == 0 }

func (c *Client) dialError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w with the state directory %s; start one with: orac run", ErrNoDaemon, c.stateDir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the appliance of %s belongs to another user; run this as that user, or with sudo", c.stateDir)
	}
	return fmt.Errorf("the appliance of %s cannot be reached: %w", c.stateDir, cause(err))
}

// Status returns the whole state of the appliance.
func (c *Client) Status(ctx context.Context) (s status.Status, err error) {
	return s, c.quick(ctx, "status", &s)
}

// Health returns its health.
func (c *Client) Health(ctx context.Context) (r status.Health, err error) {
	return r, c.quick(ctx, "health", &r)
}

// Generations returns the kept generations, oldest first.
func (c *Client) Generations(ctx context.Context) (list []status.Generation, err error) {
	return list, c.quick(ctx, "generations", &list)
}

// Text returns the runbook of a kept generation.
func (c *Client) Text(ctx context.Context, generation int) (string, error) {
	var text generationText
	err := c.quick(ctx, "generations/"+strconv.Itoa(generation), &text)
	return text.Source, err
}

// Incidents returns the latest incidents, oldest first.
func (c *Client) Incidents(ctx context.Context, limit int) (list []status.Incident, err error) {
	return list, c.quick(ctx, "incidents?limit="+strconv.Itoa(limit), &list)
}

// Spool lists what waits and what was set aside, or does something with one utterance.
func (c *Client) Spool(ctx context.Context, r status.SpoolRequest) (a status.SpoolAnswer, err error) {
	return a, c.quickly(ctx, http.MethodPost, "spool", r, &a)
}

// Plan returns what applying a runbook would do.
func (c *Client) Plan(ctx context.Context, r status.PlanRequest) (p status.Plan, err error) {
	return p, c.ask(ctx, http.MethodPost, "plan", r, func(body io.Reader) error { return decode(body, &p) })
}

// Apply carries out the plan completely or not at all. progress receives each step.
func (c *Client) Apply(ctx context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	return c.stepwise(ctx, "apply", r, progress)
}

// Rollback returns to a generation; 0 is the preceding one.
func (c *Client) Rollback(ctx context.Context, generation int, progress func(string)) (status.Applied, error) {
	return c.stepwise(ctx, "rollback", status.RollbackRequest{Generation: generation}, progress)
}

// Logs calls line with each line of the log after a sequence number; with follow it continues until ctx or the appliance
// ends. If the appliance ends first, the error is io.ErrUnexpectedEOF.
func (c *Client) Logs(ctx context.Context, after uint64, follow bool, line func(status.LogLine) error) error {
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "follow": {strconv.FormatBool(follow)}}
	err := c.ask(ctx, http.MethodGet, "logs?"+q.Encode(), nil, func(body io.Reader) error {
		return lines(body, func(l status.LogLine) error { return line(l) })
	})
	if err == nil && follow {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *Client) quick(ctx context.Context, what string, into any) error {
	return c.quickly(ctx, http.MethodGet, what, nil, into)
}

func (c *Client) quickly(ctx context.Context, method, what string, send, into any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, quickTimeout, fmt.Errorf("the appliance of %s does not answer within %s", c.stateDir, quickTimeout))
	defer cancel()
	err := c.ask(ctx, method, what, send, func(body io.Reader) error { return decode(body, into) })
	if errors.Is(err, context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return err
}

func (c *Client) stepwise(ctx context.Context, what string, r any, progress func(string)) (status.Applied, error) {
	var result *status.Applied
	err := c.ask(ctx, http.MethodPost, what, r, func(body io.Reader) error {
		return lines(body, func(l line) error {
			if l.Result != nil {
				result = l.Result
			} else {
				progress(l.Step)
			}
			return nil
		})
	})
	switch {
	case err != nil:
		return status.Applied{}, err
	case result == nil:
		return status.Applied{}, errors.New("the appliance ended before it reported the result; see: orac status, orac generations")
	}
	return *result, nil
}

// ask makes a request and calls read with the body of a successful answer.
func (c *Client) ask(ctx context.Context, method, what string, send any, read func(io.Reader) error) error {
	var body io.Reader
	if send != nil {
		text, err := json.Marshal(send)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://orac/v1/"+what, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the address in it tells people nothing
		}
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return fmt.Errorf("the appliance of %s closed the connection without an answer (%w)", c.stateDir, err)
		}
		return err
	}
	defer resp.Body.Close()
	// The health of an unhealthy appliance is an answer, not an error.
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusServiceUnavailable && what == "health" && resp.Header.Get(refusedHeader) == "" {
		return read(resp.Body)
	}
	var f failure
	if err := decode(resp.Body, &f); err != nil || f.Error == "" {
		return fmt.Errorf("the appliance answers %s", resp.Status)
	}
	return f.refusal()
}

// refusal turns a received error back into the one that the appliance meant.
func (f failure) refusal() error {
	return &status.Refusal{Code: f.Code, Message: f.Error, Hint: f.Hint, Detail: f.Detail}
}
