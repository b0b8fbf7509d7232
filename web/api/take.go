package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"orac/web/audit"
	"orac/web/auth"
)

// take identifies, reads and runs a request.
func (s *Server) take(c *Call) (any, error) {
	denial := s.identify(c)
	if err := s.limit(c); err != nil { // who shows something wrong is counted, too
		return nil, err
	}
	if denial != nil && !s.open(c.Route) {
		return nil, denial
	}
	if err := s.allowed(c); err != nil {
		return nil, err
	}
	in, err := c.Route.read(c.R)
	if err != nil {
		return nil, err
	}
	if c.Route.Shared {
		return c.Route.shared.get(time.Now(), func() (any, error) { return s.run(c, in) })
	}
	return s.run(c, in)
}

// identify finds out who asks. An error is a login that is wrong.
func (s *Server) identify(c *Call) error {
	who, err := s.o.Guard.Identify(c.R)
	if err != nil {
		if d, ok := errors.AsType[*auth.Denied](err); ok {
			s.metrics.denied.Inc()
			if d.RetryAfter == 0 { // else it was not even looked at
				c.refuse(d)
			}
		}
		return err
	}
	c.Who = who
	if who.Known() {
		noteOf(c.R).known()
	}
	return nil
}

// limit counts the request against who makes it: its address as long as nobody is logged in.
func (s *Server) limit(c *Call) error {
	l := s.set.Load().rb.Web.Limits
	owner, limit := "", l.Anonymous
	if !c.Who.Known() {
		owner = "address " + auth.Network(c.From)
	} else {
		owner = c.Who.Subject()
		switch c.Who.Role {
		case auth.Viewer:
			limit = l.Viewer
		case auth.Operator:
			limit = l.Operator
		case auth.Admin:
			limit = l.Admin
		}
	}
	v := s.perWho.take(owner, limit)
	if v.tell(c.W.Header()); !v.ok {
		return v.problem("")
	}
	return nil
}

// allowed checks role and, for changes by a browser's session, the session's token.
func (s *Server) allowed(c *Call) error {
	r := c.Route
	if s.open(r) {
		return nil
	}
	if !c.Who.Known() {
		if s.o.Guard.NeedsSetup() {
			return Fail(NeedsSetup, "")
		}
		return Fail(Unauthenticated, "")
	}
	if !c.Who.Role.Includes(r.Role) {
		if r.Change != "" {
			s.refused.add(c.record(r.Change, audit.Denied, "the role is too low"))
		}
		return Fail(Forbidden, "It needs the role %s.", r.Role)
	}
	if !safe(c.R.Method) && !auth.CheckCSRF(c.Who, c.R.Header.Get("X-CSRF-Token")) {
		return Fail(NoCSRF, "")
	}
	return nil
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// invoke is take for a caller inside: role and audit as over the network.
func (s *Server) invoke(c *Call, in any) (any, error) {
	if !c.Who.Role.Includes(c.Route.Role) {
		return nil, Fail(Forbidden, "It needs the role %s.", c.Route.Role)
	}
	return s.run(c, in)
}

func (s *Server) run(c *Call, in any) (out any, err error) {
	if c.Route.Long {
		control := http.NewResponseController(c.W)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Time{})
		c.R = c.R.WithContext(context.WithValue(c.base, callKey{}, c)) // it still ends when the client goes
	}
	if c.Route.Role != auth.Admin {
		defer func() {
			if err == nil {
				out = s.set.Load().veil.answer(out)
			}
		}()
	}
	if c.Route.Change == "" {
		return c.Route.run(c, in)
	}
	if n, ok := in.(interface{ target() string }); ok {
		c.target = n.target()
	}
	err = c.Audited(c.Route.Change, func() error {
		defer s.changed()
		out, err = c.Route.run(c, in)
		return err
	})
	return out, err
}
