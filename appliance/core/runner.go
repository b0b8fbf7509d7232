package core

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/models"
)

// Runner is a graph that runs and that can be replaced by another graph while it does. Only changed nodes are touched.
type Runner struct {
	parts  *graph.Parts
	orders *rt.Mailbox[order]
	graph  atomic.Pointer[graph.Graph]
	view   atomic.Pointer[[]View]
	ended  atomic.Bool
	boxes  atomic.Pointer[graph.Boxes] // never changed, only replaced

	// The fields below belong to the task of run.
	instances []*instance
	draining  bool
	last      rt.Generation
}

// order is something that the runner is told to do.
type order struct {
	end     bool
	restart string // address
	swap    *Prepared
	reply   *rt.Mailbox[error]
}

// NewRunner builds the code of all nodes of a graph. Its error names the block that cannot be
// built.
func NewRunner(g *graph.Graph, p *graph.Parts) (*Runner, error) {
	r := &Runner{parts: p, orders: rt.NewMailbox[order]("orders", 4)}
	r.boxes.Store(&graph.Boxes{})
	ready, err := r.Prepare(g)
	if err == nil {
		ready, err = r.complete(nil, ready, models.FetchTime)
	}
	if err != nil {
		return nil, err
	}
	r.adopt(ready)
	return r, nil
}

// Prepared is a graph whose code is built: every failure that could be found in advance is ruled out.
type Prepared struct {
	graph *graph.Graph
	code  []node.Node
	says  []node.Events
	boxes graph.Boxes
	lacks []graph.Lacking // it cannot run before these are fetched: see complete
}

// Prepare builds the code of all nodes of a graph next to what runs. It touches nothing and fetches
// nothing.
func (r *Runner) Prepare(g *graph.Graph) (*Prepared, error) {
	p := &Prepared{graph: g, boxes: graph.Boxes{}}
	for key, m := range *r.boxes.Load() {
		if g.Node(key.Reader) != nil {
			p.boxes[key] = m // nodes that stay keep what waits for them
		}
	}
	a := graph.Assemble(g, r.parts, p.boxes)
	for _, n := range g.Nodes {
		code, err := a.Build(n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Address, err)
		}
		p.code = append(p.code, code)
		p.says = append(p.says, a.Events(n.Address))
	}
	p.lacks = a.Lacks()
	return p, nil
}

// Swap makes a prepared graph the one that runs: nodes that stay get their new settings and readers, the others are
// stopped and started. It returns as soon as that has begun.
func (r *Runner) Swap(t *rt.Task, p *Prepared) error {
	if len(p.lacks) > 0 {
		panic("BUG: a graph is to run whose models are not fetched")
	}
	if r.ended.Load() {
		return errEnded
	}
	reply := rt.NewMailbox[error]("reply", 1)
	if err := r.orders.Send(t, order{swap: p, reply: reply}); err != nil {
		return err
	}
	err, waitErr := reply.Recv(t, rt.Never)
	return errors.Join(err, waitErr)
}

var errEnded = errors.New("the appliance is stopping")

func (r *Runner) swap(t *rt.Task, o order) {
	var err error
	if r.draining {
		err = errEnded
	} else {
		r.adopt(o.swap)
		r.graph.Load().Fit(t, *r.boxes.Load())
	}
	o.reply.TrySend(t, err)
}

// adopt takes over a prepared graph.
func (r *Runner) adopt(p *Prepared) {
	r.boxes.Store(&p.boxes)
	r.graph.Store(p.graph)
	for i, n := range p.graph.Nodes {
		old := r.current(n.Address)
		switch {
		case old == nil:
			r.instances = append(r.instances, &instance{node: n, code: p.code[i], says: p.says[i]})
		case old.node.Spec == n.Spec:
			if u, ok := old.code.(node.Updater); ok {
				u.Update(p.code[i])
			}
			old.node = n
		default: // another instance replaces it when it has ended
			r.instances = append(r.instances, &instance{node: n, code: p.code[i], says: p.says[i]})
		}
	}
}

// current is the newest instance of an address; nil if there is none.
func (r *Runner) current(address string) *instance {
	for _, i := range slices.Backward(r.instances) {
		if i.node.Address == address && i.have.State != reconcile.Leaked {
			return i
		}
	}
	return nil
}

// wants is what should run.
func (r *Runner) wants() (list []reconcile.Want) {
	for _, n := range r.graph.Load().Nodes {
		if r.draining && n.Kind.Role == graph.Hears {
			continue // the end of the sound passes through the graph
		}
		list = append(list, reconcile.Want{Address: n.Address, Spec: n.Spec, Claim: n.Claim})
	}
	return list
}

// haves is what runs, ran, or hangs.
func (r *Runner) haves() (list []reconcile.Have) {
	for _, i := range r.instances {
		if i.have.State != "" {
			list = append(list, i.have)
		}
	}
	return list
}

// reconcile does what is due now, and returns when to look again.
func (r *Runner) reconcile(t *rt.Task) (rt.Instant, error) {
	w := r.graph.Load().Runbook.Watchdog
	policy := reconcile.Policy{StopDeadline: w.StopDeadline, LeakBudget: w.LeakBudget}
	if r.draining { // the process is ending anyway
		policy.LeakBudget = len(r.instances)
	}
	for {
		actions, next := reconcile.Reconcile(policy, r.wants(), r.haves(), t.Now())
		for _, a := range actions {
			t.Trace(string(a.Do) + " " + a.Address)
			switch a.Do {
			case reconcile.Start:
				r.start(t, a.Address)
			case reconcile.Stop:
				r.stop(t, a.Address)
			case reconcile.Abandon:
				r.abandon(t, a.Address)
			case reconcile.Forget:
				r.forget(a.Address)
			case reconcile.Reexec:
				return next, ErrReexec
			}
		}
		if len(actions) == 0 {
			return next, nil
		}
	}
}

// drain ends the sound: sources are no longer wanted.
func (r *Runner) drain(t *rt.Task) {
	r.draining = true
	for _, i := range r.instances {
		if d, ok := i.code.(node.Drainer); ok {
			d.Drain()
		}
		if i.node.Kind.Role == graph.Hears && (i.have.State == reconcile.Waiting || i.have.State == "") {
			r.finish(t, i)
		}
	}
}

// busy tells whether anything that carries sound has not finished yet, or other machines may ask something.
func (r *Runner) busy() bool {
	return r.graph.Load().Issues() || r.left(func(role graph.Role) bool { return role.CarriesSound() || role == graph.Serves })
}

// delivering tells whether anything is on its way to a service.
func (r *Runner) delivering() bool {
	return slices.ContainsFunc(r.instances, func(i *instance) bool {
		d, ok := i.code.(node.Idler)
		return ok && i.have.State == reconcile.Running && !d.Idle()
	})
}

// left tells whether a node with one of some roles has not finished yet.
func (r *Runner) left(is func(graph.Role) bool) bool {
	return slices.ContainsFunc(r.graph.Load().Nodes, func(n *graph.Node) bool {
		i := r.current(n.Address)
		return is(n.Kind.Role) && (i == nil || i.have.State != reconcile.Finished)
	})
}

// Restart replaces the instance of an address with a new one, as if it had failed. It returns at once.
func (r *Runner) Restart(t *rt.Task, address string) { r.orders.TrySend(t, order{restart: address}) }

// source is the input of a source in a prepared graph.
func (p *Prepared) source(address string) any {
	for i, n := range p.graph.Nodes {
		if s, ok := p.code[i].(*node.Source); ok && n.Address == address {
			return s.Input
		}
	}
	return nil
}
