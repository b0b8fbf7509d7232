package appliance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"orac/appliance/audio"
	"orac/appliance/generation"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/models"
	"orac/runbook"
)

// Steward changes what a runner runs: all of a plan or nothing, watched for as long as the runbook says, and back to what ran
// before by itself if it does not do well. It runs on the seam.
type Steward struct {
	Runner *Runner
	// Load evaluates a runbook, and gives its text. The error is one that a person can read.
	Load func(r status.PlanRequest) (*runbook.Runbook, []byte, error)
	// Replay evaluates a generation again.
	Replay func(*generation.Generation) (*runbook.Runbook, error)
	Kept   *generation.Store
	// Check says what of a runbook cannot be done that no node would notice; nil: nothing.
	Check func(*runbook.Runbook) error

	busy    atomic.Bool
	current atomic.Int64 // generation that runs
}

// Generation is the number of the generation that runs; 0 if none was committed. It may be called from anywhere.
func (s *Steward) Generation() int { return int(s.current.Load()) }

// Runs notes which generation runs.
func (s *Steward) Runs(number int) { s.current.Store(int64(number)) }

// target is a graph that is to run, and where it comes from.
type target struct {
	graph  *Graph
	source []byte
	note   string
}

// Plan says what applying a runbook would do.
func (s *Steward) Plan(t *rt.Task, r status.PlanRequest) (status.Plan, error) {
	_, p, _, err := s.plan(t, r)
	return p, err
}

func (s *Steward) plan(t *rt.Task, r status.PlanRequest) (target, status.Plan, *Prepared, error) {
	rb, source, err := s.Load(r)
	if err != nil {
		return target{}, status.Plan{}, nil, err
	}
	g, err := Compile(rb)
	if err != nil {
		return target{}, status.Plan{}, nil, &status.Refusal{Code: status.Invalid, Message: err.Error()}
	}
	p, ready := s.compare(t, g)
	return target{g, source, "apply"}, p, ready, nil
}

// compare plans the way to a graph and prepares it: what cannot be done is blocked.
func (s *Steward) compare(t *rt.Task, g *Graph) (status.Plan, *Prepared) {
	p := Plan(s.Runner.Graph(), g)
	p.Hash = g.Runbook.Inputs().Hash()
	ready, err := s.Runner.Prepare(g)
	if err == nil {
		p.Fetches = ready.fetches()
		p.Changes = p.Changes || len(p.Fetches) > 0
		err = s.devices(t, p, ready)
	}
	if err == nil && s.Check != nil {
		err = s.Check(g.Runbook)
	}
	if err != nil {
		block(&p, err)
		return p, nil
	}
	return p, ready
}

