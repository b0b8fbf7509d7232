package graph

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// openTime is how long a microphone hears nothing while its capture process is replaced, as shown in the plan: measured at
// 40 to 100 ms.
const openTime = 100 * time.Millisecond

// Plan lists the steps from one graph to another, with reasons. A nil old graph is an appliance that does not run.
func Plan(old, fresh *Graph) status.Plan {
	p := status.Plan{Runbook: fresh.Runbook.File, Against: "nothing"}
	if old == nil {
		old = &Graph{}
	} else {
		p.Against = "the running appliance"
	}
	d := differ{old: old, fresh: fresh, changes: runbook.Compare(old.Runbook, fresh.Runbook)}
	for _, n := range fresh.Nodes {
		p.Components = append(p.Components, d.component(n))
	}
	for _, n := range old.Nodes {
		if fresh.Node(n.Address) == nil {
			p.Components = append(p.Components, status.Component{
				Address: n.Address, Kind: string(n.Kind.Name), Action: status.Remove, Because: d.because(n), Why: "nothing in the runbook needs it any more",
			})
		}
	}
	if old.Runbook != nil {
		p.Components = append(p.Components, d.settings()...)
	}
	for _, c := range p.Components {
		p.Changes = p.Changes || c.Action != status.Keep
		n := fresh.Node(c.Address)
		if n == nil {
			n = old.Node(c.Address)
		}
		if n == nil || n.Kind.Role != Hears {
			continue
		}
		deaf := status.Deaf{Device: n.Name()}
		if c.Action == status.Restart {
			deaf.For = openTime
		}
		p.Deaf = append(p.Deaf, deaf)
	}
	return p
}

// differ compares two graphs.
type differ struct {
	old, fresh *Graph
	changes    []runbook.Change
}

func (d differ) component(n *Node) status.Component {
	c := status.Component{Address: n.Address, Kind: string(n.Kind.Name), Action: status.Keep}
	was := d.old.Node(n.Address)
	switch because := d.because(n); {
	case was == nil:
		c.Action, c.Why = status.Add, "it is new"
	case was.Spec != n.Spec || was.Claim != n.Claim:
		c.Action, c.Because = status.Restart, because
	case len(because) > 0:
		c.Action, c.Because, c.Why = status.Update, because, d.goes(n)
	default:
		if feeds := d.feeds(n.Address); feeds != "" || !sameSettings(was, n) {
			c.Action, c.Why = status.Update, cmp.Or(feeds, d.reads(was, n))
		}
	}
	if open := openTo(d.fresh.Runbook, n); open != "" && c.Action != status.Keep {
		c.Why = strings.TrimPrefix(c.Why+"; it lets in without a login whoever is at "+open, "; ")
	}
	return c
}

// goes says how utterances will reach a service, if that changes.
func (d differ) goes(n *Node) string {
	if n.Kind.Role != Delivers {
		return ""
	}
	was, _ := d.old.Runbook.STT(n.Block)
	is, _ := d.fresh.Runbook.STT(n.Block)
	if wayInWords(was) == wayInWords(is) {
		return ""
	}
	switch way, why := is.Way(); way {
	case runbook.ByStream, runbook.ByWyoming:
		return "from now on recordings are streamed"
	case runbook.ByHTTP:
		return "from now on recordings go by HTTP: " + why
	}
	return "from now on a command receives each recording"
}

// reads names the blocks that a node begins and ceases to depend on.
func (d differ) reads(was, is *Node) string {
	var parts []string
	compare := func(a, b *Node, words string) {
		for _, u := range a.uses {
			if u.attribute == "" && !slices.ContainsFunc(b.uses, func(o use) bool { return o.block == u.block }) {
				parts = append(parts, words+string(u.block))
			}
		}
	}
	compare(is, was, "it also depends on ")
	compare(was, is, "it no longer depends on ")
	return cmp.Or(strings.Join(parts, "; "), "it gets them in another order")
}

