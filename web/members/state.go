package members

import (
	"fmt"
	"time"

	"orac/appliance/amount"
	"orac/appliance/health"
	"orac/appliance/rollout"
)

// Member is a member that the runbook declares.
type Member struct {
	Name   string
	URL    string // "": it cannot be asked
	Remote Remote // nil without a URL
}

// Presence is whether a member answers.
type Presence string

// The presences.
const (
	Unasked  Presence = "unasked"  // not asked yet
	Here     Presence = "here"     // it answers
	Gone     Presence = "away"     // it does not
	Shut     Presence = "refuses"  // it answers, and lets the centre do nothing
	Nameless Presence = "no url"   // the runbook does not say where it is
	Strange  Presence = "nonsense" // it answers what no member answers
)

// State is what the centre knows of a member.
type State struct {
	Name     string       `json:"name"`
	URL      string       `json:"url,omitempty"`
	Presence Presence     `json:"presence" doc:"unasked, here, away, refuses, nonsense, or no url"`
	Since    time.Time    `json:"since,omitzero" doc:"Since when it is as presence says."`
	LastSeen time.Time    `json:"last_seen,omitzero" doc:"When it last answered."`
	Why      string       `json:"why,omitempty" doc:"Why it is not here."`
	Seen     rollout.Seen `json:"seen" doc:"What it said when it last answered."`
	Drift    Drift        `json:"drift"`
	// Skew is how far its clock is ahead.
	Skew  float64 `json:"clock_ahead_seconds" doc:"How far its clock is ahead of this one's; to the second."`
	Audit Copied  `json:"audit"`
	Busy  string  `json:"busy,omitempty" doc:"What a push is doing with it now."`
}

// Drift is how the runbook of a member differs from what it should be.
type Drift struct {
	Known  bool   `json:"known"`
	File   bool   `json:"file" doc:"Its file is not what runs there: the next start brings something else."`
	Pushed bool   `json:"pushed" doc:"Its file is not what was pushed last: somebody has changed it there."`
	Hash   string `json:"hash,omitempty" doc:"Of its file."`
	Why    string `json:"why,omitempty" doc:"Why it is not known."`
}

// Words say how a runbook drifts, for people.
func (d Drift) Words() string {
	switch {
	case !d.Known && d.Why == "":
		return "not known yet"
	case !d.Known:
		return "not known: " + d.Why
	case d.File && d.Pushed:
		return "changed there since the last push, and its file is not what runs"
	case d.File:
		return "its file is not what runs"
	case d.Pushed:
		return "changed there since the last push"
	}
	return "none"
}

// maxSkew is how far the clock of a member may be off before that is a complaint: at trust.Leeway tokens are refused.
const maxSkew = 10 * time.Second

// Level is how well a member is for the health of the centre, and why. A member that is away makes the house poorer, not the centre
// useless.
func (s State) Level() (health.Level, string) {
	switch {
	case s.Audit.Problem != "":
		return health.Unhealthy, "its audit log: " + s.Audit.Problem
	case s.Presence == Unasked, s.Presence == Nameless:
		return health.Healthy, ""
	case s.Presence != Here:
		return health.Degraded, string(s.Presence) + ": " + s.Why
	case s.Seen.Health != health.Healthy:
		return health.Degraded, fmt.Sprintf("it is %s: %s", s.Seen.Health, s.Seen.Why)
	case s.Skew > maxSkew.Seconds() || s.Skew < -maxSkew.Seconds():
		return health.Degraded, "its clock is off by " + amount.Span(time.Duration(s.Skew*float64(time.Second)).Abs())
	case s.Audit.Silent != "":
		return health.Degraded, "its audit log: " + s.Audit.Silent
	}
	return health.Healthy, ""
}

// NodeOf is what reports about a member: its component in the health, and the node of its events.
func NodeOf(member string) string { return "member." + member }
