package core

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
)

// instance is a node that runs, ran, or is to run.
type instance struct {
	node    *graph.Node
	code    node.Node
	says    node.Events
	have    reconcile.Have
	task    *rt.Task // nil unless it runs or was told to stop
	began   rt.Instant
	backoff reconcile.Backoff
	starts  []rt.Instant // of the last hour
	err     error        // how it last failed
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
	i.have = reconcile.Have{Address: address, Spec: i.node.Spec, Claim: i.node.Claim, Generation: r.last, State: reconcile.Running, Since: now}
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
		r.rebuild(i) // the hanging instance still uses its code
	}
}

// rebuild makes fresh code for a node whose code hangs.
func (r *Runner) rebuild(old *instance) {
	n := r.graph.Load().Node(old.node.Address)
	r.instances = append(r.instances, &instance{node: n, code: &late{r: r, node: n}, says: old.says, starts: old.starts, backoff: old.backoff})
}

// late is the code of a node that is built when the node starts: what it needs may be missing for
// the moment.
type late struct {
	r    *Runner
	node *graph.Node
	code node.Node
}

// Run implements node.Node.
func (l *late) Run(t *rt.Task) error {
	if l.code == nil {
		code, err := graph.Assemble(l.r.graph.Load(), l.r.parts, *l.r.boxes.Load()).Build(l.node)
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

// collect notes which instances have ended.
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
			r.drop(i) // a new instance replaces it
		case i.have.State == reconcile.Stopping && (r.draining || r.graph.Load().Node(i.node.Address) == nil):
			r.finish(t, i)
		case err == nil:
			r.finish(t, i)
		case i.have.State == reconcile.Stopping: // it was to be replaced, and is wanted again by now
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

// finish notes that an instance has nothing left to do, and tells its readers once all their writers have
// finished.
func (r *Runner) finish(t *rt.Task, i *instance) {
	i.have.State, i.have.Since = reconcile.Finished, t.Now()
	g := r.graph.Load()
	if g.Node(i.node.Address) == nil {
		r.drop(i)
		return
	}
	if r.current(i.node.Address) != i {
		return // another instance is still writing
	}
	for _, e := range g.Edges {
		if e.From == i.node.Address && !e.Port().Asks && r.silent(g, e) {
			(*r.boxes.Load())[graph.Box{Reader: e.To, Carries: e.Carries}].Close(t)
		}
	}
}

// silent tells whether all writers of what an edge carries to its reader have finished.
func (r *Runner) silent(g *graph.Graph, edge graph.Edge) bool {
	return !slices.ContainsFunc(g.Edges, func(e graph.Edge) bool {
		if e.To != edge.To || e.Carries != edge.Carries {
			return false
		}
		i := r.current(e.From)
		return i == nil || i.have.State != reconcile.Finished
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
