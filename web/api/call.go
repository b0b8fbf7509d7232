package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"

	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
)

// Call is one request on its way through the handlers.
type Call struct {
	Server *Server
	W      http.ResponseWriter
	R      *http.Request
	ID     string        // of the request
	From   netip.Addr    // the client's address, without a zone
	Who    auth.Identity // nobody without a login
	Route  *Route        // nil for a page

	via           auth.Via        // how the request arrived: From, and whether it is encrypted
	proof         auth.Verified   // what a change is made from: the caller's proof, unless the route needs another
	denial        error           // why the request's credential is not valid; nil if it is, or if there is none
	crowded       *schema.Problem // too many anonymous requests come from there: only people who logged in from there before may log in
	target        string
	before, after any
	sent          bool
	lets          bool            // the route or page logs somebody in
	quiet         bool            // refused before it was examined: a flood of these must not push other lines out of the log
	base          context.Context // of the request, without the server's deadline
}

// Context ends with the request.
func (c *Call) Context() context.Context { return c.R.Context() }

// Log is the log with the request's ID.
func (c *Call) Log() *slog.Logger { return c.Server.o.Log.With("request", c.ID) }

// Target notes what a change affects, for the audit log. Call it before the change, with what is known
// then.
func (c *Call) Target(name string) { c.target = name }

// Changed notes the old and the new value, for the audit log.
func (c *Call) Changed(before, after any) { c.before, c.after = before, after }

// Streaming says that the handler writes the answer itself, and returns the writer for it.
func (c *Call) Streaming() http.ResponseWriter {
	c.sent = true
	return c.W
}

// record returns the audit record of the call.
func (c *Call) record(action string, o audit.Outcome, why string) audit.Record {
	way := string(c.Who.Way)
	if c.Who.Way == auth.ByKey { // several keys may have the same name
		way += " " + c.Who.ID
	}
	return audit.Record{
		Who: c.Who.Subject(), Role: string(c.Who.Role), Way: way, From: c.From.String(), Request: c.ID,
		Action: action, Target: c.target, Outcome: o, Why: why, Before: c.before, After: c.after,
	}
}

// Audited runs do and records it in the audit log: first the attempt, then, if that was written, do, then the outcome.
// action has the form "runbook.apply".
func (c *Call) Audited(action string, do func() error) error {
	if err := c.Server.o.Audit.Append(c.record(action, audit.Attempt, "")); err != nil {
		return schema.Because(schema.NotAudited, err, "Nothing was changed.")
	}
	ended := false
	defer func() {
		if !ended { // it has panicked: how far it got is unknown
			c.ended(action, audit.Failed, string(schema.Internal))
		}
	}()
	err := do()
	ended = true
	outcome, why := audit.Done, ""
	if err != nil {
		p := schema.ProblemOf(err)
		if outcome, why = audit.Failed, string(p.Code); auth.Reason(err) != "" {
			outcome, why = audit.Denied, auth.Reason(err)
		} else if p.Detail != "" {
			why += ": " + p.Detail
		}
	}
	c.ended(action, outcome, why)
	return err
}

// ended records the outcome of an attempt that is already recorded.
func (c *Call) ended(action string, outcome audit.Outcome, why string) {
	if lost := c.Server.o.Audit.Append(c.record(action, outcome, why)); lost != nil {
		c.Log().Error("cannot record in the audit log how the change ended", "action", action, "outcome", string(outcome), "cause", lost)
	}
}
