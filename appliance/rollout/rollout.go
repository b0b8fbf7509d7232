package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"orac/appliance/health"
	"orac/runbook/language"
)

func hashOf(text string) string { return language.TextHash(text) }

// carryOut changes one member after the other: the first alone, then as many at a time as the push says.
func (r *Roller) carryOut(ctx context.Context, p *Push) {
	why := ""
	canary := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Stage == Ready })
	if canary >= 0 {
		why = r.change(ctx, p, canary, true)
	}
	var mu sync.Mutex // guards why
	bad := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return why != ""
	}
	var rest []int
	for i := range p.Steps {
		if i != canary && p.Steps[i].Stage == Ready {
			rest = append(rest, i)
		}
	}
	r.Pace.each(len(rest), p.Parallel, func(n int) {
		if bad() || halted(ctx) {
			return
		}
		if said := r.change(ctx, p, rest[n], false); said != "" {
			mu.Lock()
			defer mu.Unlock()
			why = cmp.Or(why, said)
		}
	})
	switch {
	case ctx.Err() != nil: // the appliance ends: as the journal says
		return
	case why != "":
		r.end(p, Stopped, why)
	case halted(ctx):
		r.end(p, Stopped, "somebody stopped it")
	default:
		r.end(p, Over, "")
	}
}

// change changes one member, and waits until it is as well as before. It returns why the push must stop, "" if it goes on: a member that
// is away is left alone, unless it is the canary.
func (r *Roller) change(ctx context.Context, p *Push, i int, canary bool) (stop string) {
	s := p.Steps[i]
	at := slices.IndexFunc(r.Members(), func(m Member) bool { return m.Name == s.Member && m.Remote != nil })
	if at < 0 {
		_ = r.note(p, i, Failed, "the runbook does not declare it any more")
		return s.Member + " is no member any more"
	}
	m := r.Members()[at]
	before, err := m.Remote.Look(ctx)
	switch {
	case err != nil && KindOf(err) == Away && !canary:
		_ = r.note(p, i, Pending, err.Error())
		return ""
	case err != nil:
		_ = r.note(p, i, Failed, err.Error())
		return s.Member + ": " + err.Error()
	}
	if err := r.note(p, i, Changing, ""); err != nil {
		_ = r.note(p, i, Failed, "the journal of pushes cannot be written")
		return "the journal of pushes cannot be written"
	}
	stage, why := r.apply(ctx, p, i, m.Remote, before)
	if ctx.Err() != nil {
		return "the appliance ends" // the journal says that it is being changed
	}
	if stage == Checking {
		_ = r.note(p, i, Checking, why)
		if stage = Done; p.Command == nil || p.Command.Do == Restart {
			if bad := r.healthy(ctx, p, i, m.Remote, before); bad != "" {
				stage, why = Unhealthy, bad
			}
		}
	}
	if ctx.Err() != nil {
		return "the appliance ends"
	}
	_ = r.note(p, i, stage, why)
	r.Look(s.Member)
	if stage != Done {
		return s.Member + ": " + why
	}
	return ""
}

// apply makes the change, and returns Checking if the member has made it.
func (r *Roller) apply(ctx context.Context, p *Push, i int, m Remote, before Seen) (Stage, string) {
	s := p.Steps[i]
	if p.Command != nil {
		err := m.Command(ctx, *p.Command)
		if e, ok := errors.AsType[*Error](err); ok && e.Unknown && p.Command.Do == Restart {
			err = nil // it may have restarted before it answered: whether it did shows
		}
		if err != nil {
			return stageOf(err), err.Error()
		}
		return Checking, ""
	}
	a, err := m.Apply(ctx, s.source, s.Base, s.Plan)
	if err != nil {
		if stageOf(err) != Unknown || ctx.Err() != nil {
			return stageOf(err), err.Error()
		}
		a, err = r.settle(ctx, s, m, before, err)
		if err != nil {
			return stageOf(err), err.Error()
		}
	}
	switch {
	case !a.OK:
		return Failed, "the member has taken it back: " + a.Why
	case a.Saved && a.Hash != s.Hash:
		return Unknown, "its file is not the text that was pushed"
	}
	r.mu.Lock()
	p.Steps[i].Now = a.Generation
	r.Journal.Pushed(s.Member, Mark{Hash: s.Hash, Generation: a.Generation, At: r.Pace.now().UTC().Round(time.Second), By: p.By, Push: p.ID})
	r.mu.Unlock()
	if !a.Saved {
		return Checking, "its file does not hold the text: " + a.Why
	}
	return Checking, ""
}

func stageOf(err error) Stage {
	if e, ok := errors.AsType[*Error](err); ok && e.Unknown {
		return Unknown
	}
	return Failed
}

// settle finds out what came of a change whose answer was lost: the member ended in the middle, or the line did.
func (r *Roller) settle(ctx context.Context, s Step, m Remote, before Seen, lost error) (Applied, error) {
	for end := r.Pace.now().Add(settleIn); r.Pace.now().Before(end) && r.Pace.sleep(ctx, healthyLook); {
		text, err := m.Runbook(ctx)
		if err != nil {
			continue
		}
		seen, err := m.Look(ctx)
		switch {
		case err != nil:
		case text.Hash == s.Hash && text.Applied:
			return Applied{OK: true, Generation: seen.Generation, Saved: true, Hash: text.Hash}, nil
		case text.Hash == s.Base && !seen.Started.Equal(before.Started): // whatever it did ended with its process
			return Applied{}, &Error{Kind: Refused, Told: "it restarted in the middle, and runs what it ran before"}
		case text.Hash != s.Base && text.Hash != s.Hash:
			return Applied{}, &Error{Kind: Refused, Told: "somebody else has changed its runbook meanwhile", Unknown: true}
		}
	}
	return Applied{}, &Error{Kind: Away, Told: "nobody knows whether it was changed: " + lost.Error(), Unknown: true}
}

// worse ranks levels.
var worse = map[health.Level]int{health.Healthy: 0, health.Degraded: 1, health.Unhealthy: 2}

// healthy waits until a member that was changed is as healthy as before, and returns why it is not.
func (r *Roller) healthy(ctx context.Context, p *Push, i int, m Remote, before Seen) string {
	why, row := "", 0
	for end := r.Pace.now().Add(healthyIn); r.Pace.now().Before(end); {
		if !r.Pace.sleep(ctx, healthyLook) {
			return "the appliance ends"
		}
		seen, err := m.Look(ctx)
		r.mu.Lock()
		now := p.Steps[i].Now
		r.mu.Unlock()
		switch {
		case err != nil:
			why, row = err.Error(), 0
		case p.Command != nil && seen.Started.Equal(before.Started):
			why, row = "it has not restarted", 0
		case p.Command == nil && seen.Generation != now:
			return fmt.Sprintf("generation %d runs, and %d was pushed: somebody has changed it", seen.Generation, now)
		case worse[seen.Health] > worse[before.Health]:
			why, row = fmt.Sprintf("it is %s: %s", seen.Health, seen.Why), 0
		default:
			if row++; row == healthyRow {
				return ""
			}
		}
	}
	return why
}
