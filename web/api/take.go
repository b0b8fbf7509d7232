package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"orac/appliance/turns"
	"orac/web/auth"
	"orac/web/schema"
)

// take reads and runs a request after the caller was identified.
func (s *Server) take(c *Call) (any, error) {
	var in any
	var err error
	who := entrant("")
	if c.Route.enters() && !c.Who.Known() { // the input says who the caller claims to be
		if in, err = c.Route.Read(c.R); err == nil {
			who = in.(enters).entrant(s.o.Guard, c.From)
		}
	}
	if err := s.limit(c, who); err != nil { // requests with an invalid credential are counted, too
		return nil, err
	}
	if c.Denial != nil && !s.open(c.Route) {
		return nil, c.Denial
	}
	if err := s.allowed(c); err != nil {
		return nil, err
	}
	if in == nil && err == nil {
		in, err = c.Route.Read(c.R)
	}
	if err != nil {
		return nil, err
	}
	if c.Route.Shared {
		return c.Route.shared.get(time.Now(), func() (any, error) { return s.run(c, in) })
	}
	return s.run(c, in)
}

// entrant is a person who asks to log in and is no stranger, as in auth.Identity.Subject: somebody who logged in from the same
// address before, or who shows a good refresh token. Empty for strangers.
type entrant string

// enters tells whether a route logs somebody in.
type enters interface {
	entrant(g *auth.Guard, from netip.Addr) entrant
}

// known returns a name if its owner has logged in from this address before.
func known(g *auth.Guard, kind auth.Kind, name string, from netip.Addr) entrant {
	if name == "" || !g.Knows(kind, name, from) {
		return ""
	}
	return entrant(auth.Identity{Kind: kind, Name: name}.Subject())
}

// limit counts a request against its caller; says is who the caller claims to be at a login.
func (s *Server) limit(c *Call, says entrant) error {
	return s.gate.Limit(&c.Call, s.set.Load().Rules, string(says))
}

// allowed checks role and, for changes by a browser's session, the session's token.
func (s *Server) allowed(c *Call) error {
	r := c.Route
	if s.open(r) {
		return nil
	}
	if !c.Who.Known() {
		if s.o.Guard.NeedsSetup() {
			return schema.Fail(schema.NeedsSetup, "")
		}
		return schema.Fail(schema.Unauthenticated, "")
	}
	if !c.Who.Role.Includes(r.Role) {
		return s.tooLow(c)
	}
	if !safe(c.R.Method) && !auth.CheckCSRF(c.Who, c.R.Header.Get("X-CSRF-Token")) {
		c.Denied(r.action(), "without the token of the session")
		return schema.Fail(schema.NoCSRF, "")
	}
	return nil
}

// tooLow refuses a caller whose role is lower than the route needs.
func (s *Server) tooLow(c *Call) error {
	if c.Route.Change != "" {
		c.Denied(c.Route.action(), "the role is too low")
	}
	return schema.Fail(schema.Forbidden, "You need the role %s.", c.Route.Role)
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// invoke is take for a call from inside: role and audit are as over the network.
func (s *Server) invoke(c *Call, in any) (any, error) {
	if !c.Who.Role.Includes(c.Route.Role) {
		return nil, s.tooLow(c)
	}
	return s.run(c, in)
}

func (s *Server) run(c *Call, in any) (out any, err error) {
	if c.Route.Long {
		control := http.NewResponseController(c.W)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Time{})
		c.R = c.R.WithContext(context.WithValue(c.Base, callKey{}, c)) // it still ends when the client goes
	}
	if c.Route.Role != auth.Admin {
		defer func() {
			if v := s.set.Load().veil; err == nil {
				out = v.Answer(out)
			} else {
				err = v.Failure(err)
			}
		}()
	}
	if n, ok := in.(interface{ target() string }); ok {
		c.Target(n.target())
	}
	if err := c.stands(); err != nil {
		return nil, err
	}
	if err := s.may(c, in); err != nil {
		return nil, err
	}
	if c.Route.Costly {
		done, err := s.turn(c)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	if c.Route.Change == "" {
		return c.Route.run(c, in)
	}
	err = c.Audited(c.Route.Change, func() error {
		defer s.changed()
		out, err = c.Route.run(c, in)
		return err
	})
	return out, err
}

// How many requests of Costly routes run at once, and how many of one person run or wait: each needs a core for up to some
// seconds, and the microphone needs one.
const (
	maxCostly      = 2
	maxCostlyOfOne = 8
)

// turn waits until a costly request may run. done lets the next one run.
func (s *Server) turn(c *Call) (done func(), err error) {
	done, err = s.costly.Take(c.Context(), c.Who.Subject())
	switch {
	case errors.Is(err, turns.ErrFull):
		return nil, schema.Fail(schema.Slower, "%d slow requests of yours are running or waiting already.", maxCostlyOfOne).After(time.Second)
	case err != nil:
		return nil, c.Context().Err()
	}
	return done, nil
}

// stands refuses a caller who has lost the login or the role since the request began: sending its body may have taken as long as
// a request may take.
func (c *Call) stands() error {
	if !c.Who.Known() || c.Route.Change == "" && c.Route.Body == nil {
		return nil
	}
	err := c.Server.o.Guard.Stands(c.Who.Proof())
	if d, ok := errors.AsType[*auth.Denied](err); ok {
		c.Refuse(d)
	}
	return err
}

// maxChanges is how many changes each person may make a minute: each is two records that wait for the disk, and the audit log's
// size is bounded.
const maxChanges = 120

// may asks the route whether this caller may use it, before the attempt is recorded. A refusal counts like any other.
func (s *Server) may(c *Call, in any) error {
	if c.Route.Change != "" && c.Who.Known() {
		if v := s.changes.Take(c.Who.Subject(), maxChanges); !v.OK {
			return v.Problem(" that change something")
		}
	}
	if c.Route.may == nil {
		return nil
	}
	err := c.Route.may(c, in)
	if err == nil {
		return nil
	}
	if p := schema.ProblemOf(err); p.Code == schema.Forbidden {
		why := p.Detail
		if reason := auth.Reason(err); reason != "" {
			why = reason
		}
		c.Denied(c.Route.action(), why)
	}
	return err
}
