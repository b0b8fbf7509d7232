package peers

import (
	"log/slog"
	"time"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/gate"
	"orac/web/schema"
)

// Options are what all servers of a machine share.
type Options struct {
	Guard   *auth.Guard
	Audit   *audit.Log
	Refused *gate.Denials
	Log     *slog.Logger
	Version string
	Admit   edge.Admit // which members of the house are let in, where only members are; nil: all
}

// Kind is what differs between types of servers.
type Kind struct {
	// Title is what people call such a server: "speech-to-text server".
	Title string
	// Audience is the one that the tokens of service accounts must name.
	Audience string
	// Prefix is what the names of its metrics begin with: "orac_stt".
	Prefix string
	// Unnamed is the action in the audit log under which refusals at a route without Change are counted.
	Unnamed string
	// Blocks lists the blocks of a runbook.
	Blocks func(*runbook.Runbook) []Block
	// Arrive is how long a whole request may take to arrive.
	Arrive time.Duration
	// MaxBody bounds the body of a request that no route takes, in bytes.
	MaxBody int
	// Problem converts what a route returns into a problem. For a legacy peer it has the status that the existing service answers with.
	Problem func(c *Call, err error) *schema.Problem
	// Target is what a request is about, for the audit log; "" for the server itself.
	Target func(c *Call) string
}

// blockOf returns a block of a runbook; the zero Block if there is none.
func (k Kind) blockOf(rb *runbook.Runbook, address runbook.Address) Block {
	for _, b := range k.Blocks(rb) {
		if b.Address == address {
			return b
		}
	}
	return Block{}
}

// Declared is what a runbook says about a block, in the terms of a listener; nothing if it declares none.
func (k Kind) Declared(rb *runbook.Runbook, address runbook.Address) runbook.Web {
	return k.blockOf(rb, address).Web(rb, k.Arrive, k.MaxBody)
}

// Route is one operation of a server.
type Route struct {
	Method, Path string // in the form of http.ServeMux
	Right        Right
	Doc          string
	// Change is its name in the audit log, where each use is on record before it happens; "" for none.
	Change string
	// ByPeople says that uses by people and keys alone are on record: peers use it with all that they send, so that they could push the
	// records of changes out of the audit log.
	ByPeople bool
	Limits   string // what holds for it beside what holds for all, in words

	// Body bounds its body in bytes; nil: it has none.
	Body func(*Settings) int64
	// Count counts a request against its caller; nil: by the role, as everywhere.
	Count func(*Call) error
	// Run answers.
	Run func(*Call) error
}

// Pattern is the route as http.ServeMux knows it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }
