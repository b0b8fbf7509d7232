package event

import (
	"fmt"
	"math"
	"time"

	"orac/appliance/amount"
	"orac/runbook/hook"
)

// troubles tell what goes wrong inside, and of what the monitor says to webhooks.
var troubles = []Kind{
	kind("The machine is too slow: sound was lost before it could be heard.", Kind{},
		func(b Overrun) Words {
			return warning("overrun", usual("%d hops of %s were lost: the machine is too slow", b.Hops, b.Port))
		}),
	kind("A part of ORAC ended by itself. It is started again.", Kind{about: itself, named: true},
		func(b NodeFailed) Words { return failure("failed", usual("%s; again %s", b.Cause, b.Retry)) }),
	kind("A part did not stop in time. ORAC cut it off and goes on without it.", Kind{about: itself, named: true},
		func(b NodeLeaked) Words { return failure("hangs", usual("%s", b)) }),
	kind("The history is not being written.", Kind{about: itself},
		func(b StoreFailed) Words { return warning("history", usual("is not written: %s", b.Cause)) }),
	kind("The history is written again.", Kind{about: itself},
		func(b StoreBack) Words {
			return fine("history", usual("is written again; %d events are missing", b.Lost))
		}),
	kind("The collector does not take the traces of commands. They wait for a while, and are then dropped.", Kind{about: itself},
		func(b TracesFailed) Words { return warning("traces", usual("are not taken: %s", b.Cause)) }),
	kind("The collector takes the traces of commands again.", Kind{about: itself},
		func(b TracesBack) Words {
			return fine("traces", usual("are taken again; %d spans are missing", b.Dropped))
		}),
	kind("The clock of the machine has jumped. ORAC deletes nothing because of it.", Kind{},
		func(b ClockJumped) Words { return warning("clock", usual("%s; nothing is deleted because of it", b)) }),
	kind("An incident has begun, or is over.", Kind{Flow: Inside, Hooks: []string{"incident"}},
		func(b IncidentTold) Words { return detail("incident", usual("%s: %s", b.Component, b.Cause)) }),
	kind("A part has become well, or is not any more.", Kind{Flow: Inside, Hooks: []string{"health"}},
		func(b HealthTold) Words { return detail("health", usual("%s is %s", b.Component, b.To)) }),
}

// Overrun: hops were lost before a node could read them.
type Overrun struct {
	Port string `json:"port"`
	Hops int    `json:"hops"`
}

func (Overrun) Kind() string { return "overrun" }

// NodeFailed: a node ended by itself and is being restarted.
type NodeFailed struct {
	Cause string `json:"cause"`
	Stack string `json:"stack,omitempty"`
	Retry string `json:"retry"`
}

func (NodeFailed) Kind() string { return "node_failed" }

func (b NodeFailed) told() Told { return Told{Restarted: b.Cause} }

// NodeLeaked: an instance did not stop in time; it is fenced off, and still holds what it claims.
type NodeLeaked struct {
	Claim string `json:"claim,omitempty"`
}

func (NodeLeaked) Kind() string { return "node_leaked" }

func (b NodeLeaked) told() Told { return Told{Hangs: b.String()} }

// String says what is wrong, for a person who knows which node it is.
func (b NodeLeaked) String() string {
	if b.Claim == "" {
		return "it did not stop in time"
	}
	return "it did not stop in time and still holds " + b.Claim
}

// StoreFailed and StoreBack: history is no longer written, or is written again.
type StoreFailed struct {
	Cause string `json:"cause"`
}

func (StoreFailed) Kind() string { return "store_failed" }

func (b StoreFailed) told() Told { return poor(b.Cause) }

// StoreBack: see StoreFailed.
type StoreBack struct {
	Lost int `json:"lost"` // events that were not written in between
}

func (StoreBack) Kind() string { return "store_back" }

func (b StoreBack) told() Told { return well() }

// TracesFailed: the collector does not take spans. Nothing that is heard or done depends on it, so this is never worse than degraded.
type TracesFailed struct {
	Cause  string `json:"cause"`
	Denied bool   `json:"denied,omitempty"` // it stays so until somebody changes the credentials or the address
}

func (TracesFailed) Kind() string { return "traces_failed" }

func (b TracesFailed) told() Told { return poor(b.Cause) }

// TracesBack: see TracesFailed.
type TracesBack struct {
	Dropped int `json:"dropped"` // spans that were dropped in between
}

func (TracesBack) Kind() string { return "traces_back" }

func (b TracesBack) told() Told { return well() }

// ClockJumped: the wall clock jumped for no known reason. Nothing is deleted because of it.
type ClockJumped struct {
	By     float64 `json:"by"`     // seconds, forwards, or back if negative
	Start  bool    `json:"start"`  // found at the start: the clock differs from what ORAC's last run leads us to expect
	Proven bool    `json:"proven"` // the network confirms the clock as it is now
}

func (ClockJumped) Kind() string { return "clock_jumped" }

// told: a step of the clock during a run is only logged, because nothing that runs depends on the wall clock.
func (b ClockJumped) told() Told {
	if !b.Start {
		return Told{}
	}
	return Told{
		Past:  "the clock of the machine: " + b.String(),
		After: "nothing is deleted because of it: ages count only time that ORAC ran or the network proves",
	}
}

// String describes the jump for a person.
func (b ClockJumped) String() string {
	by := time.Duration(math.Abs(b.By) * float64(time.Second))
	where := "ahead of"
	if b.By < 0 {
		where = "behind"
	}
	text := fmt.Sprintf("it is %s %s where it was", amount.Span(by), where)
	if b.Start {
		text = fmt.Sprintf("it is %s %s when ORAC ran last", amount.Span(by), where)
	}
	if !b.Proven {
		text += ", and the network does not confirm it"
	}
	return text
}

// IncidentTold: an incident has opened or closed. The monitor reports it to webhooks.
type IncidentTold struct {
	ID        string  `json:"id"`
	Component string  `json:"component"`
	Cause     string  `json:"cause"`
	Closed    bool    `json:"closed"`
	Seconds   float64 `json:"seconds"` // how long it lasted; 0 while it is open
	Of        Origin  `json:"-"`       // the device or the listener that the component belongs to
}

func (IncidentTold) Kind() string { return "incident" }

func (b IncidentTold) notice(e Event) Notice {
	i := &hook.Incident{Head: e.head(b.Of), State: "opened", Incident: b.ID, Component: b.Component, Cause: b.Cause, Seconds: b.Seconds}
	if b.Closed {
		i.State = "closed"
	}
	return tell(i)
}

// HealthTold: a component, or the appliance as a whole, is in better or worse health than before. The monitor reports it to
// webhooks.
type HealthTold struct {
	Component string `json:"component"` // "appliance" means the whole
	From      string `json:"from"`      // empty: it was not known
	To        string `json:"to"`
	Why       string `json:"why,omitempty"`
	Of        Origin `json:"-"` // see IncidentTold
}

func (HealthTold) Kind() string { return "health" }

func (b HealthTold) notice(e Event) Notice {
	return tell(&hook.Health{Head: e.head(b.Of), Component: b.Component, From: b.From, To: b.To, Why: b.Why})
}
