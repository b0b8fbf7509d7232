package rollout

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
)

// Ask is what somebody wants to push: a whole runbook, settings, or a command.
type Ask struct {
	Members  []string  `json:"members,omitempty"`  // empty: all that have an address
	Canary   string    `json:"canary,omitempty"`   // the first; empty: the first of the members
	Parallel int       `json:"parallel,omitempty"` // how many at a time after the canary; 0: 1
	Source   string    `json:"source,omitempty"`
	Set      []Setting `json:"set,omitempty"`
	Command  *Command  `json:"command,omitempty"`
}

// Setting is an attribute of a block with its new expression, as in a runbook.
type Setting struct {
	Block      string `json:"block" check:"required;min=1;max=200"`
	Attribute  string `json:"attribute" check:"required;min=1;max=64"`
	Expression string `json:"expression" check:"required;min=1;max=4096"`
}

// Bounds of a push.
const (
	MaxParallel = 8
	MaxSettings = 16
	maxMembers  = 256
)

// Stage is how far a push is with a member.
type Stage string

// The stages. The first group is what a plan says; the second comes when it is carried out.
const (
	Ready   Stage = "ready"
	Same    Stage = "nothing to do"
	Blocked Stage = "blocked"
	Pending Stage = "pending" // it is away: nothing is done to it, and nothing will be by itself

	Changing  Stage = "changing"
	Checking  Stage = "waiting until it is healthy"
	Done      Stage = "done"
	Failed    Stage = "failed"    // it was not changed
	Unhealthy Stage = "unhealthy" // it was changed, and is worse than before
	Unknown   Stage = "unknown"   // nobody knows whether it was changed
	Untouched Stage = "not reached"
	Undone    Stage = "undone"
)

// Sense is what a stage means to people, whatever they are shown it with.
type Sense int

// The senses.
const (
	Plain  Sense = iota
	Good         // the member is as it should be
	Moving       // it is being changed
	Waits        // somebody has to push again
	Bad
)

var senses = map[Stage]Sense{
	Same: Good, Done: Good, Undone: Good, Changing: Moving, Checking: Moving, Pending: Waits,
	Blocked: Bad, Failed: Bad, Unhealthy: Bad, Unknown: Bad,
}

// Sense is what the stage means.
func (s Stage) Sense() Sense { return senses[s] }

// Changed tells whether a member in this stage runs what was pushed.
func (s Stage) Changed() bool { return s == Done || s == Unhealthy }

// Step is what a push does with one member.
type Step struct {
	Member string   `json:"member"`
	Stage  Stage    `json:"stage"`
	Why    string   `json:"why,omitempty"`
	Lines  []string `json:"lines,omitempty" doc:"What the member's own plan says."`
	Plan   string   `json:"plan,omitempty" doc:"The hash of that plan."`
	Base   string   `json:"base,omitempty" doc:"The hash of its runbook when the plan was made."`
	Hash   string   `json:"hash,omitempty" doc:"The hash of the text that it gets."`
	Was    int      `json:"was" doc:"The generation that ran when the plan was made."`
	Now    int      `json:"now,omitempty" doc:"The generation that the push has made."`

	source string // that it gets
	before Seen   // how it was
}

// Whole is how far a push is as a whole.
type Whole string

// The states of a push.
const (
	Planned     Whole = "planned"
	Running     Whole = "running"
	Stopping    Whole = "stopping"
	Over        Whole = "done"
	Stopped     Whole = "stopped"
	Interrupted Whole = "interrupted" // ORAC ended in the middle
	Undoing     Whole = "being undone"
	TakenBack   Whole = "undone"
)