// devices makes sure that the microphones are there that a plan would open.
func (s *Steward) devices(t *rt.Task, p status.Plan, ready *Prepared) error {
	for _, c := range p.Components {
		if c.Kind != string(Source) || c.Action != status.Add && c.Action != status.Restart {
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

// Apply does exactly the plan that was shown, or nothing.
func (s *Steward) Apply(t *rt.Task, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return status.Applied{}, errBusy
	}
	defer s.busy.Store(false)
	to, plan, ready, err := s.plan(t, r.PlanRequest)
	if err != nil {
		return status.Applied{}, err
	}
	if r.Hash != "" && plan.Hash != r.Hash {
		return status.Applied{}, &status.Refusal{
			Code: status.Changed, Message: "the runbook, a file, a variable or a secret has changed since the plan was made",
			Hint: "look at what would be done now: orac plan",
		}
	}
	return s.change(t, to, plan, ready, r.Timeout, progress)
}

var errBusy = &status.Refusal{Code: status.Busy, Message: "another apply or rollback goes on", Hint: "wait until it has ended: orac status"}

// Rollback returns to a kept generation; 0 is the one before the current. hash is that of the plan that was shown, and any other
// is refused; empty: none was.
func (s *Steward) Rollback(t *rt.Task, number int, hash string, progress func(string)) (status.Applied, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return status.Applied{}, errBusy
	}
	defer s.busy.Store(false)
	to, plan, ready, err := s.planRollback(t, number)
	if err != nil {
		return status.Applied{}, err
	}
	if hash != "" && plan.Hash != hash {
		return status.Applied{}, &status.Refusal{
			Code: status.Changed, Message: "a file, a variable or a secret has changed since the plan was made", Hint: "look at what would be done now",
		}
	}
	return s.change(t, to, plan, ready, 0, progress)
}

// PlanRollback says what returning to a kept generation would do; 0 is the one before the current.
func (s *Steward) PlanRollback(t *rt.Task, number int) (status.Plan, error) {
	_, p, _, err := s.planRollback(t, number)
	return p, err
}

func (s *Steward) planRollback(t *rt.Task, number int) (target, status.Plan, *Prepared, error) {
	if number == 0 {
		list, err := s.Kept.List(t)
		if err != nil {
			return target{}, status.Plan{}, nil, err
		}
		for _, g := range list {
			if g.Number < s.Generation() && g.Damaged == "" {
				number = max(number, g.Number)
			}
		}
		if number == 0 {
			return target{}, status.Plan{}, nil, &status.Refusal{Code: status.Unknown, Message: "there is no generation before this one", Hint: "see which are kept: orac generations"}
		}
	}
	kept, err := s.load(t, number)
	if err != nil {
		return target{}, status.Plan{}, nil, err
	}
	rb, err := s.Replay(kept)
	if err != nil {
		return target{}, status.Plan{}, nil, err
	}
	g, err := Compile(rb)
	if err != nil {
		return target{}, status.Plan{}, nil, err
	}
	plan, ready := s.compare(t, g)
	return target{g, kept.Source, fmt.Sprintf("rollback to %d", number)}, plan, ready, nil
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
func (s *Steward) change(t *rt.Task, to target, plan status.Plan, ready *Prepared, timeout time.Duration, progress func(string)) (status.Applied, error) {
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
	gate := to.graph.Runbook.Apply.HealthGate
	touches := slices.ContainsFunc(plan.Components, func(c status.Component) bool { return c.Action != status.Keep })
	if !touches {
		gate = 0
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
	ready, err := s.fetch(t, plan, ready, within, step)
	if err != nil {
		return a, err
	}
	a.Fetched = plan.Fetches
	if !touches {
		return s.keepText(t, to, ready, a, step)
	}
	step("prepared: models are loaded, devices are there")
	back, noWay := s.Runner.Prepare(s.Runner.Graph()) // so that going back cannot fail
	if noWay == nil {
		noWay = back.whole()
	}
	if noWay != nil { // what runs has lost something that the new runbook may do without
		step("there is no way back: %v", noWay)
	}
	before := s.Runner.Views()
	if err := s.Runner.Swap(t, ready); err != nil {
		return a, &status.Refusal{Code: status.Stopping, Message: err.Error()}
	}
	step("swapped: watching its health for %v", gate)
	err = s.watch(t, plan, before, gate)
	if err == nil {
		a.Generation, err = s.commit(t, to)
	}
	if err == nil {
		a.OK = true
		step("committed generation %d", a.Generation)
		return a, nil
	}
	a.Why = err.Error()
	step("not well: %v", err)
	if noWay != nil {
		a.Why += "; it runs on, since there is no way back: " + noWay.Error()
		return a, nil
	}
	a.RolledBack = true
	if err := s.Runner.Swap(t, back); err != nil {
		return a, errors.Join(errors.New(a.Why), err)
	}
	step("back to what ran before")
	return a, nil
}

// keepText is a change to what nothing that runs is about: a comment, a model that no listener names. No node is touched, and the
// runbook in force, and the generation, are the new text all the same.
func (s *Steward) keepText(t *rt.Task, to target, ready *Prepared, a status.Applied, step func(string, ...any)) (status.Applied, error) {
	if to.graph.Runbook.Inputs().Source == s.Runner.Graph().Runbook.Inputs().Source {
		a.OK = true
		step("nothing to do: the appliance runs this already")
		return a, nil
	}
	back, noWay := s.Runner.Prepare(s.Runner.Graph())
	if noWay == nil {
		noWay = back.whole()
	}
	if noWay != nil {
		return a, &status.Refusal{Code: status.Stuck, Message: "there is no way back from it: " + noWay.Error(), Hint: "nothing was changed"}
	}
	if err := s.Runner.Swap(t, ready); err != nil {
		return a, &status.Refusal{Code: status.Stopping, Message: err.Error()}
	}
	n, err := s.commit(t, to)
	if err != nil {
		a.Why, a.RolledBack = err.Error(), true
		return a, s.Runner.Swap(t, back)
	}
	a.OK, a.Generation = true, n
	step("nothing that runs is another: the text is kept as generation %d", n)
	return a, nil
}

func (s *Steward) commit(t *rt.Task, to target) (int, error) {
	n, err := s.Kept.Commit(t, generation.Generation{
		Applied: t.Wall(), File: to.graph.Runbook.File, Note: to.note, Source: to.source, Inputs: to.graph.Runbook.Inputs(),
	})
	if err != nil {
		return 0, fmt.Errorf("the generation cannot be kept: %w", err)
	}
	s.Runs(n)
	_, _ = s.Kept.Prune(t, to.graph.Runbook.Apply.Keep) // what could not be removed now is removed by the next
	_ = s.Kept.Sweep(t)                                 // and so is this
	return n, nil
}

// Begin keeps what an appliance starts with as a generation, unless it is the current one.
func (s *Steward) Begin(t *rt.Task, source []byte) error {
	g := s.Runner.Graph()
	if n, err := s.Kept.Current(t); err == nil && n > 0 {
		if kept, err := s.Kept.Load(t, n); err == nil && kept.Inputs.Hash() == g.Runbook.Inputs().Hash() {
			s.Runs(n)
			return nil
		}
	}
	_, err := s.commit(t, target{g, source, "start"})
	return err
}

// watchEvery is how often the health of a new graph is looked at.
const watchEvery = 200 * time.Millisecond

// watch ends with nil when all that a plan has touched has done well for as long as the gate says.
func (s *Steward) watch(t *rt.Task, plan status.Plan, before []View, gate time.Duration) error {
	restarts := map[string]int{}
	for _, v := range before {
		restarts[v.Node.Address] = v.Restarts
	}
	var touched []string
	for _, c := range plan.Components {
		if c.Action != status.Keep && c.Action != status.Remove {
			touched = append(touched, c.Address)
		}
		if c.Action == status.Restart {
			restarts[c.Address] = -1 // it starts anew, with a count of its own
		}
	}
	heard := map[string]sound{}
	for until := t.Now().Add(gate); t.Now() < until; {
		if err := t.Sleep(watchEvery); err != nil {
			return err
		}
		for _, v := range s.Runner.Views() {
			if !slices.Contains(touched, v.Node.Address) {
				continue
			}
			if v.State == reconcile.Waiting {
				return fmt.Errorf("%s failed: %w", v.Node.Address, v.Err)
			}
			if n, known := restarts[v.Node.Address]; known && n >= 0 && v.Restarts > n {
				return fmt.Errorf("%s had to be started again", v.Node.Address)
			}
		}
		for _, address := range touched {
			if n := s.Runner.Graph().Node(address); n != nil && n.Kind == Source {
				hops := s.hops(n)
				if last, known := heard[address]; !known || hops != last.hops {
					heard[address] = sound{hops, t.Now()}
				}
			}
		}
	}
	// The ring counts what the source before gave, too: what matters is that sound still comes.
	most := min(s.Runner.Graph().Runbook.Watchdog.DegradedAfter, gate/2)
	for address, last := range heard {
		if silent := t.Now().Sub(last.at); silent > most {
			return fmt.Errorf("%s gave no sound for %v", address, silent.Round(watchEvery))
		}
	}
	return nil
}

// sound is how much has come from a source, and when that was last more than before.
type sound struct {
	hops uint64
	at   rt.Instant
}

// hops is how many hops the ring of a source has taken.
func (s *Steward) hops(n *Node) (taken uint64) {
	for _, m := range s.Runner.Inbox(at(Ring, strings.TrimPrefix(n.Address, string(Source)+"."))) {
		if strings.HasPrefix(m.Name, "hops ") {
			taken += m.Taken
		}
	}
	return taken
}
