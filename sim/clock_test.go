//go:build !race

package sim_test

import (
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// TestAClockThatStepsFiresNoWatchdog sets the time of day an hour ahead and two hours back while commands are spoken: nothing is
// lost or started again, no incident begins, and every command is delivered once. All waits are of monotonic time.
func TestAClockThatStepsFiresNoWatchdog(t *testing.T) {
	for seed := range uint64(10) {
		player := plays(speech(command(1)...))
		player.End = audio.EndLoop
		served := &service{takes: 300 * time.Millisecond}
		r := &rig{book: room, source: player, service: served}
		events := rt.NewMailbox[event.Event]("events of the test", 1<<14)
		watched := rt.NewMailbox[event.Event]("events to the monitor", 1<<10)
		graph, parts := compile(t, r.book), r.parts(events)
		parts.Events = parts.Events.With(watched)
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		var m *core.Monitor

		d := virtual.New(seed, started, nil)
		rt.New(d, "orac", func(k *rt.Task) error {
			k.Shield("reader", func(k *rt.Task) error {
				for {
					e, err := events.Recv(k, rt.Never)
					if err != nil {
						return err
					}
					r.events = append(r.events, e)
				}
			})
			runner, err := core.NewRunner(graph, parts)
			if err != nil {
				return err
			}
			m = &core.Monitor{Runner: runner, Log: log, FS: parts.FS, Events: watched}
			k.Go("monitor", m.Run)
			return runner.Run(k)
		})
		d.Run(rt.Instant(41 * time.Second))
		d.JumpWall(time.Hour)
		d.Run(rt.Instant(83 * time.Second))
		d.JumpWall(-2 * time.Hour)
		d.Run(rt.Instant(122 * time.Second))

		for _, e := range r.events {
			switch e.Body.(type) {
			case event.DeviceLost, event.NodeFailed, event.NodeLeaked, event.Overrun, event.Dropped, event.DeliveryFailed:
				t.Errorf("seed %d: %s of %s: %+v", seed, e.Body.Kind(), e.Node, e.Body)
			}
		}
		if list := log.Recent(d.Now(), 10); len(list) != 0 {
			t.Errorf("seed %d: incidents: %+v", seed, list)
		}
		if got := m.Report(); got.Level != health.Healthy {
			t.Errorf("seed %d: %+v", seed, got)
		}
		recorded := r.recorded()
		if len(recorded) < 12 || len(served.heard) < len(recorded)-1 || len(served.heard) > len(recorded) { // one may be on its way
			t.Errorf("seed %d: %d commands were recorded and %d delivered in two minutes", seed, len(recorded), len(served.heard))
		}
		d.Close()
	}
}
