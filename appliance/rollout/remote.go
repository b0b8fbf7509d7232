package rollout

import (
	"context"
	"strings"
	"time"
	"unicode"

	"orac/appliance/health"
)

// Member is a member that a change can be rolled out to.
type Member struct {
	Name   string
	Remote Remote // nil: nobody knows where it is
}

// Remote is a member that can be asked. Every call returns within its context, and every error is an *Error.
type Remote interface {
	// Look returns how it is now.
	Look(ctx context.Context) (Seen, error)
	// Runbook returns the text of its runbook's file.
	Runbook(ctx context.Context) (Text, error)
	Changer
	// Command has it do something at once.
	Command(ctx context.Context, c Command) error
}

// Changer changes the runbook of a member.
type Changer interface {
	// Plan returns what applying a text would do there.
	Plan(ctx context.Context, source string) (Plan, error)
	// Apply applies exactly a plan that was shown, to the file that it was made from.
	Apply(ctx context.Context, source, base, plan string) (Applied, error)
	// PlanBack returns what returning to a generation would do there.
	PlanBack(ctx context.Context, generation int) (Plan, error)
	// Back returns to a generation, also in the file, if that is as base says and the generation running runs.
	Back(ctx context.Context, generation, running int, base, plan string) (Applied, error)
}

// Seen is what a member says about itself.
type Seen struct {
	Appliance  string       `json:"appliance"`
	Version    string       `json:"version"`
	Generation int          `json:"generation"`
	LastGood   bool         `json:"last_good"` // it runs the last good generation because its file could not be used
	Started    time.Time    `json:"started"`
	Health     health.Level `json:"health"`
	Why        string       `json:"why,omitempty"` // the worst component, and what is wrong with it
	Clock      time.Time    `json:"-"`             // its time of day when it answered, to the second
}

// Text is the runbook of a member.
type Text struct {
	Source  string
	Hash    string // of Source
	Applied bool   // it is what runs
}

// Plan is what a change would do at a member.
type Plan struct {
	Hash    string
	Changes bool
	Blocked string   // why it cannot be done; "" if it can
	Lines   []string // what it does, for people
}

// Applied is how a change at a member ended.
type Applied struct {
	OK         bool
	Generation int // that runs now
	Why        string
	Saved      bool   // its file holds the text that runs
	Hash       string // of the file as it is now
}

// Command is what a member can be told to do at once.
type Command struct {
	Do      string `json:"do"`                // mute, unmute or restart
	Seconds int    `json:"seconds,omitempty"` // of mute
}

// The commands.
const (
	Mute    = "mute"
	Unmute  = "unmute"
	Restart = "restart"
)

// Kind is what an error of a member means.
type Kind string

// The kinds.
const (
	Away     Kind = "away"     // it cannot be reached, or does not answer in time
	Denied   Kind = "denied"   // it does not let the centre do that
	Refused  Kind = "refused"  // it says why it does not do it
	Nonsense Kind = "nonsense" // it answers what no member answers
)

// Error is why a member did not do what it was asked.
type Error struct {
	Kind Kind
	Code string // of its problem document; "" without one
	Told string // for people, one line
	// Unknown: the request may have reached it, so it may have done it.
	Unknown bool
}

func (e *Error) Error() string { return e.Told }

// KindOf is the kind of an error of a Remote.
func KindOf(err error) Kind {
	if e, ok := err.(*Error); ok {
		return e.Kind
	}
	return Nonsense
}

// Line makes one line of at most n bytes from a text of a member.
func Line(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r) { // formats turn the direction of a line
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= n {
		return text
	}
	cut := text[:n]
	return strings.ToValidUTF8(cut, "") + "…"
}
