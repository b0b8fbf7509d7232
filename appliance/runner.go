package appliance

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
)

// Runner is a graph that runs, and that can be given another graph while it does. Nodes are touched only if they changed.
type Runner struct {
	parts  *Parts
	orders *rt.Mailbox[order]
	graph  atomic.Pointer[Graph]
	view   atomic.Pointer[[]View]
	ended  atomic.Bool
	boxes  atomic.Pointer[map[box]mailbox] // never changed, only replaced

	// What follows belongs to the task of run.
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

// instance is a node that runs, ran, or is to run.
type instance struct {
	node    *Node
	code    node.Node
	says    node.Events
	have    reconcile.Have
	task    *rt.Task // nil unless it runs or was told to stop
	began   rt.Instant
	backoff reconcile.Backoff
	starts  []rt.Instant // of the last hour
	err     error        // how it last failed
}

// NewRunner builds the code of all nodes of a graph. An error names the block that cannot be built.
func NewRunner(g *Graph, p *Parts) (*Runner, error) {
	r := &Runner{parts: p, orders: rt.NewMailbox[order]("orders", 4)}
	r.boxes.Store(&map[box]mailbox{})
	ready, err := r.Prepare(g)
	if err != nil {
		return nil, err
	}
	r.adopt(ready)
	return r, nil
}

// Prepared is a graph whose code is built: nothing in it can fail any more for a reason that could be known before.
type Prepared struct {
	graph *Graph
	code  []node.Node
	says  []node.Events
	boxes map[box]mailbox
}

// Prepare builds the code of all nodes of a graph beside what runs, touching nothing.
func (r *Runner) Prepare(g *Graph) (*Prepared, error) {
	a := &assembly{Parts: r.parts, graph: g, boxes: map[box]mailbox{}}
	for key, m := range *r.boxes.Load() {
		if g.Node(key.reader) != nil {
			a.boxes[key] = m // nodes that stay keep what waits for them
		}
	}
	p := &Prepared{graph: g, boxes: a.boxes}
	for _, n := range g.Nodes {
		code, err := n.build(a, n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Address, err)
		}
		p.code = append(p.code, code)
		p.says = append(p.says, a.events(n.Address))
	}
	return p, nil
}

// Swap makes a prepared graph the one that runs: nodes that stay are given their new settings and readers, the others are
// stopped and started. It returns when that was begun.
func (r *Runner) Swap(t *rt.Task, p *Prepared) error {
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

var errEnded = errors.New("the appliance is about to end")

func (r *Runner) swap(t *rt.Task, o order) {
	var err error
	if r.draining {
		err = errEnded
	} else {
		r.adopt(o.swap)
		r.fit(t)
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
		case old.node.spec == n.spec:
			if u, ok := old.code.(node.Updater); ok {
				u.Update(p.code[i])
			}
			old.node = n
		default: // another instance takes its place when this one has ended
			r.instances = append(r.instances, &instance{node: n, code: p.code[i], says: p.says[i]})
		}
	}
}

