// Package report holds the results of running scenarios as values, and writes them in every form: for a terminal, as JSON, as
// JUnit XML, as one HTML page, as annotations of a forge. The simulator and the chaos runner produce the same values.
//
// It guarantees that a report holds no secret and no spoken word, that the same report produces the same bytes, and that
// nothing in it (names come from scenario files) can break out of the form it is written in.
package report

import "time"

// Verdict is how a scenario, or one run of it, ended.
type Verdict string

// The verdicts, from good to bad. Unknown: this backend cannot do something that was asked for, or a declared situation
// was never reached. NotSame: two runs with the same seed differed.
const (
	Kept    Verdict = "kept"
	Unknown Verdict = "unknown"
	Broken  Verdict = "broken"
	NotSame Verdict = "not deterministic"
)

// Exit codes of `orac sim` and `orac chaos`.
const (
	ExitKept    = 0
	ExitBroken  = 1
	ExitUnknown = 2
	ExitNotSame = 3
	ExitUsage   = 64
)

// Report is the result of one call.
type Report struct {
	Version   int        `json:"version"` // of this form: 1
	Backend   string     `json:"backend"` // sim or chaos
	Orac      string     `json:"orac"`    // version of the binary
	Began     time.Time  `json:"began"`
	Wall      float64    `json:"wall_seconds"`
	Ended     string     `json:"ended_early,omitempty"` // why not everything ran that was asked for; the verdict is then never kept
	Scenarios []Scenario `json:"scenarios"`
}

// Scenario is the result of one scenario over all its seeds.
type Scenario struct {
	Name      string      `json:"name"`
	File      string      `json:"file"`
	Line      int         `json:"line"`
	Doc       string      `json:"doc,omitempty"`
	For       float64     `json:"for_seconds"`
	Inference string      `json:"inference,omitempty"` // real (memoised), recorded, modelled
	Verdict   Verdict     `json:"verdict"`
	Why       []string    `json:"why,omitempty"` // reasons for a verdict other than kept, one per line
	Promises  []Promise   `json:"promises"`
	Sometimes []Sometimes `json:"sometimes,omitempty"`
	Runs      []Run       `json:"runs"`            // in order of their seeds
	Virtual   float64     `json:"virtual_seconds"` // of all runs together
	Wall      float64     `json:"wall_seconds"`
	Asked     int         `json:"runs_asked,omitempty"` // how many runs were asked for; 0: as many as there are
	Repeated  int         `json:"repeated"`             // how many runs were made twice to compare
}

// Promise is one promise, with how well it was kept over all runs.
type Promise struct {
	Name    string    `json:"name"` // of the block
	What    string    `json:"what"` // detect, recover, holds, memory, tasks, steady, safety
	File    string    `json:"file"`
	Line    int       `json:"line"`
	Source  string    `json:"source,omitempty"` // the text of that line
	Text    string    `json:"text"`             // for people: "recover within 3s after fault.unplug.mic", or the expression
	Unit    string    `json:"unit,omitempty"`   // s, bytes, tasks; "" if it is only kept or not
	Bound   float64   `json:"bound,omitempty"`
	N       int       `json:"n"`                // how often it was judged
	Broken  int       `json:"broken,omitempty"` // how often it was not kept
	Median  float64   `json:"median"`
	P99     float64   `json:"p99"`
	Worst   float64   `json:"worst"`
	WorstAt uint64    `json:"worst_seed"`
	Values  []float64 `json:"values,omitempty"` // each judgement, in order; at most 10000
	Kept    bool      `json:"kept"`
}

// Margin is the share of the bound that the worst case leaves; 0 without a bound.
func (p Promise) Margin() float64 {
	if p.Bound <= 0 {
		return 0
	}
	return (p.Bound - p.Worst) / p.Bound
}

// Sometimes is a situation that at least one run should reach.
type Sometimes struct {
	Name  string  `json:"name"`
	File  string  `json:"file"`
	Line  int     `json:"line"`
	Text  string  `json:"text"`
	Runs  int     `json:"runs"` // how many reached it
	First uint64  `json:"first_seed"`
	At    float64 `json:"at_seconds"` // in the run of that seed
}

