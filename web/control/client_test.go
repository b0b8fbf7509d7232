package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"orac/appliance/health"
	"orac/appliance/status"
)

// TestClientRoundTrip: what the daemon says is what the client gets, through the real socket.
func TestClientRoundTrip(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	plan := status.Plan{Runbook: "/etc/orac.hcl", Against: "generation 3", Hash: "abc", Changes: true, Components: []status.Component{
		{Address: "trigger.kitchen", Kind: "trigger", Action: status.Update, Because: []status.Attribute{{Block: "model.a", Name: "threshold", Old: "0.5", New: "0.6", File: "orac.hcl", Line: 3}}}}}
	applied := status.Applied{OK: true, Generation: 4, Steps: []string{"prepare", "swap"}}
	incidents := []status.Incident{{ID: "1", Component: "source.usb", Cause: "no hop", Detected: at, Recovered: at.Add(time.Second), Duration: time.Second, Actions: []string{"killed"}}}
	logs := []status.LogLine{{Seq: 1, At: at, Level: "INFO", Message: "up", Attrs: map[string]any{"node": "spool"}}, {Seq: 2, At: at, Level: "WARN", Message: "down"}}
	var asked status.ApplyRequest
	m := &model{
		status: healthy(),
		plan:   func(r status.PlanRequest) (status.Plan, error) { plan.Runbook = r.File; return plan, nil },
		apply: func(_ context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
			asked = r
			for _, s := range applied.Steps {
				progress(s)
			}
			return applied, nil
		},
		rollback: func(g int, progress func(string)) (status.Applied, error) {
			return status.Applied{Why: fmt.Sprint("to ", g), RolledBack: true}, nil
		},
		kept:      []status.Generation{{Number: 3, Applied: at, Current: true, Hash: "abc", Note: "start"}},
		incidents: func(limit int) ([]status.Incident, error) { return incidents[:min(limit, len(incidents))], nil },
		logs: func(_ context.Context, after uint64, _ bool, line func(status.LogLine) error) error {
			for _, l := range logs[after:] {
				if err := line(l); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c, ctx := NewClient(start(t, m, time.Second)), t.Context()
	same := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if d := cmp.Diff(want, got, cmpopts.IgnoreTypes(status.Origin{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	s, err := c.Status(ctx)
	same("status", s, m.status, err)
	h, err := c.Health(ctx)
	same("health", h, m.status.HealthNow(), err)
	g, err := c.Generations(ctx)
	same("generations", g, m.kept, err)
	i, err := c.Incidents(ctx, 5)
	same("incidents", i, incidents, err)
	request := status.PlanRequest{File: "/home/orac.hcl", Vars: map[string]string{"room": "kitchen"}}
	p, err := c.Plan(ctx, request)
	same("plan", p, plan, err)
	same("plan's file", p.Runbook, request.File, err)
	var steps []string
	apply := status.ApplyRequest{PlanRequest: request, Hash: "abc", Timeout: time.Minute}
	a, err := c.Apply(ctx, apply, func(step string) { steps = append(steps, step) })
	same("apply", a, applied, err)
	same("apply's request", asked, apply, err)
	if !asked.Origin.Trusted() || !strings.HasPrefix(asked.Origin.Who(), "unix:") {
		t.Errorf("the origin of a request of the socket is %+v", asked.Origin)
	}
	same("apply's steps", steps, applied.Steps, err)
	a, err = c.Rollback(ctx, 2, func(string) {})
	same("rollback", a, status.Applied{Why: "to 2", RolledBack: true}, err)
	var got []status.LogLine
	err = c.Logs(ctx, 1, false, func(l status.LogLine) error { got = append(got, l); return nil })
	same("logs", got, logs[1:], err)
}

// TestUnhealthyIsAnAnswer: 503 with the report, which the client gives as such.
func TestUnhealthyIsAnAnswer(t *testing.T) {
	m := &model{status: status.Status{Health: health.Report{Level: health.Unhealthy, Components: []health.Component{{Name: "source.usb", Level: health.Unhealthy}}}}}
	dir := start(t, m, time.Second)
	report, err := NewClient(dir).Health(t.Context())
	if err != nil || report.Level != health.Unhealthy || len(report.Components) != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	if head := exchange(t, dir, "GET /v1/health HTTP/1.0\r\n\r\n"); !strings.HasPrefix(head, "HTTP/1.0 503 ") {
		t.Errorf("an unhealthy appliance answers %q", head)
	}
}

// TestRefusalsArrive: code, hint and detail survive the wire, before and after the first step.
func TestRefusalsArrive(t *testing.T) {
	why := &status.Refusal{Code: status.Changed, Message: "orac.hcl has changed", Hint: "plan again", Detail: "line 1\nline 2"}
	for _, steps := range []int{0, 1} {
		m := &model{apply: func(_ context.Context, _ status.ApplyRequest, progress func(string)) (status.Applied, error) {
			for range steps {
				progress("prepare")
			}
			return status.Applied{}, fmt.Errorf("apply: %w", why)
		}}
		_, err := NewClient(start(t, m, time.Second)).Apply(t.Context(), status.ApplyRequest{PlanRequest: status.PlanRequest{File: "/f"}, Hash: "x"}, func(string) {})
		var got *status.Refusal
		if !errors.As(err, &got) {
			t.Fatalf("after %d steps: %v is no refusal", steps, err)
		}
		want := *why
		want.Message = "apply: " + why.Message
		if d := cmp.Diff(&want, got); d != "" {
			t.Errorf("after %d steps (-want +got):\n%s", steps, d)
		}
	}
}

// TestNoDaemon: no folder, no socket, and a socket where nobody listens are the same to who asks.
func TestNoDaemon(t *testing.T) {
	dir := t.TempDir()
	check := func(what, dir string) {
		t.Helper()
		_, err := NewClient(dir).Status(t.Context())
		if !errors.Is(err, ErrNoDaemon) || !strings.Contains(err.Error(), "orac run") {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("no folder", dir+"/none")
	check("no socket", dir)
	dead := abandon(t, dir)
	check("dead socket", dead)
}

// TestFollowEndsWithTheDaemon: the end of the daemon is told apart from the end of the log.
func TestFollowEndsWithTheDaemon(t *testing.T) {
	m := &model{logs: func(context.Context, uint64, bool, func(status.LogLine) error) error { return nil }}
	c := NewClient(start(t, m, time.Second))
	none := func(status.LogLine) error { return nil }
	if err := c.Logs(t.Context(), 0, true, none); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("following: %v", err)
	}
	if err := c.Logs(t.Context(), 0, false, none); err != nil {
		t.Errorf("reading: %v", err)
	}
}

// FuzzLines: whatever a daemon sends, the client gives lines or an error.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{"{\"step\":\"a\"}\n{\"result\":{\"ok\":true}}\n", "{\"error\":\"x\",\"code\":\"busy\"}", "{\"step\":1}", "[]", "\n\n", "{", "null\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		err := lines(strings.NewReader(text), func(line) error { n++; return nil })
		if n > strings.Count(text, "\n")+1 {
			t.Errorf("%d lines of %q, %v", n, text, err)
		}
	})
}
