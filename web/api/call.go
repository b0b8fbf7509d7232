package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"

	"orac/web/audit"
	"orac/web/auth"
)

// Call is one request on its way through a handler.
type Call struct {
	Server *Server
	W      http.ResponseWriter
	R      *http.Request
	ID     string        // of the request
	From   netip.Addr    // of who asks; without a zone
	Who    auth.Identity // nobody if there is no login
	Route  *Route        // nil for a page

	via           auth.Via      // how it has come: From, and whether it is encrypted
	proof         auth.Verified // what a change is made of: of who asks, unless the route wants another one
	denial        error         // why what the request shows is not good; nil if it is, or shows nothing
	crowded       *Problem      // too many of nobody come from there: only who got in from there before is let in
	target        string
	before, after any
	sent          bool
	lets          bool            // the route or page lets somebody in
	quiet         bool            // refused before it was looked at: a flood of these pushes nothing out of the log
	base          context.Context // of the request, without our deadline
}

// Context ends with the request.
func (c *Call) Context() context.Context { return c.R.Context() }

// Log is the log with the request's ID.
func (c *Call) Log() *slog.Logger { return c.Server.o.Log.With("request", c.ID) }

// Target notes what a change is done to, for the audit log: before the change, as far as it is known then.
func (c *Call) Target(name string) { c.target = name }

// Changed notes what was before and what is now, for the audit log.
func (c *Call) Changed(before, after any) { c.before, c.after = before, after }

// Streaming says that the handler writes the answer itself, and gives the writer for it.
func (c *Call) Streaming() http.ResponseWriter {
	c.sent = true
	return c.W
}

// record is what the audit log holds of the call.
func (c *Call) record(action string, o audit.Outcome, why string) audit.Record {
	way := string(c.Who.Way)
	if c.Who.Way == auth.ByKey { // several may have the name
		way += " " + c.Who.ID
	}
	return audit.Record{
		Who: c.Who.Subject(), Role: string(c.Who.Role), Way: way, From: c.From.String(), Request: c.ID,
		Action: action, Target: c.target, Outcome: o, Why: why, Before: c.before, After: c.after,
	}
}

// Audited does something that the audit log must know of: it writes that it is about to happen, and does it only if that was
// written; then how it ended. action is as "runbook.apply".
func (c *Call) Audited(action string, do func() error) error {
	if err := c.Server.o.Audit.Append(c.record(action, audit.Attempt, "")); err != nil {
		return because(NotAudited, err, "Nothing was changed.")
	}
	ended := false
	defer func() {
		if !ended { // it has panicked: how far it came is not known
			c.ended(action, audit.Failed, string(Internal))
		}
	}()
	err := do()
	ended = true
	outcome, why := audit.Done, ""
	if err != nil {
		p := problemOf(err)
		if outcome, why = audit.Failed, string(p.Code); auth.Reason(err) != "" {
			outcome, why = audit.Denied, auth.Reason(err)
		} else if p.Detail != "" {
			why += ": " + p.Detail
		}
	}
	c.ended(action, outcome, why)
	return err
}

// ended writes how something ended of which the audit log knows already.
func (c *Call) ended(action string, outcome audit.Outcome, why string) {
	if lost := c.Server.o.Audit.Append(c.record(action, outcome, why)); lost != nil {
		c.Log().Error("cannot record in the audit log how the change ended", "action", action, "outcome", string(outcome), "cause", lost)
	}
}

// Invoke calls a route in the name of who has asked: the console's pages get and change what they show by it. Role, checks and
// audit are those of a request over the network. in is the route's input type, or nil for the zero one.
func Invoke[Out any](c *Call, name string, in any) (Out, error) {
	var nothing Out
	r := c.Server.named(name)
	if in == nil {
		in = r.zero()
	}
	if err := r.check(in); err != nil {
		return nothing, err
	}
	inner := *c
	inner.Route = r
	out, err := c.Server.invoke(&inner, in)
	c.sent = inner.sent
	if err != nil {
		return nothing, err
	}
	c.Who = inner.Who // a login says who it is
	return out.(Out), nil
}
