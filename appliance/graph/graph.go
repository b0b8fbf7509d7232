// Package graph compiles a runbook into the runtime graph: which nodes there are, what flows between them, and what each is built
// from. Every kind of node has one file and one row in Kinds.
//
// It guarantees:
//
//   - A graph is a function of the runbook alone: the same runbook makes the same graph, in the same order.
//   - A node is built from its Identity and its Settings, and from nothing else of the runbook. Both name the attributes that they
//     hold, so what a plan says about an attribute is what happens to the node.
//   - A node with another Identity is another node: its instance is replaced. Other Settings are handed to the running instance.
//   - Only nodes whose kinds declare a port are connected by it.
package graph

import (
	"slices"
	"strings"

	"orac/runbook"
)

// Graph is a compiled runbook. It is a value; core.Run makes it live.
type Graph struct {
	Runbook *runbook.Runbook
	Nodes   []*Node
	Edges   []Edge
}

// Issues tells whether the appliance signs tokens for others: it does so for as long as it runs, and needs no node for it.
func (g *Graph) Issues() bool { return g.Runbook != nil && g.Runbook.Issuer.URL != "" }

// Node is a part of the graph.
type Node struct {
	Address string          // kind.name, or kind.device.model for a head
	Kind    *Kind           // what it does
	Block   runbook.Address // of the runbook that it comes from
	Detail  string          // the most important settings, for display
	Claim   string          // the device that only one instance may hold
	Service runbook.Address // the speech-to-text service that it talks to; "" for none

	// Identity and Settings are all that the node is built from: structs of views (see view.go).
	Identity, Settings any

	// Spec stands for the Identity: an instance with another one is replaced.
	Spec string
	uses []use
}

// Name is the address of the node without its kind.
func (n *Node) Name() string {
	return strings.TrimPrefix(strings.TrimPrefix(n.Address, string(n.Kind.Name)), ".")
}

// on tells whether the node depends on an attribute of the runbook.
func (n *Node) on(block runbook.Address, attr string) bool {
	return slices.ContainsFunc(n.uses, func(u use) bool { return u.block == block && u.attribute == attr })
}

// Edge is a mailbox between two nodes. Edges to the same node that carry the same thing share one.
type Edge struct {
	From, To string
	Carries  string // the name of a port
	Capacity int
	Waits    bool // the writer waits for room; otherwise the oldest value is dropped and counted
}

// Node finds a node by its address; nil if there is none.
func (g *Graph) Node(address string) *Node {
	for _, n := range g.Nodes {
		if n.Address == address {
			return n
		}
	}
	return nil
}

// Of lists the nodes of a kind.
func (g *Graph) Of(kind Name) []*Node {
	return slices.DeleteFunc(slices.Clone(g.Nodes), func(n *Node) bool { return n.Kind.Name != kind })
}

// holds is the capacity of a mailbox of the graph, and whether its writers wait for room.
func (g *Graph) holds(b Box) (capacity int, patient bool) {
	capacity = 1
	for _, e := range g.Edges {
		if e.To == b.Reader && e.Carries == b.Carries {
			capacity, patient = max(capacity, e.Capacity), patient || e.Waits
		}
	}
	return capacity, patient
}

// At makes the address of a node.
func At(k Name, names ...string) string {
	return strings.Join(append([]string{string(k)}, names...), ".")
}
