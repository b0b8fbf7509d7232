package sim_test

import (
	"strings"
	"testing"
	"time"

	"orac/appliance"
	"orac/appliance/event"
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
	w.Script = func(k *rt.Task, r *appliance.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		m := &appliance.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}
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
	w.Script = func(k *rt.Task, r *appliance.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		m := &appliance.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch,
			Measure: func() (int64, error) {
				if k.Now() > rt.Instant(2*time.Hour) {
					return 100 << 20, nil
				}
				n++
				return 500<<20 + n<<18, nil
			},
			MayRestart: func(*rt.Task, string) bool { return false }}
		k.Go("monitor", m.Run)
		_ = k.Sleep(3 * time.Hour)
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
	if r := w.Run(4 * time.Hour); r.Script != nil {
		t.Error(r.Script)
	}
}

// The alerts of too many restarts and of a leak end when these do.
func TestAlertsEnd(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Script = func(k *rt.Task, r *appliance.Runner) error {
		log := incident.New(incident.Budget{Restarts: 1, Per: time.Hour}, nil)
		m := &appliance.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}
		k.Go("monitor", m.Run)
		_ = k.Sleep(5 * time.Second)
		for range 4 {
			w.Watch.Push(k, event.Event{At: k.Wall(), Node: "features.usb", Body: event.NodeFailed{Cause: "x", Retry: "in 1s"}})
			_ = k.Sleep(time.Second)
		}
		w.Watch.Push(k, event.Event{At: k.Wall(), Node: "trigger.kitchen", Body: event.NodeLeaked{Claim: ""}})
		_ = k.Sleep(3 * time.Hour)
		for _, i := range log.Recent(k.Now(), 10) {
			if i.Recovered.IsZero() {
				t.Errorf("%s: %s goes on", i.Component, i.Cause)
			}
		}
		return nil
	}
	if r := w.Run(4 * time.Hour); r.Script != nil {
		t.Error(r.Script)
	}
}
