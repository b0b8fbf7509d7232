package sim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"orac/appliance/health"
	"orac/appliance/rollout"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// centre is a model of the machine that is the centre of the house: it pushes changes to three members, of which this appliance is one,
// with the code of a real centre. It is another machine: it goes on when this one is killed.
type centre struct {
	m      *machine
	roller *rollout.Roller
	allies []*ally // the first, and the last
	stop   func()  // ends what is under way
	sleep  func(time.Duration) bool
	cancel context.CancelFunc

	way   string // of the push that is carried out
	under bool   // one is
	gone  bool   // this appliance did not answer when it was last asked how it is
	told  bool   // something of the last push has been reported as broken

	ended, done, pending, stopped int
}

const (
	// asMember is how often the centre looks whether a member that it waits for has answered.
	asMember = 100 * time.Millisecond
	// memberTime is how long a member may take to answer a plan or a change.
	memberTime = time.Minute
)

func newCentre(m *machine) *centre {
	c := &centre{m: m}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	name := m.first.Appliance.Name
	for _, other := range []string{"attic", "cellar"} {
		text := strings.Replace(string(m.text), fmt.Sprintf("appliance %q", name), fmt.Sprintf("appliance %q", other), 1)
		c.allies = append(c.allies, &ally{c: c, name: other, text: text, generation: 1, level: health.Healthy})
	}
	c.roller = &rollout.Roller{
		Members: func() []rollout.Member {
			return []rollout.Member{{Name: c.allies[0].name, Remote: c.allies[0]}, {Name: name, Remote: itself{c}}, {Name: c.allies[1].name, Remote: c.allies[1]}}
		},
		Issuer: func() string { return m.first.Auth.Trust.Issuer }, Look: func(string) {}, Log: slog.New(slog.DiscardHandler),
		Journal: rollout.OpenJournal("", slog.New(slog.DiscardHandler)),
		Pace: rollout.Pace{
			Now: func() time.Time { return m.epoch.Add(m.now()) }, Sleep: func(d time.Duration) bool { return c.sleep(d) },
			Each: func(n, _ int, do func(int)) {
				for i := range n {
					do(i)
				}
			},
			Start: func(work func()) { c.begin(work) },
		},
	}
	c.roller.Open(ctx)
	return c
}

// close ends what is under way.
func (c *centre) close() {
	c.cancel()
	if c.stop != nil {
		c.stop()
	}
}

// trusts tells whether a centre may push to this appliance.
func (m *machine) trusts(*occurrence) bool { return m.first.Auth.Trust.Issuer != "" }

// begin lets work happen beside everything else: it sleeps, and the world goes on.
func (c *centre) begin(work func()) {
	next, stop := iter.Pull(func(yield func(time.Duration) bool) {
		c.sleep = yield
		work()
	})
	c.stop = stop
	var step func()
	step = func() {
		if d, more := next(); more {
			c.m.todo.add(c.m.now()+d, step)
		}
	}
	c.m.todo.add(c.m.now(), step)
}

// push has the centre plan a change, and carry it out. One at a time: while one is carried out, nobody makes another.
func (c *centre) push(o *occurrence) {
	if c.under {
		return
	}
	c.under, c.way, c.told = true, o.Way, false
	for _, a := range c.allies {
		a.level = health.Healthy
	}
	ask := rollout.Ask{}
	for _, attribute := range slices.Sorted(keysOf(o.Set)) {
		ask.Set = append(ask.Set, rollout.Setting{Block: o.Block, Attribute: attribute, Expression: o.Set[attribute]})
	}
	if o.Way == scenario.FirstOfAll {
		ask.Canary = c.m.first.Appliance.Name
	}
	c.begin(func() {
		defer func() { c.under = false }()
		before := string(c.m.text)
		p, err := c.roller.Plan(context.Background(), ask, "anna")
		if err != nil {
			c.m.Mark("world", "push", err.Error())
			return
		}
		if p.Why == "" {
			var work func()
			start := c.roller.Pace.Start
			c.roller.Pace.Start = func(w func()) { work = w } // in this same stretch of time
			_, err = c.roller.Start(p.ID, "anna")
			if c.roller.Pace.Start = start; err != nil {
				c.m.judge.Break(c.m.now(), "pushed", "a push does not begin: "+err.Error())
				return
			}
			work()
			p = c.roller.Last()
		}
		c.judge(p, before)
	})
}

