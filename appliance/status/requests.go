package status

import "time"

// Origin is where a request comes from, and so what it may ask for. The zero value is an unknown network client, with the
// fewest rights. It never crosses a wire: the code that receives a request states it.
type Origin struct {
	machine bool
	who     string
}

// OnMachine is the origin of a request by this machine's user: through the control socket, a signal, the command
// line.
func OnMachine(who string) Origin { return Origin{machine: true, who: who} }

// OnNetwork is the origin of a request that came over the network from an identified client.
func OnNetwork(who string) Origin { return Origin{who: who} }

// Trusted tells whether a request may ask for everything that ORAC's user may do.
func (o Origin) Trusted() bool { return o.machine }

// Who is the name in the audit log: "unix:anna", "user:anna".
func (o Origin) Who() string { return o.who }

// PlanRequest asks what applying a runbook would do.
type PlanRequest struct {
	File string            `json:"file"`           // absolute: the daemon's current folder is not the asker's
	Vars map[string]string `json:"vars,omitempty"` // of the runbook, by name; they win over the daemon's environment
	// Source replaces the text of the file; nil: the file as it is. An empty text is an error, as an empty file is.
	Source *string `json:"source,omitempty"`
	// Of is a kept generation whose text replaces that of the file, instead of Source; 0: none.
	Of int `json:"of,omitempty"`

	Origin Origin `json:"-"`
	// Gone is closed when the client that asks has gone: this ends an evaluation. Nil: never.
	Gone <-chan struct{} `json:"-"`
}

// Text asks for a text in place of the file's.
func (r PlanRequest) Text(source string) PlanRequest {
	r.Source = &source
	return r
}

// ApplyRequest asks for exactly the plan that was shown.
type ApplyRequest struct {
	PlanRequest
	Hash    string        `json:"hash"`       // of that plan; a different one is refused
	Timeout time.Duration `json:"timeout_ns"` // for all of it, including the health gate; after that it is rolled back
}

// RollbackRequest asks for a return to a kept generation.
type RollbackRequest struct {
	Generation int    `json:"generation"`        // 0: the one before the current
	Hash       string `json:"hash,omitempty"`    // of the plan that was shown; any other is refused. Empty: no plan was shown
	Running    int    `json:"running,omitempty"` // the generation that ran when the plan was made; if a different one runs, nothing is done. 0: any

	Origin Origin          `json:"-"`
	Gone   <-chan struct{} `json:"-"` // as in PlanRequest
}

// Code is why a request is refused, for programs.
type Code string

// The codes of refusals.
const (
	Invalid   Code = "invalid"     // the request or the runbook cannot be used
	Forbidden Code = "forbidden"   // it asks for more than the client may have
	OutOfStep Code = "out_of_step" // the file is not what runs, so a change of one thing would also apply the other differences
	Changed   Code = "changed"     // the plan no longer matches what is there
	Stuck     Code = "blocked"     // the plan has blocked components
	Busy      Code = "busy"        // another apply or rollback is running
	Unknown   Code = "unknown"     // there is no such thing
	Stopping  Code = "stopping"    // the appliance is stopping
)

// Refusal is an error with a code and a way out: why an appliance does not do what it was asked. Nothing has changed.
type Refusal struct {
	Code    Code
	Message string // one line: what is wrong
	Hint    string // what to do about it; may be empty
	Detail  string // more lines to show, without colours: the diagnostics of a runbook; may be empty
}

// Error returns only the message.
func (r *Refusal) Error() string { return r.Message }
