package status

import "time"

// PlanRequest asks what applying a runbook would do.
type PlanRequest struct {
	File string            `json:"file"`           // absolute: the daemon's current folder is not the asker's
	Vars map[string]string `json:"vars,omitempty"` // of the runbook, by name; they win over the daemon's environment
	// Source is a text that is taken for that of the file; empty: the file's.
	Source string `json:"source,omitempty"`
}

// ApplyRequest asks for exactly the plan that was shown.
type ApplyRequest struct {
	PlanRequest
	Hash    string        `json:"hash"`       // of that plan; any other is refused
	Timeout time.Duration `json:"timeout_ns"` // for all of it, the health gate included; then it is rolled back
}

// Code is why a request is refused, for programs.
type Code string

// The codes of refusals.
const (
	Invalid  Code = "invalid"  // the request or the runbook cannot be used
	Changed  Code = "changed"  // what was planned is not what is there now
	Stuck    Code = "blocked"  // the plan has blocked components
	Busy     Code = "busy"     // another apply or rollback goes on
	Unknown  Code = "unknown"  // there is no such thing
	Stopping Code = "stopping" // the appliance is about to end
)

// Refusal is an error with a code and a way out: why an appliance does not do what it was asked, having changed nothing.
type Refusal struct {
	Code    Code
	Message string // one line: what is wrong
	Hint    string // what to do about it; may be empty
	Detail  string // more lines to show, without colours: the diagnostics of a runbook; may be empty
}

// Error is the message alone.
func (r *Refusal) Error() string { return r.Message }
