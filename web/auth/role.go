package auth

import (
	"slices"
	"strings"
	"time"
)

// Role is what somebody may do: each role includes the ones before it.
type Role string

// The roles, lowest first. Nobody is the role without a login.
const (
	Nobody   Role = ""
	Viewer   Role = "viewer"   // look
	Operator Role = "operator" // also listen to recordings and judge them
	Admin    Role = "admin"    // also change the appliance
)

var ranks = []Role{Nobody, Viewer, Operator, Admin}

// Roles returns the roles that can be given to somebody.
func Roles() []Role { return ranks[1:] }

// Includes reports whether the role is at least least. An unknown role includes nothing, and an unknown least is
// included only in itself.
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
	Peer    Kind = "peer"    // a program that the runbook knows by its address alone
	// Users and accounts of the issuer that the runbook trusts. They are never taken for those of the same name here.
	CoreUser    Kind = "core"
	CoreService Kind = "core-service"
)

// Way is how somebody has proven their identity.
type Way string

// The ways.
const (
	BySession Way = "session"
	ByToken   Way = "token"
	ByKey     Way = "key"
	ByAddress Way = "address"
)

// Identity is the user or program behind a request. The zero value is nobody.
type Identity struct {
	Kind        Kind      `json:"kind"`
	Name        string    `json:"name"` // of the user, the account or the key
	Role        Role      `json:"role"`
	Permissions []string  `json:"permissions,omitempty"` // of a service account
	Way         Way       `json:"way"`
	Expires     time.Time `json:"expires"` // of the token, the key or the session

	// ID is the jti of a token or the ID of a key; Family is shared by all tokens of one login.
	ID     string `json:"-"`
	Family string `json:"-"`
	// By is who had the trusted issuer itself ask: a Subject there, with "core:" in front. It grants nothing, and is recorded.
	By string `json:"-"`
	// CSRF is the token that a form must carry if the request uses a session.
	CSRF string `json:"-"`

	proof Verified
}

// Proof returns the proof of the identity, for whatever is issued or changed in its name.
func (i Identity) Proof() Verified { return i.proof }

// Began is when the browser's session began; zero if there is none.
func (i Identity) Began() time.Time { return i.proof.since }

// Known reports whether the identity is somebody.
func (i Identity) Known() bool { return i.Kind != "" }

// Subject returns the identity as one word, for the audit and for limits: "anna", "service:core",
// "key:nightly", "core:anna".
func (i Identity) Subject() string {
	switch i.Kind {
	case "":
		return "nobody"
	case User:
		return i.Name
	}
	return string(i.Kind) + ":" + i.Name
}

// ParseSubject splits a Subject into kind and name.
func ParseSubject(s string) (Kind, string) {
	if kind, name, ok := strings.Cut(s, ":"); ok {
		return Kind(kind), name
	}
	return User, s
}
