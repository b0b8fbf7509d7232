package scenario

import (
	"fmt"
	"slices"
	"time"

	"orac/runbook"
	"orac/runbook/language"
)

// maxOccurrences bounds how often faults begin and sounds play in one run.
const maxOccurrences = 100_000

// rules apply to several blocks of a scenario together.
var rules = []language.Between{
	{Doc: "heal must be before the end. Every fault must begin before it.", Check: inTime},
	{Doc: "Sounds must begin before the end; so must checks with from or warm_up.", Check: beforeTheEnd},
	{Doc: "A scenario needs at least one promise: recovery, steady, expect, flat or sometimes.", Check: promises},
	{Doc: "A recovery may cover only faults that the scenario has.", Check: recoveries},
	{Doc: "Faults and sounds together happen at most 100000 times.", Check: bounded},
	{Doc: "every_write and callers need a simulation: backends = [\"sim\"].", Check: simulated},
}

// checker collects what the rules find.
type checker struct {
	*Scenario
	doc   *language.Document
	found language.Diagnostics
}

func check(f func(*checker)) func(any, *language.Document) language.Diagnostics {
	return func(value any, d *language.Document) language.Diagnostics {
		c := &checker{Scenario: value.(*Scenario), doc: d}
		f(c)
		return c.found
	}
}

func (c *checker) fail(block runbook.Address, attribute, summary, detail string) {
	c.found = append(c.found, c.doc.Problem(block, attribute, language.Error, summary, detail))
}

func (c *checker) warn(block runbook.Address, attribute, summary, detail string) {
	c.found = append(c.found, c.doc.Problem(block, attribute, language.Warning, summary, detail))
}

var inTime = check(func(c *checker) {
	if c.Head.Heal >= c.Head.For {
		c.fail(c.Head.Address, "heal", fmt.Sprintf("heal is %s, but the scenario ends after %s", language.FormatDuration(c.Head.Heal), language.FormatDuration(c.Head.For)), "Set an earlier heal: after it, ORAC needs time to recover.")
		return
	}
	for _, f := range c.Faults {
		if f.At >= c.Head.Heal {
			c.fail(f.Address, "at", fmt.Sprintf("the fault begins at %s, but no fault may begin after the heal point at %s", language.FormatDuration(f.At), language.FormatDuration(c.Head.Heal)),
				"Begin it earlier, or set a later heal in the scenario block.")
		}
	}
	if c.Swarm.Every > 0 && c.Swarm.From >= c.Head.Heal {
		c.fail(c.Swarm.Address, "from", fmt.Sprintf("the swarm begins at %s, but no fault may begin after the heal point at %s", language.FormatDuration(c.Swarm.From), language.FormatDuration(c.Head.Heal)), "Begin it earlier.")
	}
})

var beforeTheEnd = check(func(c *checker) {
	late := func(a runbook.Address, attribute string, t time.Duration) {
		if t >= c.Head.For {
			c.fail(a, attribute, fmt.Sprintf("%s is %s, but the scenario ends after %s", attribute, language.FormatDuration(t), language.FormatDuration(c.Head.For)), "Begin it earlier, or make the scenario longer (for).")
		}
	}
	for _, p := range c.Sounds {
		late(p.Address, "at", p.At)
	}
	for _, p := range c.Callers {
		late(p.Address, "at", p.At)
	}
	for _, p := range c.Scenario.Steady {
		late(p.Address, "from", p.From)
	}
	for _, p := range c.Flats {
		late(p.Address, "warm_up", p.WarmUp)
	}
})

var promises = check(func(c *checker) {
	if len(c.Recoveries)+len(c.Scenario.Steady)+len(c.Holds)+len(c.Flats)+len(c.Sometimes) == 0 {
		c.fail(c.Head.Address, "", "the scenario promises nothing", "Add what must hold:\n\nexpect \"nothing_lost\" {\n  holds = lost == 0\n}")
	}
})

var recoveries = check(func(c *checker) {
	for _, r := range c.Recoveries {
		if len(r.After) == 0 && len(r.Kinds) == 0 && len(c.Faults) == 0 && c.Swarm.Every == 0 {
			c.fail(r.Address, "", "there is no fault to recover from", "Add a fault or a swarm.")
		}
		for _, k := range r.Kinds {
			if !c.Uses(Kind(k)) {
				c.warn(r.Address, "kinds", fmt.Sprintf("the scenario has no fault of the kind %s", k), "Add one, or leave the kind out.")
			}
		}
		if r.Detect > 0 && r.Recover > 0 && r.From == "begin" && r.Detect > r.Recover {
			c.fail(r.Address, "detect", "detect must not be more than recover", "A fault is noticed before ORAC recovers from it.")
		}
	}
})

var bounded = check(func(c *checker) {
	total := 0
	add := func(a runbook.Address, n int) {
		if total <= maxOccurrences && total+n > maxOccurrences {
			c.fail(a, "every", fmt.Sprintf("faults and sounds happen more than %d times", maxOccurrences), "Let them happen less often, or make the scenario shorter.")
		}
		total += n
	}
	for _, p := range c.Sounds {
		add(p.Address, occurrences(p.At, p.Every, p.Times, c.Head.For))
	}
	for _, p := range c.Callers {
		add(p.Address, occurrences(p.At, p.Every, p.Times, c.Head.For))
	}
	for _, f := range c.Faults {
		add(f.Address, occurrences(f.At, f.Every, f.Times, c.Head.Heal))
	}
	if c.Swarm.Every > 0 {
		add(c.Swarm.Address, occurrences(c.Swarm.From, c.Swarm.Every, 0, c.Head.Heal))
	}
})

// occurrences returns how often something happens before end.
func occurrences(at, every time.Duration, times int, end time.Duration) int {
	switch {
	case at >= end:
		return 0
	case every == 0:
		return 1
	}
	n := int(min((end-at-1)/every+1, 2*maxOccurrences))
	if times > 0 {
		n = min(n, times)
	}
	return n
}

var simulated = check(func(c *checker) {
	for _, p := range c.Callers {
		if p.Topic == "" && slices.Contains(c.Head.Backends, "chaos") {
			c.fail(p.Address, "", "only a simulation has other appliances that send what they hear", `Set backends = ["sim"] in the scenario block, or give the caller a topic: a live appliance can be asked.`)
			break
		}
	}
	for _, f := range c.Faults {
		if f.EveryWrite && slices.Contains(c.Head.Backends, "chaos") {
			c.fail(f.Address, "every_write", "only a simulation can lose power at every write", `Set backends = ["sim"] in the scenario block, or give at.`)
		}
	}
})
