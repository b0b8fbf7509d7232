package appliance

import (
	"slices"
	"strings"

	"orac/runbook"
)

// Graph is a compiled runbook: which nodes run, and what flows between them. It is a value; Run makes it live.
type Graph struct {
	Runbook *runbook.Runbook
	Nodes   []*Node
	Edges   []Edge
}

// Kind is what a node does.
type Kind string

// The kinds of nodes, in the order in which sound passes them.
const (
	Source    Kind = "source"
	Ring      Kind = "ring"
	Features  Kind = "features"
	Voice     Kind = "voice"
	Head      Kind = "head"
	Trigger   Kind = "trigger"
	Recorder  Kind = "recorder"
	Spool     Kind = "spool"
	Delivery  Kind = "delivery"
	Probe     Kind = "probe"
	Heartbeat Kind = "heartbeat"
	Webhook   Kind = "webhook"
	History   Kind = "history"
)

// carriesSound tells whether a node of this kind has nothing left to do when all sound is over and delivered.
func (k Kind) carriesSound() bool {
	switch k {
	case Source, Ring, Features, Voice, Head, Trigger, Recorder, Spool:
		return true
	}
	return false
}

// Node is a part of the graph.
type Node struct {
	Address string          // kind.name, or kind.device.model for a head
	Kind    Kind            // what it does
	Block   runbook.Address // of the runbook that it comes from
	Detail  string          // the most important settings, for display
	Claim   string          // the device that only one instance may hold
	Uses    []Use           // the blocks of the runbook that it depends on

	// spec holds what an instance cannot change while it runs: when spec changes, a new instance
	// replaces it.
	spec  string
	build builder
}

// Use is a block of the runbook that a node depends on.
type Use struct {
	Block runbook.Address
	Attrs []string // the attributes that matter; a name that ends in a dot means that whole nested block; none: all
}

// on tells whether a node depends on an attribute of the runbook.
func (n *Node) on(block runbook.Address, attr string) bool {
	return slices.ContainsFunc(n.Uses, func(u Use) bool {
		return u.Block == block && (len(u.Attrs) == 0 || slices.ContainsFunc(u.Attrs, func(a string) bool {
			return a == attr || strings.HasSuffix(a, ".") && strings.HasPrefix(attr, a)
		}))
	})
}

// device is the device that a head belongs to.
func (n *Node) device() string {
	device, _, _ := strings.Cut(strings.TrimPrefix(n.Address, string(Head)+"."), ".")
	return device
}

// Edge is a mailbox between two nodes. Edges to the same node that carry the same thing share one.
type Edge struct {
	From, To string
	Carries  string // hops, features, votes, wakes, pieces, follows, requests, healthy, sights, events
	Capacity int
	Waits    bool // the writer waits for room; otherwise the oldest value is dropped and counted
	asks     bool // a question to a server: its end is not the end of the reader's work
}

// Report tells whether an edge carries only reports. No node's work waits for them, and drawn they would hide the
// other edges.
func (e Edge) Report() bool { return e.Carries == "events" || e.Carries == "sights" }

// back tells whether an edge runs against the direction of the sound: a question, or a recorder that follows a
// ring.
func (e Edge) back() bool { return e.asks || e.Carries == "follows" }

// Node finds a node by its address; nil if there is none.
func (g *Graph) Node(address string) *Node {
	for _, n := range g.Nodes {
		if n.Address == address {
			return n
		}
	}
	return nil
}

func (g *Graph) add(n *Node) { g.Nodes = append(g.Nodes, n) }

func (g *Graph) connect(e Edge) { g.Edges = append(g.Edges, e) }

// from returns the edges on which a node sends something.
func (g *Graph) from(address, carries string) []Edge {
	return slices.DeleteFunc(slices.Clone(g.Edges), func(e Edge) bool { return e.From != address || e.Carries != carries })
}
