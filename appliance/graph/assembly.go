package graph

import (
	"errors"
	"slices"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/models"
	"orac/runbook"
)

// Assembly is a graph being put into its world.
type Assembly struct {
	*Parts
	graph *Graph
	boxes Boxes

	lacking []Lacking
}

// Box names a mailbox: what a node reads.
type Box struct{ Reader, Carries string }

// Boxes are the mailboxes of a graph.
type Boxes map[Box]Mailbox

// Mailbox is a rt.Mailbox of any type.
type Mailbox interface {
	Close(*rt.Task)
	Fit(t *rt.Task, capacity int, patient bool)
	Stats() rt.Stats
}

// Assemble begins to put a graph into its world. Its nodes use those mailboxes that exist, and add the others.
func Assemble(g *Graph, p *Parts, boxes Boxes) *Assembly {
	return &Assembly{Parts: p, graph: g, boxes: boxes}
}

// Build makes the code of a node of the graph. Its error names the block that cannot be built.
func (a *Assembly) Build(n *Node) (node.Node, error) { return n.Kind.build(a, n) }

// Events is where a node reports what happens.
func (a *Assembly) Events(writer string) node.Events {
	return happens.out(a, writer).With(a.Parts.Events.Boxes()...)
}

// reads tells whether anything comes to a node through a port.
func (a *Assembly) reads(n *Node, port string) bool {
	return slices.ContainsFunc(a.graph.Edges, func(e Edge) bool { return e.To == n.Address && e.Carries == port })
}

// client makes the client of a service.
func (a *Assembly) client(s Service) (stt.Client, error) {
	if s.STT.Embedded() {
		return a.engineClient(s.STT), nil
	}
	return a.STT(s, a.tokens(s), a.graph.Runbook.Resolve)
}

// file is the file of a model.
func (a *Assembly) file(m Model) ModelFile {
	f := ModelFile{Model: m, Dir: a.graph.Runbook.Dir, Path: a.graph.Runbook.Resolve(m.Source)}
	f.Seen, f.Named = a.graph.Runbook.NamedFile(m.Address, "source")
	return f
}

// Lacking is what a block needs and the store does not have: it must be fetched before the graph can run.
type Lacking struct {
	Block  runbook.Address
	Host   string    // that it comes from; "" if it is not known yet which registry is asked
	File   ModelFile // at an https address, …
	SHA256 string    // … with this checksum
	Names  []string  // or entries of the catalogue, which says what their files are
}

// lacks notes, once, that a block needs what is not in the store, if that is what an error says: whoever builds a node for the block
// then goes on without it.
func (a *Assembly) lacks(block runbook.Address, file ModelFile, err error) bool {
	l := Lacking{Block: block}
	if unfetched, ok := errors.AsType[*models.UnfetchedError](err); ok {
		l.File, l.Host, l.SHA256 = file, unfetched.Host, file.SHA256
	} else if missing, ok := errors.AsType[*models.MissingError](err); ok {
		l.Names, l.Host = missing.Names, missing.Host
	} else {
		return false
	}
	if !slices.ContainsFunc(a.lacking, func(l Lacking) bool { return l.Block == block }) {
		a.lacking = append(a.lacking, l)
	}
	return true
}

// Lacks lists what must be fetched before the graph can run.
func (a *Assembly) Lacks() []Lacking { return a.lacking }

// Fit resizes mailboxes that stay to the size that a graph asks for.
func (g *Graph) Fit(t *rt.Task, boxes Boxes) {
	for _, e := range g.Edges {
		key := Box{e.To, e.Carries}
		if m := boxes[key]; m != nil {
			capacity, patient := g.holds(key)
			m.Fit(t, capacity, patient)
		}
	}
}

// Inboxes are the mailboxes that a node reads, in the order of the edges that lead to it.
func (g *Graph) Inboxes(boxes Boxes, address string) (list []Mailbox) {
	for _, e := range g.Edges {
		if e.To != address {
			continue
		}
		if m := boxes[Box{e.To, e.Carries}]; m != nil && !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list
}

// SoundOf is the mailbox that takes the sound of a source; nil if the graph has no such source.
func (g *Graph) SoundOf(boxes Boxes, source string) Mailbox {
	for _, e := range g.Edges {
		if e.From == source && e.Carries == hops.Name {
			return boxes[Box{e.To, e.Carries}]
		}
	}
	return nil
}
