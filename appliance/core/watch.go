package core

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// watchEvery is how often to check the health of a new graph.
const watchEvery = 200 * time.Millisecond

// watch returns nil once everything that a plan has touched has done well for as long as the gate
// says.
func (s *Steward) watch(t *rt.Task, plan status.Plan, before []View, gate time.Duration) error {
	restarts, troubled := map[string]int{}, map[string]bool{}
	for _, v := range before {
		restarts[v.Node.Address] = v.Restarts
		if n, ok := v.code.(node.Troubled); ok && n.Trouble() != "" {
			troubled[v.Node.Address] = true // the change has not caused it
		}
	}
	var touched []string
	for _, c := range plan.Components {
		if c.Action != status.Keep && c.Action != status.Remove {
			touched = append(touched, c.Address)
		}
		if c.Action == status.Restart {
			restarts[c.Address] = -1 // it starts anew, with its own count
			delete(troubled, c.Address)
		}
	}
	heard := map[string]sound{}
	for until := t.Now().Add(gate); t.Now() < until; {
		if err := t.Sleep(watchEvery); err != nil {
			return err
		}
		if err := s.one.room(); err != nil {
			return err
		}
		for _, v := range s.Runner.Views() {
			if !slices.Contains(touched, v.Node.Address) {
				continue
			}
			if v.State == reconcile.Waiting {
				return fmt.Errorf("%s failed: %w", v.Node.Address, v.Err)
			}
			if n, known := restarts[v.Node.Address]; known && n >= 0 && v.Restarts > n {
				return fmt.Errorf("%s had to be restarted", v.Node.Address)
			}
			if n, ok := v.code.(node.Troubled); ok && !troubled[v.Node.Address] && n.Trouble() != "" {
				return fmt.Errorf("%s: %s", v.Node.Address, n.Trouble())
			}
		}
		for _, address := range touched {
			if n := s.Runner.Graph().Node(address); n != nil && n.Kind.Role == graph.Hears {
				hops := s.hops(n)
				if last, known := heard[address]; !known || hops != last.hops {
					heard[address] = sound{hops, t.Now()}
				}
			}
		}
	}
	// The ring also counts what the previous source wrote: what matters is that sound still comes.
	most := min(s.Runner.Graph().Runbook.Watchdog.DegradedAfter, gate/2)
	for _, address := range slices.Sorted(maps.Keys(heard)) {
		if silent := t.Now().Sub(heard[address].at); silent > most {
			return fmt.Errorf("%s gave no sound for %v", address, silent.Round(watchEvery))
		}
	}
	return nil
}

// sound is how much has come from a source, and when that last increased.
type sound struct {
	hops uint64
	at   rt.Instant
}

// hops is how many hops have come from a source.
func (s *Steward) hops(n *graph.Node) uint64 {
	if m := s.Runner.Graph().SoundOf(*s.Runner.boxes.Load(), n.Address); m != nil {
		return m.Stats().Taken
	}
	return 0
}