// fit gives mailboxes that stay the size that the graph in force asks for.
func (r *Runner) fit(t *rt.Task) {
	g, boxes := r.graph.Load(), *r.boxes.Load()
	for _, e := range g.Edges {
		key := box{e.To, e.Carries}
		if m := boxes[key]; m != nil {
			capacity, patient := g.holds(key)
			m.Fit(t, capacity, patient)
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

// wants is what shall run.
func (r *Runner) wants() (list []reconcile.Want) {
	for _, n := range r.graph.Load().Nodes {
		if r.draining && n.Kind == Source {
			continue // the end of the sound passes through the graph
		}
		list = append(list, reconcile.Want{Address: n.Address, Spec: n.spec, Claim: n.Claim})
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

// reconcile does what is to do now, and gives when to look again.
func (r *Runner) reconcile(t *rt.Task) (rt.Instant, error) {
	w := r.graph.Load().Runbook.Watchdog
	policy := reconcile.Policy{StopDeadline: w.StopDeadline, LeakBudget: w.LeakBudget}
	if r.draining { // the process is about to end anyway
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

func (r *Runner) start(t *rt.Task, address string) {
	i := r.current(address) // the newest, that of the graph in force
	for _, old := range slices.Clone(r.instances) {
		if old != i && old.node.Address == address && old.have.State != reconcile.Leaked {
			r.drop(old)
		}
	}
	r.last++
	now := t.Now()
	i.starts = slices.DeleteFunc(append(i.starts, now), func(at rt.Instant) bool { return now.Sub(at) > time.Hour })
	i.began, i.err = now, nil
	i.have = reconcile.Have{Address: address, Spec: i.node.spec, Claim: i.node.Claim, Generation: r.last, State: reconcile.Running, Since: now}
	i.task = t.Supervise(fmt.Sprint(address, "#", len(i.starts)), r.last, i.code.Run)
}

// running is the instance of an address that runs or was told to stop.
func (r *Runner) running(address string) *instance {
	k := slices.IndexFunc(r.instances, func(i *instance) bool {
		return i.have.Address == address && (i.have.State == reconcile.Running || i.have.State == reconcile.Stopping)
	})
	return r.instances[k]
}

func (r *Runner) stop(t *rt.Task, address string) {
	i := r.running(address)
	i.have.State, i.have.Since = reconcile.Stopping, t.Now()
	i.task.Stop()
}

func (r *Runner) abandon(t *rt.Task, address string) {
	i := r.running(address)
	i.have.State, i.have.Since = reconcile.Leaked, t.Now()
	t.Abandon(i.task)
	i.says.Push(t, event.Event{At: t.Wall(), Node: address, Body: event.NodeLeaked{Claim: i.have.Claim}})
	if r.current(address) == nil && r.graph.Load().Node(address) != nil {
		r.rebuild(i) // its code is still in use by what hangs
	}
}

// rebuild makes fresh code for a node whose code hangs.
func (r *Runner) rebuild(old *instance) {
	n := r.graph.Load().Node(old.node.Address)
	r.instances = append(r.instances, &instance{node: n, code: &late{r: r, node: n}, says: old.says, starts: old.starts, backoff: old.backoff})
}

// late is the code of a node that is built when it is started: what it needs may be away just now.
type late struct {
	r    *Runner
	node *Node
	code node.Node
}

// Run implements node.Node.
func (l *late) Run(t *rt.Task) error {
	if l.code == nil {
		a := &assembly{Parts: l.r.parts, graph: l.r.graph.Load(), boxes: *l.r.boxes.Load()}
		code, err := l.node.build(a, l.node)
		if err != nil {
			return err
		}
		l.code = code
	}
	return l.code.Run(t)
}

func (r *Runner) forget(address string) {
	for _, i := range slices.Clone(r.instances) {
		if i.have.Address == address && i.have.State != reconcile.Leaked {
			r.drop(i)
		}
	}
}

func (r *Runner) drop(i *instance) {
	r.instances = slices.DeleteFunc(r.instances, func(x *instance) bool { return x == i })
}

// collect takes note of instances that have ended.
func (r *Runner) collect(t *rt.Task) {
	for _, i := range slices.Clone(r.instances) {
		if i.task == nil || !i.task.Done() {
			continue
		}
		err := i.task.Err()
		i.task = nil
		switch {
		case i.have.State == reconcile.Leaked:
			r.drop(i) // it did end after all; what it claimed is free
		case i.have.State == reconcile.Stopping && r.current(i.node.Address) != i:
			r.drop(i) // another takes its place
		case i.have.State == reconcile.Stopping && (r.draining || r.graph.Load().Node(i.node.Address) == nil):
			r.finish(t, i)
		case err == nil:
			r.finish(t, i)
		case i.have.State == reconcile.Stopping: // it was to be replaced, and is wanted again meanwhile
			i.have.State, i.have.Since, i.have.Until = reconcile.Waiting, t.Now(), t.Now()
		default:
			pause := i.backoff.Failed(i.began, t.Now())
			i.err = err
			i.have.State, i.have.Since, i.have.Until = reconcile.Waiting, t.Now(), t.Now().Add(pause)
			t.Trace("failed "+i.node.Address, int64(i.have.Generation))
			i.says.Push(t, event.Event{At: t.Wall(), Node: i.node.Address, Body: failure(err, pause)})
		}
	}
}

// finish notes that an instance has nothing left to do, and tells its readers when all who write to them have.
func (r *Runner) finish(t *rt.Task, i *instance) {
	i.have.State, i.have.Since = reconcile.Finished, t.Now()
	g := r.graph.Load()
	if g.Node(i.node.Address) == nil {
		r.drop(i)
		return
	}
	if r.current(i.node.Address) != i {
		return // another instance writes on
	}
	for _, e := range g.Edges {
		if e.From == i.node.Address && !e.asks && r.silent(g, e) {
			(*r.boxes.Load())[box{e.To, e.Carries}].Close(t)
		}
	}
}

// silent tells whether all who write what an edge carries to its reader have finished.
func (r *Runner) silent(g *Graph, edge Edge) bool {
	return !slices.ContainsFunc(g.Edges, func(e Edge) bool {
		if e.To != edge.To || e.Carries != edge.Carries {
			return false
		}
		i := r.current(e.From)
		return i == nil || i.have.State != reconcile.Finished
	})
}

// drain ends the sound: sources are wanted no more.
func (r *Runner) drain(t *rt.Task) {
	r.draining = true
	for _, i := range r.instances {
		if d, ok := i.code.(node.Drainer); ok {
			d.Drain()
		}
		if i.node.Kind == Source && (i.have.State == reconcile.Waiting || i.have.State == "") {
			r.finish(t, i)
		}
	}
}

// busy tells whether anything that carries sound has not finished.
func (r *Runner) busy() bool {
	return slices.ContainsFunc(r.graph.Load().Nodes, func(n *Node) bool { return n.Kind.carriesSound() && r.left(n.Kind) })
}

// delivering tells whether anything is on its way to a service.
func (r *Runner) delivering() bool {
	return slices.ContainsFunc(r.instances, func(i *instance) bool {
		d, ok := i.code.(interface{ Idle() bool })
		return ok && i.have.State == reconcile.Running && !d.Idle()
	})
}

// left tells whether a node of a kind has not finished.
func (r *Runner) left(k Kind) bool {
	return slices.ContainsFunc(r.graph.Load().Nodes, func(n *Node) bool {
		i := r.current(n.Address)
		return n.Kind == k && (i == nil || i.have.State != reconcile.Finished)
	})
}

func failure(err error, pause time.Duration) event.NodeFailed {
	body := event.NodeFailed{Cause: err.Error(), Retry: "in " + pause.String()}
	var p *rt.PanicError
	if errors.As(err, &p) {
		body.Stack = string(p.Stack)
	}
	return body
}

// Restart has the instance of an address replaced by a new one, as if it had failed. It returns at once.
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