// Push is a change of one or several members: first a plan, then what came of it.
type Push struct {
	ID       string    `json:"id" doc:"Send it to carry out exactly this."`
	What     string    `json:"what"`
	Command  *Command  `json:"command,omitempty"`
	By       string    `json:"by"`
	Made     time.Time `json:"made"`
	Began    time.Time `json:"began,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	State    Whole     `json:"state"`
	Why      string    `json:"why,omitempty" doc:"Why it stopped, or cannot begin."`
	Parallel int       `json:"parallel"`
	Steps    []Step    `json:"steps" doc:"The first one is the canary."`
	Undo     bool      `json:"can_undo" doc:"Members run what it pushed, and can return to what they ran before."`
}

// Active tells whether it is being carried out.
func (p *Push) Active() bool { return p.State == Running || p.State == Stopping || p.State == Undoing }

// copy returns a copy that nobody else changes, with what follows from its steps.
func (p *Push) copy() *Push {
	c := *p
	c.Steps = slices.Clone(p.Steps)
	c.Undo = !p.Active() && p.State != Planned && p.Command == nil && slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Stage.Changed() && s.Was > 0 })
	return &c
}

// seal gives a plan its ID: whoever sends it has seen exactly this.
func (p *Push) seal() {
	p.ID = ""
	text, err := json.Marshal(p)
	if err != nil {
		panic("BUG: a push cannot be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	p.ID = hex.EncodeToString(sum[:8])
}

// Cannot is why a push is not made, or does not begin. Nothing was changed.
type Cannot struct{ Why string }

func (c *Cannot) Error() string { return c.Why }

func cannot(format string, args ...any) error { return &Cannot{fmt.Sprintf(format, args...)} }

// words says what is pushed, for people.
func (a Ask) words() string {
	switch {
	case a.Command != nil && a.Command.Do == Mute:
		return "mute for " + amount.Span(time.Duration(a.Command.Seconds)*time.Second)
	case a.Command != nil:
		return a.Command.Do
	case a.Source != "":
		return "a runbook"
	}
	var list []string
	for _, s := range a.Set {
		list = append(list, fmt.Sprintf("%s.%s = %s", s.Block, s.Attribute, s.Expression))
	}
	return Line(strings.Join(list, ", "), 200)
}

// check says what is wrong with what is asked for.
func (a Ask) check() error {
	kinds := 0
	for _, is := range []bool{a.Source != "", len(a.Set) > 0, a.Command != nil} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return cannot("Push one thing: a runbook, settings, or a command.")
	case a.Parallel < 0 || a.Parallel > MaxParallel:
		return cannot("parallel is %d: it must be from 1 to %d.", a.Parallel, MaxParallel)
	case len(a.Set) > MaxSettings:
		return cannot("These are %d settings: at most %d can be pushed at once.", len(a.Set), MaxSettings)
	case len(a.Source) > language.MaxFileSize:
		return cannot("The runbook is larger than %s.", language.FormatSize(language.MaxFileSize))
	case a.Command == nil:
		return nil
	}
	switch c := *a.Command; c.Do {
	case Mute:
		if c.Seconds < 1 || c.Seconds > int(status.MostMute/time.Second) {
			return cannot("A member can be muted for 1 s to %s.", amount.Span(status.MostMute))
		}
	case Unmute, Restart:
	default:
		return cannot("There is no command %q: push mute, unmute or restart.", Line(c.Do, 40))
	}
	return nil
}

// chosen returns the members that are meant, the canary first.
func (a Ask) chosen(all []Member) (list []Member, err error) {
	for _, m := range all {
		if m.Remote != nil && len(a.Members) == 0 || slices.Contains(a.Members, m.Name) {
			list = append(list, m)
		}
	}
	for _, name := range append(slices.Clone(a.Members), a.Canary) {
		i := slices.IndexFunc(list, func(m Member) bool { return m.Name == name })
		switch {
		case name == "":
		case i < 0:
			return nil, cannot("There is no member %q among those.", Line(name, 64))
		case list[i].Remote == nil:
			return nil, cannot("The member block of %s has no url, so it cannot be asked.", name)
		}
	}
	switch {
	case len(list) == 0:
		return nil, cannot("There are no members with a url to push to.")
	case len(list) > maxMembers:
		return nil, cannot("These are %d members: push to at most %d at once.", len(list), maxMembers)
	}
	first := cmp.Or(a.Canary, list[0].Name)
	slices.SortStableFunc(list, func(x, y Member) int {
		switch {
		case x.Name == first:
			return -1
		case y.Name == first:
			return 1
		}
		return 0
	})
	return list, nil
}

// text is what a member gets instead of its own text.
func (a Ask) text(own string) (string, error) {
	if a.Source != "" {
		return a.Source, nil
	}
	src := []byte(own)
	for _, s := range a.Set {
		fresh, err := edit.Set(src, runbook.Address(s.Block), s.Attribute, s.Expression)
		if err != nil {
			return "", cannot("%s", Line(err.Error(), 300))
		}
		src = fresh
	}
	return string(edit.KeepFormat([]byte(own), src)), nil
}

// keepsTrust refuses a text after which a member would not let this issuer in any more: nobody could undo that from here. A text that
// computes these settings passes; the member's plan shows them.
func keepsTrust(source, issuer, member string) error {
	list, err := edit.Outlines([]byte(source))
	if err != nil {
		return cannot("The text cannot be read as a runbook: %s", Line(err.Error(), 200))
	}
	name, audience := "", ""
	for _, b := range list {
		switch {
		case b.Type.Type == "appliance" && b.Written:
			name = b.Address.Name()
		case b.Address == "auth":
			for _, n := range b.Nested {
				if n.Type.Type != "trust" {
					continue
				}
				who, written := n.Attrs["issuer"]
				switch {
				case !n.Written || !written:
					return cannot("Its runbook would not trust this issuer any more: keep auth { trust { issuer = %q … } } in it.", issuer)
				case who.Simple && who.Plain != issuer:
					return cannot("Its runbook would trust %s instead of this issuer: write auth.trust.issuer = %q.", Line(who.Plain, 100), issuer)
				}
				if at, ok := n.Attrs["audience"]; ok {
					if !at.Simple {
						return nil
					}
					audience = at.Plain
				}
			}
		}
	}
	if got := cmp.Or(audience, name); got != member {
		return cannot("It would call itself %q, and its tokens are for %q: write audience = %q in its trust block.", Line(got, 64), member, member)
	}
	return nil
}
