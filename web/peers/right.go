package peers

import (
	"slices"

	"orac/web/auth"
	"orac/web/gate"
	"orac/web/schema"
)

// Right says who may use a route.
type Right struct {
	Open       bool      // everybody, without a login
	Anybody    bool      // everybody who is known
	Permission string    // accounts that have it, and people and keys of Role
	Role       auth.Role // the least role of people and keys
	Legacy     bool      // also peers that are known by their address alone
}

// Allows tells whether somebody who is known has the right.
func (r Right) Allows(who auth.Identity) bool {
	switch {
	case r.Open:
		return true
	case who.Kind == auth.Peer:
		return r.Legacy
	case r.Anybody:
		return who.Known()
	}
	return r.Permission != "" && slices.Contains(who.Permissions, r.Permission) || r.Role != auth.Nobody && who.Role.Includes(r.Role)
}

// Needs says what is missing, for the answer.
func (r Right) Needs() string {
	switch {
	case r.Permission == "":
		return "the role " + string(r.Role)
	case r.Role == auth.Nobody:
		return "the permission " + r.Permission
	}
	return "the permission " + r.Permission + ", or the role " + string(r.Role)
}

// String says who may use the route, for the table of routes.
func (r Right) String() string {
	switch {
	case r.Open:
		return "everybody"
	case r.Anybody:
		return "every caller who is known"
	case r.Permission == "":
		return string(r.Role)
	}
	return r.Permission + " or " + string(r.Role)
}

// Admit refuses a caller who has not the right. action is the route's name in the audit log, where the refusal of somebody who is known
// is counted.
func (r Right) Admit(c *gate.Call, action string) error {
	switch {
	case r.Open:
	case c.Denial != nil:
		return c.Denial
	case !c.Who.Known():
		return schema.Fail(schema.Unauthenticated, "")
	case !r.Allows(c.Who):
		c.Denied(action, "without "+r.Needs())
		return schema.Fail(schema.Forbidden, "You need %s.", r.Needs())
	}
	return nil
}
