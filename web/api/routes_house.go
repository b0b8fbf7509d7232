package api

import (
	"cmp"
	"errors"
	"time"

	"orac/appliance/rollout"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/members"
	"orac/web/schema"
)

// What members and pushes are is the matter of their package. Pages know these names alone.
type (
	MemberState  = members.State
	MemberRecord = members.Record
	Push         = rollout.Push
	PushStage    = rollout.Stage
	PushSetting  = rollout.Setting
	PushCommand  = rollout.Command
)

// What a stage of a push means, for its colour.
const (
	StageGood   = rollout.Good
	StageMoving = rollout.Moving
	StageWaits  = rollout.Waits
	StageBad    = rollout.Bad
)

type MembersOut struct {
	Members []members.State `json:"members"`
}

func getMembers(c *Call, _ schema.None) (MembersOut, error) {
	return MembersOut{notNil(c.Server.o.Members.List())}, nil
}

type MemberInput struct {
	Name string `path:"name" check:"pattern=name"`
}

func (in MemberInput) target() string { return in.Name }

func getMember(c *Call, in MemberInput) (members.State, error) {
	s, ok := c.Server.o.Members.Member(in.Name)
	if !ok {
		return s, schema.Fail(schema.NotFound, "The runbook declares no such member.")
	}
	return s, nil
}

// PushInput is what is pushed: one of source, set and command.
type PushInput struct {
	Members  []string          `json:"members" check:"max=256" doc:"Their names; none: all that have a url."`
	Canary   string            `json:"canary" check:"max=64" doc:"The one that is changed first; default: the first of them."`
	Parallel int               `json:"parallel" check:"min=0;max=8" doc:"How many are changed at a time after that; default: 1."`
	Source   string            `json:"source" check:"max=262144;lines" doc:"A whole runbook."`
	Set      []rollout.Setting `json:"set" check:"max=16" doc:"Settings of each member's own runbook."`
	Command  *rollout.Command  `json:"command" doc:"mute for some seconds, unmute or restart."`
}

func planPush(c *Call, in PushInput) (*rollout.Push, error) {
	p, err := c.Server.o.Members.Plan(c.Context(), rollout.Ask{
		Members: in.Members, Canary: in.Canary, Parallel: in.Parallel, Source: in.Source, Set: in.Set, Command: in.Command,
	}, c.Who.Subject())
	return p, pushProblem(err)
}

type PushIDInput struct {
	ID string `json:"id" check:"required;min=1;max=64" doc:"The ID of the plan that was shown, or of the push that is undone."`
}

func (in PushIDInput) target() string { return in.ID }

func startPush(c *Call, in PushIDInput) (*rollout.Push, error) {
	p, err := c.Server.o.Members.Start(in.ID, c.Who.Subject())
	if err == nil {
		c.Became(pushed(p))
	}
	return p, pushProblem(err)
}

// pushed is what a record says about a push that begins.
func pushed(p *rollout.Push) map[string]any {
	var names []string
	for _, s := range p.Steps {
		names = append(names, s.Member)
	}
	return map[string]any{"what": p.What, "members": names}
}

// PushOut is a push, if there is one.
type PushOut struct {
	Push *rollout.Push `json:"push,omitempty" doc:"Missing if nothing was ever pushed."`
}

// getPush hides from others what only admins may read: values of the runbook, and what members say of theirs.
func getPush(c *Call, _ schema.None) (PushOut, error) {
	p := c.Server.o.Members.Last()
	if p != nil && !c.Who.Role.Includes(auth.Admin) {
		if p.Command == nil {
			p.What = "a change of the runbook"
		}
		for i := range p.Steps {
			s := &p.Steps[i]
			s.Why, s.Lines, s.Plan, s.Base, s.Hash = "", nil, "", "", ""
		}
		p.Why = ""
	}
	return PushOut{p}, nil
}

