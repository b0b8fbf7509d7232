package core

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"orac/appliance/audio"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/models"
	"orac/runbook"
)

// Steward changes what a runner runs: all of a plan or nothing. It watches the new graph for as long as the runbook says, and
// returns by itself to what ran before if the new graph does not do well. It runs on the seam.
//
// It guarantees that a text is evaluated once for each request, and that the resulting value is judged, planned, run and kept:
// nothing runs that the judge has not seen. A change holds the lock from before its text is read until it is over.
type Steward struct {
	Proposer
	Runner *Runner
	Kept   *generation.Store
	// Check reports what a runbook asks for that cannot be done and that no node would notice; nil:
	// nothing is checked.
	Check func(*runbook.Runbook) error
	// Queued is how many events a webhook has, waiting and set aside; nil: none has any.
	Queued func(hook string) int

	one     oneChange
	current atomic.Int64 // generation that runs
}

// Generation is the number of the generation that runs; 0 if none was committed. It may be called from anywhere.
func (s *Steward) Generation() int { return int(s.current.Load()) }

// Runs notes which generation runs.
func (s *Steward) Runs(number int) { s.current.Store(int64(number)) }

// Plan reports what applying a runbook would do.
func (s *Steward) Plan(t *rt.Task, r status.PlanRequest) (status.Plan, error) {
	r, err := s.withText(t, r)
	if err != nil {
		return status.Plan{}, err
	}
	to, err := s.Asked(t, r)
	if err != nil {
		return status.Plan{}, err
	}
	p, _ := s.compare(t, to)
	p.UnderWay = s.one.underWay()
	return p, nil
}

// withText is a request with the text of the generation that it names. Such a text is evaluated like the text of the file, with
// today's variables and files: once written into the file, a start runs the same.
func (s *Steward) withText(t *rt.Task, r status.PlanRequest) (status.PlanRequest, error) {
	if r.Of == 0 {
		return r, nil
	}
	kept, err := s.load(t, r.Of)
	if err != nil {
		return r, err
	}
	return r.Text(string(kept.Source)), nil
}

// compare plans the way to a proposal and prepares it. It marks what cannot be done as blocked.
func (s *Steward) compare(t *rt.Task, to Proposal) (status.Plan, *Prepared) {
	p := graph.Plan(s.Runner.Graph(), to.graph)
	p.Hash = to.Runbook.Inputs().Hash()
	s.leave(&p)
	ready, err := s.Runner.Prepare(to.graph)
	if err == nil {
		p.Fetches = ready.fetches()
		p.Changes = p.Changes || len(p.Fetches) > 0
		err = s.devices(t, p, ready)
	}
	if err == nil && s.Check != nil {
		err = s.Check(to.Runbook)
	}
	if err != nil {
		graph.Block(&p, err)
		return p, nil
	}
	return p, ready
}

// devices checks that the microphones that a plan would open are there.
func (s *Steward) devices(t *rt.Task, p status.Plan, ready *Prepared) error {
	for _, c := range p.Components {
		if c.Kind != string(graph.Source) || c.Action != status.Add && c.Action != status.Restart {
			continue
		}
		if checker, ok := ready.source(c.Address).(audio.Checker); ok {
			if err := checker.Check(t); err != nil {
				return fmt.Errorf("%s: %w", c.Address, err)
			}
		}
	}
	return nil
}

// Apply carries out exactly the plan that was shown, or does nothing.
func (s *Steward) Apply(t *rt.Task, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	return s.Change(t, Change{ApplyRequest: r}, progress)
}

// Change is Apply with all steps of the change.
func (s *Steward) Change(t *rt.Task, c Change, progress func(string)) (status.Applied, error) {
	if err := s.one.begin(t, c.Origin); err != nil {
		return status.Applied{}, err
	}
	defer s.one.end()
	r, err := s.withText(t, c.PlanRequest)
	if err != nil {
		return status.Applied{}, err
	}
	c.PlanRequest = r
	return c.Do(func() (Proposal, error) {
		to, err := s.Wanted(t, c)
		if c.Of != 0 {
			to.Note = rolledBackTo(c.Of)
		}
		return to, err
	}, func(to Proposal) (status.Applied, error) {
		return s.run(t, to, c.Hash, c.Timeout, progress)
	})
}

