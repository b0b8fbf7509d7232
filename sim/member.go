package sim

import (
	"context"
	"errors"
	"time"

	"orac/appliance/health"
	"orac/appliance/rollout"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook/language"
)

// ally is a model of another member of the house.
type ally struct {
	c          *centre
	name, text string
	generation int
	level      health.Level
}

// changeTime is how long a member takes to change.
const changeTime = time.Second

// pause is the time that a question takes.
func (a *ally) pause(d time.Duration) error {
	if !a.c.sleep(d) {
		return away("the run is over", true)
	}
	return nil
}

// Look implements rollout.Remote.
func (a *ally) Look(context.Context) (rollout.Seen, error) {
	err := a.pause(peerTime)
	return rollout.Seen{Appliance: a.name, Generation: a.generation, Started: a.c.m.epoch, Health: a.level, Why: "it is ill"}, err
}

// Runbook implements rollout.Remote.
func (a *ally) Runbook(context.Context) (rollout.Text, error) {
	return rollout.Text{Source: a.text, Hash: language.TextHash(a.text), Applied: true}, a.pause(peerTime)
}

// Plan implements rollout.Remote.
func (a *ally) Plan(_ context.Context, source string) (rollout.Plan, error) {
	return rollout.Plan{Hash: language.TextHash(a.text + source), Changes: true}, a.pause(peerTime)
}

// Apply implements rollout.Remote.
func (a *ally) Apply(_ context.Context, source, base, plan string) (rollout.Applied, error) {
	a.c.changes(a.name)
	if err := a.pause(changeTime); err != nil {
		return rollout.Applied{}, err
	}
	if base != language.TextHash(a.text) || plan != language.TextHash(a.text+source) {
		return rollout.Applied{}, refused(errForeign)
	}
	a.text = source
	a.generation++
	if a == a.c.allies[0] && a.c.way == "ill" {
		a.level = health.Unhealthy
	}
	return rollout.Applied{OK: true, Generation: a.generation, Saved: true, Hash: language.TextHash(source)}, nil
}

var errNeverAsked = errors.New("no push of a scenario asks for that")

// PlanBack implements rollout.Remote.
func (a *ally) PlanBack(context.Context, int) (rollout.Plan, error) {
	return rollout.Plan{}, refused(errNeverAsked)
}

// Back implements rollout.Remote.
func (a *ally) Back(context.Context, int, int, string, string) (rollout.Applied, error) {
	return rollout.Applied{}, refused(errNeverAsked)
}

// Command implements rollout.Remote.
func (a *ally) Command(context.Context, rollout.Command) error { return refused(errNeverAsked) }

// itself is this appliance as its centre sees it: what it asks is done by the steward that runs. It is away while no process runs, and
// while the machine has no network; an answer is lost when the process ends before it.
type itself struct{ *centre }

// reached tells why the centre does not reach this appliance now.
func (x itself) reached() error {
	if !x.sleep(peerTime) {
		return away("the run is over", false)
	}
	x.gone = true
	switch {
	case x.m.driver == nil:
		return away("connection refused", false)
	case x.m.unreached("ask", x.m.first.Appliance.Name) != nil:
		return away("no route to host", false)
	}
	x.gone = false
	return nil
}

// within has the appliance do something, and waits for its answer.
func (x itself) within(do func(t *rt.Task) error) error {
	if err := x.reached(); err != nil {
		return err
	}
	m, boots, over := x.m, x.m.boots, false
	var answer error
	lost := func(told string) error {
		x.gone = true
		return away(told, true)
	}
	rt.New(m.driver, "orac-push", func(t *rt.Task) error {
		answer, over = do(t), true
		return nil
	})
	for waited := time.Duration(0); !over; waited += asMember {
		switch {
		case !x.sleep(asMember):
			return lost("the run is over")
		case m.driver == nil || m.boots != boots:
			return lost("EOF")
		case waited > memberTime:
			return lost("it does not answer in time")
		}
	}
	if m.unreached("ask", m.first.Appliance.Name) != nil { // the answer is lost on its way
		return lost("it does not answer in time")
	}
	return answer
}

// Look implements rollout.Remote.
func (x itself) Look(context.Context) (rollout.Seen, error) {
	if err := x.reached(); err != nil {
		return rollout.Seen{}, err
	}
	r := x.m.core.Health()
	return rollout.Seen{Appliance: x.m.first.Appliance.Name, Generation: x.m.core.Generation(), Started: x.m.epoch.Add(x.m.booted), Health: r.Level}, nil
}

// Runbook implements rollout.Remote.
func (x itself) Runbook(context.Context) (t rollout.Text, err error) {
	err = x.within(func(task *rt.Task) error {
		runs, err := x.m.core.Text(task, x.m.core.Generation())
		if err != nil {
			return refused(err)
		}
		t = rollout.Text{Source: string(x.m.text), Hash: language.TextHash(string(x.m.text)), Applied: runs == string(x.m.text)}
		return nil
	})
	return t, err
}

// Plan implements rollout.Remote.
func (x itself) Plan(_ context.Context, source string) (p rollout.Plan, err error) {
	err = x.within(func(t *rt.Task) error {
		plan, err := x.m.core.Plan(t, status.PlanRequest{Origin: asTheOwner}.Text(source))
		if err != nil {
			return refused(err)
		}
		p = rollout.Plan{Hash: plan.Hash, Changes: plan.Changes}
		if len(plan.Problems) > 0 {
			p.Blocked = plan.Problems[0]
		}
		return nil
	})
	return p, err
}

// Apply implements rollout.Remote.
func (x itself) Apply(_ context.Context, source, base, plan string) (a rollout.Applied, err error) {
	x.changes(x.m.first.Appliance.Name)
	err = x.within(func(t *rt.Task) error {
		if base != language.TextHash(string(x.m.text)) {
			return refused(errForeign)
		}
		x.m.account.Trouble(x.m.now()).To = x.m.now() + 4*time.Second
		done, err := x.m.change(t, source, plan)
		if err != nil {
			return refused(err)
		}
		a = rollout.Applied{OK: done.OK, Generation: done.Generation, Why: done.Why, Saved: done.OK, Hash: language.TextHash(string(x.m.text))}
		return nil
	})
	return a, err
}

// PlanBack implements rollout.Remote.
func (x itself) PlanBack(context.Context, int) (rollout.Plan, error) {
	return rollout.Plan{}, refused(errNeverAsked)
}

// Back implements rollout.Remote.
func (x itself) Back(context.Context, int, int, string, string) (rollout.Applied, error) {
	return rollout.Applied{}, refused(errNeverAsked)
}

// Command implements rollout.Remote.
func (x itself) Command(context.Context, rollout.Command) error { return refused(errNeverAsked) }
