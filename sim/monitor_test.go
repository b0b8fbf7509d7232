//go:build !race

package sim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/rt"
)

// A service that is away is taken out of the runbook: nothing of it is left in health or incidents.
func TestARemovedServiceIsNoTroubleAnyMore(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.STT.Down = func(at rt.Instant) bool { return at > rt.Instant(20*time.Second) }
	w.Graph = compile(t, twoRooms)
	w.Sound["hall"] = w.Sound["usb"]
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}
		k.Go("monitor", m.Run)
		_ = k.Sleep(90 * time.Second)
		without := strings.ReplaceAll(strings.Replace(twoRooms, `stt "whisper" { url = "http://stt.example:7272" }`, "", 1), "  deliver = [stt.whisper]\n", "")
		if err := swapTo(t, k, r, without); err != nil {
			return err
		}
		_ = k.Sleep(10 * time.Minute)
		for _, c := range m.Report().Components {
			if c.Level != "healthy" {
				t.Errorf("%+v", c)
			}
		}
		for _, i := range log.Recent(k.Now(), 10) {
			if i.Recovered.IsZero() {
				t.Errorf("still open: %s %s, for %v", i.Component, i.Cause, i.Duration)
			}
		}
		return nil
	}
	if r := w.Run(20 * time.Minute); r.Script != nil {
		t.Error(r.Script)
	}
}

// Memory stays over its limit and no restart is allowed any more: one incident, which ends.
func TestMemoryOverItsLimitIsOneIncident(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	n := int64(0)
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch,
			Measure: func() (int64, error) {
				if k.Now() > rt.Instant(30*time.Minute) {
					return 100 << 20, nil
				}
				n++
				return 500<<20 + n<<18, nil
			},
			MayRestart: func(*rt.Task, string) bool { return false }}
		k.Go("monitor", m.Run)
		_ = k.Sleep(45 * time.Minute)
		open := 0
		for _, i := range log.Recent(k.Now(), 1000) {
			if i.Recovered.IsZero() {
				open++
			}
		}
		if n := len(log.Recent(k.Now(), 1000)); n != 1 || open != 0 {
			t.Errorf("%d incidents, %d of them open", n, open)
		}
		return nil
	}
	if r := w.Run(time.Hour); r.Script != nil {
		t.Error(r.Script)
	}
}

// A log file that cannot be written is one incident and no more than degraded, and both end when it can.
func TestALogFileThatCannotBeWrittenIsAnIncident(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Script = func(k *rt.Task, r *core.Runner) error {
		r.Graph().Runbook.Appliance.LogFile = "/var/log/orac/orac.log"
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		refused := errors.New("it is a link of the user 12345")
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch, LogFile: func() error { return refused }}
		k.Go("monitor", m.Run)
		_ = k.Sleep(time.Minute)
		list := log.Recent(k.Now(), 1000)
		if len(list) != 1 || list[0].Component != "log" || !list[0].Recovered.IsZero() || !strings.Contains(list[0].Cause, "/var/log/orac/orac.log: it is a link") {
			t.Errorf("incidents: %+v", list)
		}
		if level := m.Report().Level; level != health.Degraded {
			t.Errorf("it is %v", level)
		}
		refused = nil
		_ = k.Sleep(time.Minute)
		if list = log.Recent(k.Now(), 1000); len(list) != 1 || list[0].Recovered.IsZero() || m.Report().Level != health.Healthy {
			t.Errorf("later: %+v, %v", list, m.Report().Level)
		}
		return nil
	}
	if r := w.Run(5 * time.Minute); r.Script != nil {
		t.Error(r.Script)
	}
}

// The alerts of too many restarts and of a leak end when these do.
func TestAlertsEnd(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log := incident.New(incident.Budget{Restarts: 1, Per: time.Hour}, nil)
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}
		k.Go("monitor", m.Run)
		_ = k.Sleep(5 * time.Second)
		for range 4 {
			w.Watch.Push(k, event.Event{At: k.Wall(), Node: "features.usb", Body: event.NodeFailed{Cause: "x", Retry: "in 1s"}})
			_ = k.Sleep(time.Second)
		}
		w.Watch.Push(k, event.Event{At: k.Wall(), Node: "trigger.kitchen", Body: event.NodeLeaked{Claim: ""}})
		_ = k.Sleep(65 * time.Minute)
		for _, i := range log.Recent(k.Now(), 10) {
			if i.Recovered.IsZero() {
				t.Errorf("%s: %s goes on", i.Component, i.Cause)
			}
		}
		return nil
	}
	if r := w.Run(80 * time.Minute); r.Script != nil {
		t.Error(r.Script)
	}
}

