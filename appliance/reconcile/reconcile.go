// Package reconcile decides what to do next so that the nodes that should run do run. It is pure: it reads values and
// returns actions.
//
// It guarantees, whatever happens to instances in between:
//
//   - It never touches what did not change.
//   - Of two instances that claim the same device, the second is not started before the first has really ended. An instance
//     that was told to stop and did not keeps its claim.
//   - It converges: once instances end when they are told to, exactly the wanted nodes run.
//   - The instant that it returns bounds the time until it must be asked again.
package reconcile

import (
	"slices"
	"time"

	"orac/appliance/rt"
)

// Want is a node that should run.
type Want struct {
	Address string
	Spec    string // a running instance with a different spec is replaced
	Claim   string // what only one instance may hold at a time, such as a device; empty: nothing
}

// State is where an instance is in its life.
type State string

// The states of an instance.
const (
	Running  State = "running"
	Waiting  State = "waiting"  // it failed, and is restarted at Until
	Stopping State = "stopping" // it was told to stop
	Leaked   State = "leaked"   // it did not stop in time, and may still hold what it claims
	Finished State = "finished" // it has nothing left to do
)

// Have is an instance. At most one instance of an address is not leaked.
type Have struct {
	Address    string
	Spec       string
	Claim      string
	Generation rt.Generation
	State      State
	Since      rt.Instant // of this state
	Until      rt.Instant // when a waiting one is restarted
}

// holds tells whether the instance may hold what it claims.
func (h Have) holds() bool { return h.State == Running || h.State == Stopping || h.State == Leaked }

// Policy is what the runbook says about it.
type Policy struct {
	StopDeadline time.Duration // for an instance that was told to stop
	LeakBudget   int           // leaked instances before the whole process is replaced
}

// Do is a kind of action.
type Do string

// The actions.
const (
	Start   Do = "start"   // a new instance
	Stop    Do = "stop"    // tell it to stop
	Abandon Do = "abandon" // it missed its deadline: fence it off, and no longer wait for it
	Forget  Do = "forget"  // it does not run, and should not
	Reexec  Do = "reexec"  // too many have leaked: replace the process
)

// Action is something to do with an address.
type Action struct {
	Do      Do
	Address string
}

// Reconcile returns what to do now, and the latest time to ask again.
func Reconcile(p Policy, want []Want, have []Have, now rt.Instant) (actions []Action, next rt.Instant) {
	next = rt.Never
	leaked := 0
	for _, h := range have {
		i := slices.IndexFunc(want, func(w Want) bool { return w.Address == h.Address })
		wanted := i >= 0 && want[i].Spec == h.Spec && want[i].Claim == h.Claim
		switch h.State {
		case Leaked:
			leaked++
		case Stopping:
			if deadline := h.Since.Add(p.StopDeadline); now >= deadline {
				actions = append(actions, Action{Abandon, h.Address})
				leaked++
			} else {
				next = min(next, deadline)
			}
		case Running:
			if !wanted {
				actions = append(actions, Action{Stop, h.Address})
			}
		default:
			if i < 0 {
				actions = append(actions, Action{Forget, h.Address})
			}
		}
	}
	if leaked > p.LeakBudget {
		return []Action{{Do: Reexec}}, rt.Never
	}
	claimed := map[string]bool{} // by instances that are started now
	for _, w := range want {
		if start, at := due(w, have, now); !start {
			next = min(next, at)
			continue
		}
		held := claimed[w.Claim] || slices.ContainsFunc(have, func(h Have) bool { return h.Claim == w.Claim && h.holds() })
		if w.Claim != "" && held {
			continue // its holder ends, or is abandoned; both are reasons to ask again
		}
		claimed[w.Claim] = true
		actions = append(actions, Action{Start, w.Address})
	}
	return actions, next
}

// due tells whether an instance is to be started now, or at what instant.
func due(w Want, have []Have, now rt.Instant) (bool, rt.Instant) {
	for _, h := range have {
		if h.Address != w.Address || h.State == Leaked {
			continue
		}
		switch {
		case h.State == Waiting && h.Spec == w.Spec && h.Claim == w.Claim && now < h.Until:
			return false, h.Until
		case h.State == Waiting:
			return true, now
		case h.State == Finished && h.Spec == w.Spec && h.Claim == w.Claim:
			return false, rt.Never
		case h.State == Finished:
			return true, now
		}
		return false, rt.Never // running or stopping
	}
	return true, now
}