// run plans the way to a proposal, which must be the plan that was shown, and carries it out.
func (s *Steward) run(t *rt.Task, to Proposal, hash string, timeout time.Duration, progress func(string)) (status.Applied, error) {
	plan, ready := s.compare(t, to)
	if hash != "" && plan.Hash != hash {
		return status.Applied{}, &status.Refusal{
			Code: status.Changed, Message: "the runbook, a file, a variable or a secret has changed since the plan was made",
			Hint: "look at what would be done now: orac plan",
		}
	}
	return s.change(t, to, plan, ready, timeout, progress)
}

// Rollback returns to a kept generation.
func (s *Steward) Rollback(t *rt.Task, r status.RollbackRequest, progress func(string)) (status.Applied, error) {
	if err := s.one.begin(t, r.Origin); err != nil {
		return status.Applied{}, err
	}
	defer s.one.end()
	if now := s.Generation(); r.Running != 0 && r.Running != now {
		return status.Applied{}, &status.Refusal{Code: status.Changed, Message: fmt.Sprintf("generation %d runs now", now), Hint: "look at the plan again"}
	}
	to, err := s.former(t, r)
	if err != nil {
		return status.Applied{}, err
	}
	return s.run(t, to, r.Hash, 0, progress)
}

// PlanRollback reports what returning to a kept generation would do.
func (s *Steward) PlanRollback(t *rt.Task, r status.RollbackRequest) (status.Plan, error) {
	to, err := s.former(t, r)
	if err != nil {
		return status.Plan{}, err
	}
	p, _ := s.compare(t, to)
	return p, nil
}

// former is the proposal to return to a kept generation.
func (s *Steward) former(t *rt.Task, r status.RollbackRequest) (Proposal, error) {
	if r.Generation == 0 {
		var err error
		if r.Generation, err = s.before(t); err != nil {
			return Proposal{}, err
		}
	}
	kept, err := s.load(t, r.Generation)
	if err != nil {
		return Proposal{}, err
	}
	return s.Former(t, r, kept)
}

// before is the generation before the one that runs.
func (s *Steward) before(t *rt.Task) (int, error) {
	list, err := s.Kept.List(t)
	if err != nil {
		return 0, err
	}
	return status.Before(list, s.Generation())
}

// Text is the runbook of a kept generation.
func (s *Steward) Text(t *rt.Task, number int) (string, error) {
	kept, err := s.load(t, number)
	if err != nil {
		return "", err
	}
	return string(kept.Source), nil
}

func (s *Steward) load(t *rt.Task, number int) (*generation.Generation, error) {
	kept, err := s.Kept.Load(t, number)
	if err != nil {
		return nil, &status.Refusal{Code: status.Unknown, Message: err.Error(), Hint: "see which are kept: orac generations"}
	}
	return kept, nil
}

