package chaos

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"

	"orac/appliance/status"
)

// askTime is how long an answer may take: a plan loads models.
const askTime = 20 * time.Second

func (r Orac) dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", filepath.Join(r.State, "control.sock"))
}

// Ask speaks to the control socket as a foreign client does. It gives the answer's code and body.
func (r Orac) Ask(ctx context.Context, method, what string, send any) (code int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	text, err := json.Marshal(send)
	if err != nil {
		return 0, nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return r.dial(ctx) }}
	q, err := http.NewRequestWithContext(ctx, method, "http://orac/v1/"+what, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	resp, err := transport.RoundTrip(q)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	return resp.StatusCode, body, err
}

// Status is the whole of the running appliance.
func (r Orac) Status(ctx context.Context) (s status.Status, err error) {
	_, body, err := r.Ask(ctx, http.MethodGet, "status", nil)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(body, &s)
}

// Plan is what applying the runbook on disk would do.
func (r Orac) Plan(ctx context.Context) (p status.Plan, err error) {
	code, body, err := r.Ask(ctx, http.MethodPost, "plan", status.PlanRequest{File: r.File})
	if err != nil {
		return p, err
	}
	if code != http.StatusOK {
		return p, fmt.Errorf("plan: %d: %s", code, body)
	}
	return p, json.Unmarshal(body, &p)
}

// ApplyPlan applies the runbook on disk if its plan still has a hash. The error is the appliance's refusal.
func (r Orac) ApplyPlan(ctx context.Context, hash string) (done status.Applied, err error) {
	code, body, err := r.Ask(ctx, http.MethodPost, "apply", status.ApplyRequest{PlanRequest: status.PlanRequest{File: r.File}, Hash: hash, Timeout: time.Minute})
	if err != nil {
		return done, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		var l struct {
			Step   string
			Result *status.Applied
			Error  string
		}
		switch err := json.Unmarshal(lines.Bytes(), &l); {
		case err != nil:
			return done, fmt.Errorf("apply: %w in %s", err, lines.Bytes())
		case l.Error != "":
			return done, errors.New(l.Error)
		case l.Result != nil:
			return *l.Result, nil
		}
	}
	return done, fmt.Errorf("apply: status %d without a result: %s", code, body)
}

// Run runs a command of the binary, as a person would, and gives its exit code and what it printed on both its outputs.
func (r Orac) Run(ctx context.Context, args ...string) (code int, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := r.command(ctx, args...).CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ctx.Err() == nil {
		return ended.ExitCode(), string(out), nil
	}
	return 0, string(out), err
}

// NeverRead asks for the log, to the end of time, and never reads a byte of it. Closing it ends that.
func (r Orac) NeverRead(ctx context.Context) (io.Closer, error) {
	c, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.(*net.UnixConn).SetReadBuffer(4 << 10); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if _, err := io.WriteString(c, "GET /v1/logs?after=0&follow=true HTTP/1.1\r\nHost: orac\r\n\r\n"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