func keysOf(m map[string]string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// step is what a push says of a member.
func step(p *rollout.Push, member string) rollout.Step {
	return p.Steps[slices.IndexFunc(p.Steps, func(s rollout.Step) bool { return s.Member == member })]
}

// changes is called when a push changes a member: the first one must be well, and no other ill.
func (c *centre) changes(member string) {
	p := c.roller.Last()
	if !c.under || p == nil || !p.Active() {
		c.breaks(member + " is changed outside of any push")
		return
	}
	for i, s := range p.Steps {
		if i == 0 && s.Member != member && s.Stage != rollout.Done && s.Stage != rollout.Same {
			c.breaks(fmt.Sprintf("%s is changed while the first member is %s", member, s.Stage))
		}
		if s.Stage.Sense() == rollout.Bad {
			c.breaks(fmt.Sprintf("%s is changed although %s is %s", member, s.Member, s.Stage))
		}
	}
	for _, a := range c.allies {
		if a.name != member && a.level != health.Healthy {
			c.breaks(fmt.Sprintf("%s is changed although %s has fallen ill by the same change", member, a.name))
		}
	}
}

func (c *centre) breaks(what string) { c.m.judge.Break(c.m.now(), "pushed", what) }

// judge compares what a push says of this appliance with how it is: it runs all of the change or nothing of it, and what is told is so.
func (c *centre) judge(p *rollout.Push, before string) {
	m, s := c.m, step(p, c.m.first.Appliance.Name)
	m.Mark("world", "push", fmt.Sprintf("%s: %s %s: %s", p.State, s.Member, s.Stage, s.Why))
	c.ended++
	switch file, was := language.TextHash(string(m.text)), language.TextHash(before); {
	case file != was && file != s.Hash && s.Hash != "": // somebody else has changed it meanwhile
	case s.Stage == rollout.Done && file != s.Hash:
		c.breaks("it says that this appliance was changed, and the file is another")
	case s.Stage != rollout.Done && s.Stage != rollout.Same && s.Stage != rollout.Unhealthy && s.Stage != rollout.Unknown && file != was:
		c.breaks(fmt.Sprintf("it says of this appliance: %s. The file is changed", s.Stage))
	}
	if s.Stage == rollout.Pending && !c.gone {
		c.breaks("it says that this appliance is away, and it answers")
	}
	switch {
	case s.Stage == rollout.Done:
		c.done++
	case s.Stage == rollout.Pending:
		c.pending++
	}
	if p.State == rollout.Stopped {
		c.stopped++
	}
	if a := c.allies[0]; c.way == scenario.FirstFallsIll && a.level != health.Healthy && (p.State != rollout.Stopped || step(p, a.name).Stage != rollout.Unhealthy) {
		c.breaks(fmt.Sprintf("%s has fallen ill, and the push is %s", a.name, p.State))
	}
	if text, err := (itself{c}).Runbook(context.Background()); err == nil && !text.Applied && m.applying == 0 {
		c.breaks("the file of this appliance is not what it runs")
	}
}

// away is the error of a member that cannot be reached.
func away(told string, unknown bool) error {
	return &rollout.Error{Kind: rollout.Away, Told: told, Unknown: unknown}
}

// refused is the error of a member that says no.
func refused(err error) error { return &rollout.Error{Kind: rollout.Refused, Told: err.Error()} }

var errForeign = errors.New("somebody else changed the runbook's file")