// change swaps graphs, watches the new one, and commits it or goes back.
func (s *Steward) change(t *rt.Task, to Proposal, plan status.Plan, ready *Prepared, timeout time.Duration, progress func(string)) (status.Applied, error) {
	a := status.Applied{Generation: s.Generation()}
	step := func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		a.Steps = append(a.Steps, text)
		t.Trace("step " + text)
		progress(text)
	}
	if ready == nil {
		return a, &status.Refusal{Code: status.Stuck, Message: "the plan is blocked: " + strings.Join(plan.Problems, "; "), Hint: "nothing was changed"}
	}
	if !plan.Changes && s.Runner.Graph().Runbook.SameText(to.Source) {
		a.OK = true
		step("nothing to do: the appliance runs this already")
		return a, nil
	}
	gate := to.Runbook.Apply.HealthGate
	if !graph.Touches(plan) {
		gate = 0 // no node changes, so there is nothing to watch
	}
	within := models.FetchTime
	if timeout > 0 {
		within = min(within, timeout-gate)
	}
	if timeout > 0 && timeout < gate {
		return a, &status.Refusal{
			Code: status.Invalid, Message: fmt.Sprintf("the health gate of %v does not fit into the timeout of %v", gate, timeout),
			Hint: "nothing was changed; give it more time with --timeout",
		}
	}
	fresh, err := s.fetch(t, plan, ready, within, step)
	if err != nil {
		return a, err
	}
	ready, a.Fetched = fresh, plan.Fetches
	back, noWay := s.Runner.Prepare(s.Runner.Graph()) // so that going back cannot fail
	if noWay == nil {
		noWay = back.whole()
	}
	if noWay != nil && gate == 0 {
		return a, &status.Refusal{Code: status.Stuck, Message: "there is no way back from it: " + noWay.Error(), Hint: "nothing was changed"}
	}
	step("prepared: models are loaded, devices are there")
	for _, c := range plan.Components {
		if n := s.left(c); n > 0 {
			step("%s", s.leaves(c, n))
		}
	}
	if noWay != nil { // what runs has lost something that the new runbook may not need
		step("there is no way back: %v", noWay)
	}
	before := s.Runner.Views()
	if err := s.Runner.Swap(t, ready); err != nil {
		return a, &status.Refusal{Code: status.Stopping, Message: err.Error()}
	}
	if gate > 0 {
		step("swapped: watching its health for %v", gate)
	}
	err = s.watch(t, plan, before, gate)
	if err == nil {
		err = s.keep(t, to, &a, step)
	}
	if err == nil {
		a.OK = true
		return a, nil
	}
	a.Why = err.Error()
	step("not well: %v", err)
	if noWay != nil {
		a.Why += "; it keeps running, since there is no way back: " + noWay.Error()
		return a, nil
	}
	a.RolledBack = true
	if err := s.Runner.Swap(t, back); err != nil {
		return a, errors.Join(errors.New(a.Why), err)
	}
	step("back to what ran before")
	return a, nil
}

// keep makes a generation of what runs, unless it differs from the current one only in its secrets: a generation does not
// keep them, so returning to it would change nothing.
func (s *Steward) keep(t *rt.Task, to Proposal, a *status.Applied, step func(string, ...any)) error {
	if now := s.Generation(); now > 0 {
		if kept, err := s.Kept.Load(t, now); err == nil && kept.Inputs.SameButSecrets(to.Runbook.Inputs()) {
			_ = s.Kept.SetInForce(t, to.Runbook.Inputs()) // on failure the next start looks like a change, and is recorded
			step("in force; the text is that of generation %d", now)
			return nil
		}
	}
	n, err := s.commit(t, to)
	if err != nil {
		return err
	}
	a.Generation = n
	step("committed generation %d", n)
	return nil
}

func (s *Steward) commit(t *rt.Task, to Proposal) (int, error) {
	n, err := s.Kept.Commit(t, generation.Generation{
		Applied: t.Wall(), File: to.Runbook.File, Note: to.Note, Source: to.Source, Inputs: to.Runbook.Inputs(),
	})
	if err != nil {
		return 0, fmt.Errorf("the generation cannot be kept: %w", err)
	}
	s.Runs(n)
	_ = s.Kept.SetInForce(t, to.Runbook.Inputs()) // on failure the next start looks like a change, and is recorded
	_, _ = s.Kept.Prune(t, to.Runbook.Apply.Keep) // what could not be removed now is removed next time
	_ = s.Kept.Sweep(t)                           // and so is this
	return n, nil
}

// Begin keeps what an appliance starts with as a generation, unless it is the current one.
func (s *Steward) Begin(t *rt.Task, source []byte) error {
	rb := s.Runner.Graph().Runbook
	if n, err := s.Kept.Current(t); err == nil && n > 0 {
		if kept, err := s.Kept.Load(t, n); err == nil && kept.Inputs.SameButSecrets(rb.Inputs()) {
			s.Runs(n)
			_ = s.Kept.SetInForce(t, rb.Inputs()) // as above
			return nil
		}
	}
	_, err := s.commit(t, Proposal{Runbook: rb, Source: source, Note: "start"})
	return err
}
