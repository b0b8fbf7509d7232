package control

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/status"
	"orac/web/audit"
)

// TestOrdersOverTheSocket: the appliance learns who gave them, whatever the client says, and the audit log too.
func TestOrdersOverTheSocket(t *testing.T) {
	m := &model{status: healthy()}
	dir := t.TempDir()
	log := audit.In(dir)
	startDaemon(t, dir, Audited{Daemon: m, Log: log}, time.Second)
	c := NewClient(dir)
	if out, err := c.Mute(t.Context(), status.MuteRequest{Listener: "kitchen", For: time.Hour, By: "user:nobody"}); err != nil || len(out.Muted) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := c.Unmute(t.Context(), status.MuteRequest{}); err != nil || out.Muted == nil {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := c.Restart(t.Context()); err != nil || out.PID != 1 || len(m.restarts) != 1 || !strings.HasPrefix(m.restarts[0], "unix:") {
		t.Errorf("%+v, %v, %v", out, err, m.restarts)
	}
	if len(m.muted) != 2 || m.muted[0].Listener != "kitchen" || m.muted[0].For != time.Hour || !strings.HasPrefix(m.muted[0].By, "unix:") {
		t.Errorf("%+v", m.muted)
	}
	list, err := log.Page(0, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, r := range slices.Backward(list) {
		told = append(told, r.Action+" "+r.Target+" "+string(r.Outcome))
	}
	want := []string{
		"mute listener.kitchen " + string(audit.Attempt), "mute listener.kitchen " + string(audit.Done),
		"unmute all listeners " + string(audit.Attempt), "unmute all listeners " + string(audit.Done),
		"restart  " + string(audit.Attempt), "restart  " + string(audit.Done),
	}
	if !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}
