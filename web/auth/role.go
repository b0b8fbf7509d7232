package auth

import (
	"slices"
	"strings"
	"time"
)

// Role is what somebody may do: each includes those before it.
type Role string

// The roles, the least first. Nobody is who has not logged in.
const (
	Nobody   Role = ""
	Viewer   Role = "viewer"   // look
	Operator Role = "operator" // also listen to recordings, and judge them
	Admin    Role = "admin"    // also change the appliance
)

var ranks = []Role{Nobody, Viewer, Operator, Admin}

// Roles are those that somebody can have.
func Roles() []Role { return ranks[1:] }

// Includes reports whether who has the role may do what least demands. An unknown role includes nothing, and nothing but
// itself is enough for an unknown demand.
func (r Role) Includes(least Role) bool {
	have, want := slices.Index(ranks, r), slices.Index(ranks, least)
	return have >= 0 && want >= 0 && have >= want
}

// Kind is what somebody is.
type Kind string

// The kinds.
const (
	User    Kind = "user"
	Service Kind = "service" // a service account
	Key     Kind = "key"     // an API key
)

// Way is how somebody has shown who it is.
type Way string

// The ways.
const (
	BySession Way = "session"
	ByToken   Way = "token"
	ByKey     Way = "key"
)

// Identity is who asks. The zero value is nobody.
type Identity struct {
	Kind        Kind      `json:"kind"`
	Name        string    `json:"name"` // of the user, the account or the key
	Role        Role      `json:"role"`
	Permissions []string  `json:"permissions,omitempty"` // of a service account
	Way         Way       `json:"way"`
	Expires     time.Time `json:"expires"` // of the token, the key or the session

	// ID is the jti of a token or the ID of a key; Family is what all tokens of one login have in common.
	ID     string `json:"-"`
	Family string `json:"-"`
	// CSRF is what a form must carry that comes with a session.
	CSRF string `json:"-"`

	proof Verified
}

// Proof is what has shown who it is, for what is issued or changed in its name.
func (i Identity) Proof() Verified { return i.proof }

// Known reports whether it is anybody.
func (i Identity) Known() bool { return i.Kind != "" }

// Subject is who it is in one word, for the audit and for limits: "anna", "service:core", "key:nightly".
func (i Identity) Subject() string {
	switch i.Kind {
	case "":
		return "nobody"
	case User:
		return i.Name
	}
	return string(i.Kind) + ":" + i.Name
}

// ParseSubject returns kind and name of a Subject.
func ParseSubject(s string) (Kind, string) {
	if kind, name, ok := strings.Cut(s, ":"); ok {
		return Kind(kind), name
	}
	return User, s
}
