package control

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/health"
	"orac/appliance/status"
)

// model is a daemon that answers what a test has given it.
type model struct {
	status    status.Status
	plan      func(status.PlanRequest) (status.Plan, error)
	apply     func(ctx context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error)
	rollback  func(generation int, progress func(string)) (status.Applied, error)
	spool     func(status.SpoolRequest) (status.SpoolAnswer, error)
	kept      []status.Generation
	incidents func(limit int) ([]status.Incident, error)
	logs      func(ctx context.Context, after uint64, follow bool, line func(status.LogLine) error) error
	planned   atomic.Int64
	muted     []status.MuteRequest
	restarts  []string
}

func (m *model) Status() status.Status { return m.status }

func (m *model) Plan(_ context.Context, r status.PlanRequest) (status.Plan, error) {
	m.planned.Add(1)
	return m.plan(r)
}

func (m *model) Apply(ctx context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	return m.apply(ctx, r, progress)
}

func (m *model) Rollback(_ context.Context, r status.RollbackRequest, progress func(string)) (status.Applied, error) {
	return m.rollback(r.Generation, progress)
}

func (m *model) Spool(_ context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	return m.spool(r)
}

func (m *model) Mute(_ context.Context, r status.MuteRequest) (status.Muting, error) {
	m.muted = append(m.muted, r)
	return status.Muting{Muted: []status.Mute{{Listener: r.Listener, By: r.By}}}, nil
}

func (m *model) Unmute(_ context.Context, r status.MuteRequest) (status.Muting, error) {
	m.muted = append(m.muted, r)
	return status.Muting{Muted: []status.Mute{}}, nil
}

func (m *model) Restart(_ context.Context, by string) (status.Restarting, error) {
	m.restarts = append(m.restarts, by)
	return status.Restarting{PID: 1}, nil
}

func (m *model) Generations() ([]status.Generation, error) { return m.kept, nil }

func (m *model) Text(number int) (string, error) {
	if number < 1 || number > len(m.kept) {
		return "", &status.Refusal{Code: status.Unknown, Message: fmt.Sprintf("there is no generation %d", number)}
	}
	return m.kept[number-1].Note, nil
}

func (m *model) Incidents(limit int) ([]status.Incident, error) { return m.incidents(limit) }

func (m *model) Logs(ctx context.Context, after uint64, follow bool, line func(status.LogLine) error) error {
	return m.logs(ctx, after, follow, line)
}

func healthy() status.Status {
	return status.Status{Appliance: "test", Generation: 3, Health: health.Report{Level: health.Healthy}}
}

// start serves a model over a real socket and gives its state directory. Its writes have the given patience.
func start(t *testing.T, m *model, patience time.Duration) string {
	t.Helper()
	dir := t.TempDir()
	startIn(t, dir, m, patience)
	return dir
}

func startIn(t *testing.T, dir string, m *model, patience time.Duration) {
	t.Helper()
	startDaemon(t, dir, m, patience)
}

func startDaemon(t *testing.T, dir string, m Daemon, patience time.Duration) {
	t.Helper()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, l, newHandler(ctx, m, patience), slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		if _, err := os.Lstat(filepath.Join(dir, SocketName)); !os.IsNotExist(err) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
}

// connect opens a connection without the client's manners.
func connect(t *testing.T, dir string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", filepath.Join(dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
