package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Undo returns the members that the last push has changed to what they ran before, the last one first. It returns at once. A member
// that somebody has changed since is left as it is.
func (r *Roller) Undo(id, by string) (*Push, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ctx == nil || r.ctx.Err() != nil:
		return nil, cannot("The appliance is stopping.")
	case r.last != nil && r.last.Active():
		return nil, ErrBusy
	case r.last == nil || r.last.ID != id || !r.last.copy().Undo:
		return nil, ErrNone
	}
	p := r.last
	was := p.State
	if p.State = Undoing; r.Journal.Note(p) != nil {
		p.State = was
		return nil, cannot("The journal of pushes cannot be written, so nothing was begun.")
	}
	r.begin(by, func(ctx context.Context) { r.undo(ctx, p) })
	return p.copy(), nil
}

func (r *Roller) undo(ctx context.Context, p *Push) {
	why := ""
	for i, s := range slices.Backward(p.Steps) {
		if !s.Stage.Changed() || s.Was == 0 {
			continue
		}
		if halted(ctx) {
			why = "somebody stopped it"
			break
		}
		err := r.back(ctx, s)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			_ = r.note(p, i, s.Stage, "not undone: "+err.Error())
			why = s.Member + ": " + err.Error()
			continue
		}
		r.mu.Lock()
		r.Journal.Pushed(s.Member, Mark{})
		r.mu.Unlock()
		_ = r.note(p, i, Undone, "")
		r.Look(s.Member)
	}
	if ctx.Err() != nil {
		return
	}
	if why != "" {
		r.end(p, Stopped, "not all of it was undone: "+why)
		return
	}
	r.end(p, TakenBack, "")
}

// back returns one member to what it ran before.
func (r *Roller) back(ctx context.Context, s Step) error {
	at := slices.IndexFunc(r.Members(), func(m Member) bool { return m.Name == s.Member && m.Remote != nil })
	if at < 0 {
		return errors.New("the runbook does not declare it any more")
	}
	m := r.Members()[at].Remote
	plan, err := m.PlanBack(ctx, s.Was)
	if err != nil {
		return err
	}
	if plan.Blocked != "" {
		return errors.New(plan.Blocked)
	}
	a, err := m.Back(ctx, s.Was, s.Now, s.Hash, plan.Hash)
	if stageOf(err) == Unknown && err != nil {
		for end := r.Pace.now().Add(settleIn); r.Pace.now().Before(end) && r.Pace.sleep(ctx, healthyLook); {
			if text, failed := m.Runbook(ctx); failed == nil && text.Hash == s.Base && text.Applied {
				return nil
			}
		}
		return fmt.Errorf("nobody knows whether it was: %w", err)
	}
	if err == nil && !a.OK {
		err = errors.New("the member has taken it back: " + a.Why)
	}
	return err
}
