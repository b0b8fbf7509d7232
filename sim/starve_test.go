package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/incident"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
)

// TestAStartIsNoRecovery keeps a node from running, whatever is done about it, for longer than the watchdog waits several times
// over: that is one incident, and it ends when the node works again, not whenever it was started again.
func TestAStartIsNoRecovery(t *testing.T) {
	for seed := range uint64(5) {
		player := plays(speech(command(1)...))
		player.End = audio.EndLoop
		r := &rig{book: room, source: player, service: &service{}}
		events := rt.NewMailbox[event.Event]("events to the monitor", 1<<10)
		graph, parts := compile(t, r.book), r.parts(events)
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		d := virtual.New(seed, started, nil)
		rt.New(d, "orac", func(k *rt.Task) error {
			runner, err := core.NewRunner(graph, parts)
			if err != nil {
				return err
			}
			k.Go("monitor", (&core.Monitor{Runner: runner, Log: log, FS: parts.FS, Events: events}).Run)
			return runner.Run(k)
		})
		d.Run(rt.Instant(10 * time.Second))
		until := rt.Instant(28 * time.Second) // after longer the process would be replaced: too many instances have not stopped
		d.Starve("orac/node/features", until)
		d.Run(rt.Instant(50 * time.Second))
		list := slices.DeleteFunc(log.Recent(d.Now(), 10), func(i status.Incident) bool {
			return strings.HasPrefix(i.Cause, "it did not stop in time") // an incident of its own
		})
		if len(list) != 1 || list[0].Component != "features.file" {
			t.Fatalf("seed %d: %+v", seed, list)
		}
		recovered := list[0].Recovered.Sub(started)
		if late := recovered - time.Duration(until); late < 0 || late > time.Second {
			t.Errorf("seed %d: it recovered at %v, and could run from %v on", seed, recovered, until)
		}
		if len(list[0].Actions) < 2 {
			t.Errorf("seed %d: %+v", seed, list[0])
		}
		d.Close()
	}
}
