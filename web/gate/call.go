package gate

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
)

// Call is one request on its way.
type Call struct {
	W      http.ResponseWriter
	R      *http.Request
	ID     string        // of the request
	Parent string        // the step of a trace that it belongs to: see thread; "" if the client told none
	From   netip.Addr    // the client's address, without a zone
	Via    auth.Via      // how the request arrived: From, and whether it is encrypted
	Who    auth.Identity // nobody without a login

	Denial  error           // why the request's credential is not valid; nil if it is, or if there is none
	Crowded *schema.Problem // too many anonymous requests come from there: only people who logged in from there before may log in
	Sent    bool            // the handler has written the answer itself
	Lets    bool            // the route or page logs somebody in
	Quiet   bool            // refused before it was examined: a flood of these must not push other lines out of the log
	Base    context.Context // of the request, without the server's deadline

	gate          *Gate
	target        string
	before, after any
}

// Context ends with the request.
func (c *Call) Context() context.Context { return c.R.Context() }

// Log is the log with the request's ID.
func (c *Call) Log() *slog.Logger { return c.gate.Log.With("request", c.ID) }

// Target notes what a change affects, for the audit log. Call it before the change, with what is known
// then.
func (c *Call) Target(name string) { c.target = name }

// Targeted returns what Target noted.
func (c *Call) Targeted() string { return c.target }

// Changed notes the old and the new value, for the audit log.
func (c *Call) Changed(before, after any) { c.before, c.after = before, after }

// Became notes the new value alone, once it is known.
func (c *Call) Became(after any) { c.after = after }

// Streaming says that the handler writes the answer itself, and returns the writer for it.
func (c *Call) Streaming() http.ResponseWriter {
	c.Sent = true
	return c.W
}

// Record returns the audit record of the call.
func (c *Call) Record(action string, o audit.Outcome, why string) audit.Record {
	way := string(c.Who.Way)
	if c.Who.Way == auth.ByKey { // several keys may have the same name
		way += " " + c.Who.ID
	}
	return audit.Record{
		Who: c.Who.Subject(), For: c.Who.By, Role: string(c.Who.Role), Way: way, From: c.From.String(), Request: c.ID,
		Action: action, Target: c.target, Outcome: o, Why: why, Before: c.before, After: c.after,
	}
}

// Audited runs do and records it in the audit log: first the attempt, then, if that was written, do, then the outcome.
// action has the form "runbook.apply".
func (c *Call) Audited(action string, do func() error) error {
	if err := c.gate.Audit.Append(c.Record(action, audit.Attempt, "")); err != nil {
		return schema.Because(schema.NotAudited, err, "Nothing was changed.")
	}
	ended := false
	defer func() {
		if !ended { // it has panicked: how far it got is unknown
			c.Ended(action, audit.Failed, string(schema.Internal))
		}
	}()
	err := do()
	ended = true
	outcome, why := audit.Done, ""
	if err != nil {
		p := schema.ProblemOf(err)
		if outcome, why = audit.Failed, string(p.Code); auth.Reason(err) != "" {
			outcome, why = audit.Denied, auth.Reason(err)
			c.gate.Denied() // the record is this one
		} else if p.Detail != "" {
			why += ": " + p.Detail
		}
	}
	c.Ended(action, outcome, why)
	return err
}

// Ended records the outcome of an attempt that is already recorded.
func (c *Call) Ended(action string, outcome audit.Outcome, why string) {
	if lost := c.gate.Audit.Append(c.Record(action, outcome, why)); lost != nil {
		c.Log().Error("cannot record in the audit log how the change ended", "action", action, "outcome", string(outcome), "cause", lost)
	}
}

// Refuse records that a request's credential was refused: the action names the kind.
func (c *Call) Refuse(d *auth.Denied) {
	what, _, _ := strings.Cut(d.Reason, ":")
	what, _, _ = strings.Cut(what, " ") // "key 0123: revoked"
	inner := *c
	if inner.target == "" {
		inner.target = d.Of
	}
	inner.Denied(what+".refused", d.Reason)
}

// Denied counts a refusal: of a login, a request's credential, a role, or access to somebody else's things. Each is counted once, goes into
// the metrics and, as Denials decides, into the audit log. Only Audited counts others: those of a change that was under way.
func (c *Call) Denied(action, why string) {
	c.gate.Denied()
	c.gate.Refused.Add(c.Record(action, audit.Denied, why))
}
