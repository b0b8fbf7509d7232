package audit

import "time"

// Outcome is how something went.
type Outcome string

// The outcomes. An attempt is followed by one of the others with the same request, unless the process ended in between.
const (
	Attempt Outcome = "attempt"
	Done    Outcome = "done"
	Failed  Outcome = "failed"
	Denied  Outcome = "denied"
)

// Record is one action by somebody.
type Record struct {
	Seq     uint64    `json:"seq"` // from 1
	Prev    string    `json:"prev"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`               // see auth.Identity.Subject
	For     string    `json:"for,omitempty"`     // who had the issuer of this appliance do it: see auth.Identity.By
	Role    string    `json:"role,omitempty"`    // the role at that time
	Way     string    `json:"way,omitempty"`     // session, token, "key ID", socket, command
	From    string    `json:"from,omitempty"`    // address
	Request string    `json:"request,omitempty"` // ID of the request
	Action  string    `json:"action"`            // "runbook.apply", "login"
	Target  string    `json:"target,omitempty"`  // what it was done to
	Outcome Outcome   `json:"outcome"`
	Why     string    `json:"why,omitempty"` // reason for a failure or denial
	Before  any       `json:"before,omitempty"`
	After   any       `json:"after,omitempty"`
}

// Line is a record as stored in the file.
type Line struct {
	Hash string `json:"hash"` // SHA-256, in hexadecimal, of the rest of the line
	Record
}
