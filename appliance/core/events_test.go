package core

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/event/eventtest"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// TestEveryComplaintReachesTheMonitor: what the table calls a complaint makes its component unwell, or is an incident or a restart of
// it. The monitor looks at the spool itself.
func TestEveryComplaintReachesTheMonitor(t *testing.T) {
	d := virtual.New(1, time.Unix(0, 0), nil)
	defer d.Close()
	complaints := 0
	rt.New(d, "test", func(k *rt.Task) error {
		for _, e := range slices.Concat(eventtest.All(true), eventtest.All(false)) {
			about := e.Complaint()
			if about == "" {
				continue
			}
			complaints++
			r := &Runner{}
			r.graph.Store(&graph.Graph{})
			m := &Monitor{Runner: r, Log: incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil), model: health.New(health.Rules),
				facts: map[string]health.Fact{}, open: map[string]string{}, leaks: map[string]string{}, alerts: map[string]string{}, back: map[string]rt.Instant{}}
			m.event(k, e)
			unwell := m.facts[about].Level != "" && m.facts[about].Level != health.Healthy
			if !unwell && len(m.Log.Recent(k.Now(), 1)) == 0 && m.Log.Count(k.Now(), about, time.Hour) == 0 {
				t.Errorf("%s complains about %s, and the monitor takes no notice", e.Body.Kind(), about)
			}
		}
		return nil
	})
	d.Run(rt.Instant(time.Second))
	if complaints < 10 {
		t.Errorf("only %d complaints", complaints)
	}
}

// TestTheLogLeavesOutWhatWasSaid, in whichever field it stands.
func TestTheLogLeavesOutWhatWasSaid(t *testing.T) {
	list := attrs(event.Event{Node: "delivery.whisper", Body: event.Delivered{STT: "whisper", Text: "open the safe", Original: "[laughs] open the safe"}})
	for _, a := range list {
		if a.Key == "text" || a.Key == "original" {
			t.Errorf("the log has %s", a)
		}
	}
	if !slices.ContainsFunc(list, func(a slog.Attr) bool { return a.Key == "stt" }) {
		t.Error("the log does not say which service answered")
	}
}
