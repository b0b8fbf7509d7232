package core

import (
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
)

// View is what a runner shows of an instance.
type View struct {
	Node       *graph.Node
	State      reconcile.State
	Since      rt.Instant
	Generation rt.Generation
	Restarts   int // in the last hour; the first start does not count
	Err        error

	code node.Node
}

// Inbox is the state of the mailboxes that a node reads. It may be called from anywhere.
func (r *Runner) Inbox(address string) (list []rt.Stats) {
	for _, m := range r.Graph().Inboxes(*r.boxes.Load(), address) {
		list = append(list, m.Stats())
	}
	return list
}

// Graph is the graph in force. It may be called from anywhere.
func (r *Runner) Graph() *graph.Graph { return r.graph.Load() }

// Views are the instances as they were when the runner last looked. It may be called from anywhere.
func (r *Runner) Views() []View {
	if v := r.view.Load(); v != nil {
		return *v
	}
	return nil
}

// publish shows the instances.
func (r *Runner) publish() {
	views := make([]View, 0, len(r.instances))
	for _, i := range r.instances {
		v := View{
			Node: i.node, State: i.have.State, Since: i.have.Since, Generation: i.have.Generation,
			Restarts: max(0, len(i.starts)-1), Err: i.err, code: i.code,
		}
		views = append(views, v)
	}
	r.view.Store(&views)
}