// because returns the changed attributes of the runbook that a node depends on.
func (d differ) because(n *Node) (list []status.Attribute) {
	was := d.old.Node(n.Address)
	for _, c := range d.changes {
		for _, a := range c.Attributes {
			if n.on(c.Address, a.Name) || was != nil && was.on(c.Address, a.Name) {
				list = append(list, attribute(c.Address, a))
			}
		}
	}
	return list
}

func attribute(block runbook.Address, a runbook.AttributeChange) status.Attribute {
	return status.Attribute{
		Block: string(block), Name: a.Name, Old: a.Old, New: a.New, Secret: a.Secret,
		File: a.Range.Filename, Line: a.Range.Start.Line, Source: strings.TrimSpace(a.Source),
	}
}

// Settings is the kind of a component that is not a node: a block that concerns the appliance as a
// whole.
const Settings = "settings"

// ofTheWhole are the types of those blocks.
var ofTheWhole = []string{"appliance", "apply", "watchdog", "memory", "disk", "store", "web", "auth", "user", "service_account", "issuer", "member"}

// settings are the changed blocks that concern the appliance as a whole rather than a node.
func (d differ) settings() (list []status.Component) {
	for _, change := range d.changes {
		kind, _, _ := strings.Cut(string(change.Address), ".")
		if !slices.Contains(ofTheWhole, kind) {
			continue
		}
		c := status.Component{Address: string(change.Address), Kind: Settings, Action: settingsAction(change)}
		for _, a := range change.Attributes {
			if slices.ContainsFunc(d.fresh.Nodes, func(n *Node) bool { return n.on(change.Address, a.Name) }) {
				continue
			}
			c.Because = append(c.Because, attribute(change.Address, a))
			switch a.OnChange {
			case language.NextStart:
				c.Why = a.Name + " takes effect at the next start of the appliance"
			case language.Restart:
				c.Why = "the console and the API are unavailable for a moment; nothing else is touched"
			}
		}
		if len(c.Because) > 0 || len(change.Attributes) == 0 { // a bare block that comes or goes, like member "kitchen" {}, is a change, too
			list = append(list, c)
		}
	}
	return list
}

// Touches tells whether a plan does anything to a node.
func Touches(p status.Plan) bool {
	return slices.ContainsFunc(p.Components, func(c status.Component) bool { return c.Kind != Settings && c.Action != status.Keep })
}

// settingsAction is what happens to a block without a node. Only the web server is restarted.
func settingsAction(c runbook.Change) status.Action {
	restarts := func(a runbook.AttributeChange) bool { return a.OnChange == language.Restart }
	switch {
	case c.Kind == runbook.Added:
		return status.Add
	case c.Kind == runbook.Removed:
		return status.Remove
	case c.Address == "web" && slices.ContainsFunc(c.Attributes, restarts):
		return status.Restart
	}
	return status.Update
}

// feeds names the readers that a node gains and loses.
func (d differ) feeds(address string) string {
	was, is := readersOf(d.old, address), readersOf(d.fresh, address)
	var parts []string
	for _, r := range is {
		if !slices.Contains(was, r) {
			parts = append(parts, "it also feeds "+r)
		}
	}
	for _, r := range was {
		if !slices.Contains(is, r) {
			parts = append(parts, "it no longer feeds "+r)
		}
	}
	return strings.Join(parts, "; ")
}

func readersOf(g *Graph, address string) (list []string) {
	for _, e := range g.Edges {
		if e.From == address && !e.Port().Report && !slices.Contains(list, e.To) {
			list = append(list, e.To)
		}
	}
	return list
}

// Block marks what cannot be done in a plan, and why. The address in front of an error from Prepare names the
// component.
func Block(p *status.Plan, err error) {
	p.Changes = true
	p.Problems = append(p.Problems, err.Error())
	address, _, _ := strings.Cut(err.Error(), ":")
	for i := range p.Components {
		if p.Components[i].Address == address {
			p.Components[i].Action, p.Components[i].Why = status.Blocked, strings.TrimSpace(strings.TrimPrefix(err.Error(), address+":"))
		}
	}
}