func stopPush(c *Call, _ schema.None) (*rollout.Push, error) {
	p, err := c.Server.o.Members.Stop()
	if err == nil {
		c.Target(p.ID)
	}
	return p, pushProblem(err)
}

func undoPush(c *Call, in PushIDInput) (*rollout.Push, error) {
	p, err := c.Server.o.Members.Undo(in.ID, c.Who.Subject())
	if err == nil {
		c.Became(pushed(p))
	}
	return p, pushProblem(err)
}

func pushProblem(err error) error {
	if why, ok := errors.AsType[*rollout.Cannot](err); ok {
		return schema.Fail(schema.Unusable, "%s", why.Why)
	}
	switch {
	case errors.Is(err, rollout.ErrBusy):
		return schema.Fail(schema.Busy, "Another push is being carried out. Wait until it is over, or stop it.")
	case errors.Is(err, rollout.ErrNoPlan):
		return schema.Fail(schema.PlanChanged, "There is no such plan, or it is older than an hour. Plan again.")
	case errors.Is(err, rollout.ErrNone):
		return schema.Fail(schema.NotFound, "There is no push that could be undone.")
	case errors.Is(err, members.ErrNoProblem):
		return schema.Fail(schema.NotFound, "The audit log of that member has no problem, or there is no such member.")
	}
	return err
}

type MembersAuditInput struct {
	Member string    `query:"member" check:"max=64" doc:"Only records of this member."`
	Before time.Time `query:"before" doc:"Records from before that time; default: start with the newest."`
	Limit  int       `query:"limit" check:"min=1;max=200" doc:"How many at most; default: 100."`
	Who    string    `query:"who" check:"max=128" doc:"Only records of this person or program, or on behalf of that."`
	Action string    `query:"action" check:"max=64" doc:"Only this action."`
}

type MembersAuditPage struct {
	Records []members.Record `json:"records"`
	Next    time.Time        `json:"next,omitzero" doc:"Send it as before for the next page; missing on the last page."`
}

func getMembersAudit(c *Call, in MembersAuditInput) (MembersAuditPage, error) {
	limit := cmp.Or(in.Limit, 100)
	list, err := c.Server.o.Members.Records(members.Filter{Member: in.Member, Who: in.Who, Action: in.Action, Before: in.Before, Limit: limit})
	if err != nil {
		return MembersAuditPage{}, schema.Because(schema.Unavailable, err, "The copies of the members' audit logs cannot be read.")
	}
	page := MembersAuditPage{Records: notNil(list)}
	if len(list) == limit {
		page.Next = list[limit-1].At
	}
	return page, nil
}

// MemberAudit is what a check of the copy of a member's audit log found.
type MemberAudit struct {
	Member string `json:"member"`
	audit.Verdict
	Copy members.Copied `json:"copy"`
}

type MembersVerified struct {
	OK      bool          `json:"ok" doc:"All copies are whole, and no member shows another past than before."`
	Members []MemberAudit `json:"members"`
}

func verifyMembersAudit(c *Call, _ schema.None) (MembersVerified, error) {
	list, err := c.Server.o.Members.Verify()
	if err != nil {
		return MembersVerified{}, schema.Because(schema.Unavailable, err, "The copies of the members' audit logs cannot be read.")
	}
	out := MembersVerified{OK: true, Members: []MemberAudit{}}
	for _, v := range list {
		out.OK = out.OK && v.OK && v.Copied.Problem == ""
		out.Members = append(out.Members, MemberAudit{v.Member, c.plainly(v.Verdict), v.Copied})
	}
	return out, nil
}

func acceptMemberAudit(c *Call, in MemberInput) (schema.None, error) {
	if s, ok := c.Server.o.Members.Member(in.Name); !ok {
		return schema.None{}, pushProblem(members.ErrNoProblem)
	} else {
		c.Changed(s.Audit, nil)
	}
	return schema.None{}, pushProblem(c.Server.o.Members.Renew(in.Name))
}