// TestARefusedHeartbeatIsAnIncident with its cause, its actions and its end; unless the service as a whole is away, which is the
// service's incident, or the answer is only late, which is no outage at all.
func TestARefusedHeartbeatIsAnIncident(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Graph = compile(t, twoRooms+"heartbeat \"core\" { stt = stt.whisper }\n")
	w.Sound["hall"] = w.Sound["usb"]
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}
		k.Go("monitor", m.Run)
		_ = k.Sleep(5 * time.Second)
		say := func(node string, b event.Body) {
			w.Watch.Push(k, event.Event{At: k.Wall(), Node: node, Body: b})
			_ = k.Sleep(5 * time.Second)
		}
		level := func(component string) health.Level {
			for _, c := range m.Report().Components {
				if c.Name == component {
					return c.Level
				}
			}
			return "unknown"
		}
		well, refused := event.Heartbeat{OK: true}, event.Heartbeat{Cause: "403 Forbidden", Retry: "every 30s"}

		say("heartbeat.core", refused)
		list := log.Recent(k.Now(), 10)
		if len(list) != 1 || list[0].Component != "heartbeat.core" || list[0].Cause != "403 Forbidden" || !list[0].Recovered.IsZero() ||
			len(list[0].Actions) != 1 || !strings.Contains(list[0].Actions[0], "tried again every 30s") {
			t.Errorf("refused: %+v", list)
		}
		if got, stt := m.Report().Level, level("stt.whisper"); got != health.Degraded || stt == health.Unhealthy {
			t.Errorf("refused: the appliance is %s, the service %s", got, stt)
		}
		say("heartbeat.core", well)
		if list := log.Recent(k.Now(), 10); len(list) != 1 || list[0].Recovered.IsZero() {
			t.Errorf("taken again: %+v", list)
		}

		say("heartbeat.core", event.Heartbeat{Cause: "no answer within 5s", Late: true, Retry: "every 30s"})
		if list := log.Recent(k.Now(), 10); len(list) != 1 || level("heartbeat.core") != health.Degraded || level("stt.whisper") == health.Unhealthy {
			t.Errorf("late: %s, %+v", level("heartbeat.core"), list)
		}
		say("heartbeat.core", well)

		say("probe.whisper", event.STTHealth{STT: "whisper", Status: "connection refused"})
		say("heartbeat.core", event.Heartbeat{Cause: "connection refused", Retry: "every 30s"})
		list = log.Recent(k.Now(), 10)
		if len(list) != 2 || list[0].Component != "stt.whisper" || level("heartbeat.core") != health.Degraded {
			t.Errorf("the service is away: heartbeat %s, %+v", level("heartbeat.core"), list)
		}
		for _, c := range m.Report().Components {
			if c.Name == "heartbeat.core" && c.Behind != "stt.whisper" {
				t.Errorf("it stands behind %q", c.Behind)
			}
		}
		say("probe.whisper", event.STTHealth{STT: "whisper", OK: true, Status: "healthy"})
		say("heartbeat.core", well)
		_ = k.Sleep(10 * time.Second)
		if r := m.Report(); r.Level != health.Healthy || len(log.Recent(k.Now(), 10)) != 2 {
			t.Errorf("in the end: %+v", r)
		}
		return nil
	}
	if r := w.Run(3 * time.Minute); r.Script != nil {
		t.Error(r.Script)
	}
}

// TestAConsoleThatCannotBeServedIsUnhealthy with its reason and an incident, until it is served, or wanted no more.
func TestAConsoleThatCannotBeServedIsUnhealthy(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		why, known := "", false
		listeners := func() []health.Listener {
			if !known {
				return nil
			}
			return []health.Listener{{Component: "web", Why: why}}
		}
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch, Listeners: listeners}
		k.Go("monitor", m.Run)
		for _, c := range []struct {
			why   string
			known bool
			want  health.Level
			open  int
		}{{"", false, "", 0}, {"", true, health.Healthy, 0}, {"the key is damaged", true, health.Unhealthy, 1}, {"", true, health.Healthy, 0}, {"no port", true, health.Unhealthy, 1}, {"", false, "", 0}} {
			why, known = c.why, c.known
			_ = k.Sleep(5 * time.Second)
			var got health.Component
			for _, one := range m.Report().Components {
				if one.Name == "web" {
					got = one
				}
			}
			if got.Level != c.want || c.why != "" && got.Why != c.why {
				t.Errorf("%q, %v: it is %+v", c.why, c.known, got)
			}
			open := 0
			for _, i := range log.Recent(k.Now(), 10) {
				if i.Component == "web" && i.Recovered.IsZero() {
					open++
				}
			}
			if open != c.open {
				t.Errorf("%q, %v: %d incidents go on", c.why, c.known, open)
			}
		}
		return nil
	}
	if r := w.Run(time.Minute); r.Script != nil {
		t.Error(r.Script)
	}
}

// TestAClockThatIsElsewhereAtTheStartIsAnIncident that is over at once; a step while it runs is told in the log alone.
func TestAClockThatIsElsewhereAtTheStartIsAnIncident(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}
		k.Go("monitor", m.Run)
		for _, jump := range []event.ClockJumped{{By: 1e9, Start: true}, {By: -1e9}} {
			w.Watch.Push(k, event.Event{At: k.Wall(), Node: "clock", Body: jump})
			_ = k.Sleep(time.Second)
		}
		list := log.Recent(k.Now(), 10)
		if len(list) != 1 || list[0].Component != "clock" || list[0].Recovered.IsZero() || len(list[0].Actions) != 1 ||
			!strings.Contains(list[0].Cause, "ahead of when ORAC ran last, and the network does not confirm it") {
			t.Errorf("%+v", list)
		}
		return nil
	}
	if r := w.Run(time.Minute); r.Script != nil {
		t.Error(r.Script)
	}
}