// Run is the result of one seed.
type Run struct {
	Seed        uint64         `json:"seed"`
	Verdict     Verdict        `json:"verdict"`
	Breaks      []Break        `json:"breaks,omitempty"`
	Judged      []Judgement    `json:"judged,omitempty"`      // in order of time
	Reached     []Reached      `json:"reached,omitempty"`     // situations of Sometimes
	Differs     string         `json:"differs,omitempty"`     // where two runs with this seed differ, one line per record
	Unsupported []string       `json:"unsupported,omitempty"` // faults that this backend cannot make here, and why
	Virtual     float64        `json:"virtual_seconds"`
	Wall        float64        `json:"wall_seconds"`
	Hash        string         `json:"trace_hash,omitempty"`
	Records     int            `json:"trace_records,omitempty"`
	Faults      []Fault        `json:"faults"`
	Events      []Event        `json:"events"` // wakes, recordings, deliveries, losses, restarts, applies: for the timeline
	Incidents   []Incident     `json:"incidents"`
	Health      []Step         `json:"health"` // changes of the appliance's health
	Memory      []Sample       `json:"memory,omitempty"`
	Level       []Sample       `json:"level,omitempty"`  // of the sound, int16 RMS, a few hundred at most
	Counts      map[string]int `json:"counts"`           // spoken, recorded, delivered, wakes, false_wakes, missed, restarts, boots, …
	Shrunk      []Fault        `json:"shrunk,omitempty"` // the smallest set of faults with which it still breaks
	Command     string         `json:"command"`          // repeats the run
}

// Judgement is one promise judged once in one run.
type Judgement struct {
	Promise string  `json:"promise"`         // its name; safety/NAME for what is always judged
	What    string  `json:"what"`            // together with Promise it identifies a Promise of the scenario
	Fault   string  `json:"fault,omitempty"` // the fault that it is about: fault.KIND.NAME
	Kind    string  `json:"kind,omitempty"`  // of that fault
	At      float64 `json:"at_seconds"`
	Value   float64 `json:"value"` // in the promise's unit; for what never came, how long it was waited for
	Kept    bool    `json:"kept"`
	Text    string  `json:"text,omitempty"` // what was seen, for people
}

// Reached is the first time that a run was in a situation of Sometimes.
type Reached struct {
	Name string  `json:"name"`
	At   float64 `json:"at_seconds"`
}

// Break is a promise or a demand of safety that a run broke.
type Break struct {
	Promise string  `json:"promise"` // its name; safety/NAME for what is always judged
	What    string  `json:"what"`
	File    string  `json:"file,omitempty"`
	Line    int     `json:"line,omitempty"`
	Source  string  `json:"source,omitempty"` // the text of that line
	At      float64 `json:"at_seconds"`
	Text    string  `json:"text"` // what was seen, for people
}

// Fault is a fault that happened in a run.
type Fault struct {
	Name      string  `json:"name"` // fault.KIND.NAME, or swarm.N
	Kind      string  `json:"kind"`
	Target    string  `json:"target,omitempty"`
	Fidelity  string  `json:"fidelity"`      // modelled, real, unsupported
	How       string  `json:"how,omitempty"` // what exactly is done
	Begin     float64 `json:"begin_seconds"`
	End       float64 `json:"end_seconds"`                 // 0: the fault is instantaneous
	Detected  float64 `json:"detected_seconds,omitempty"`  // since Begin; 0: not asked for, or not seen
	Recovered float64 `json:"recovered_seconds,omitempty"` // since the instant that its promise names
}

// Event is a moment on the timeline.
type Event struct {
	At   float64 `json:"at_seconds"`
	Lane string  `json:"lane"` // address of a node, or world, process
	Kind string  `json:"kind"`
	Text string  `json:"text,omitempty"`
	// Wrong: a warning or worse.
	Wrong bool `json:"wrong,omitempty"`
}

// Incident is an incident that the appliance itself recorded.
type Incident struct {
	Component string  `json:"component"`
	Cause     string  `json:"cause"`
	Begin     float64 `json:"begin_seconds"`
	End       float64 `json:"end_seconds"` // 0: it has not ended
}

// Step is a value that holds from an instant on.
type Step struct {
	At    float64 `json:"at_seconds"`
	Value string  `json:"value"`
}

// Sample is a number at an instant.
type Sample struct {
	At    float64 `json:"at_seconds"`
	Value float64 `json:"value"`
}
