package core

import (
	"errors"
	"time"

	"orac/appliance/graph"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
)

// drainTime is how long the appliance takes to put what is being recorded into the spool when it is told to stop.
// Together with the two times below it stays within the promised 5 s.
const drainTime = 3 * time.Second

const (
	settleTime = time.Second            // for the spool and the history to store what has just happened
	endTime    = 700 * time.Millisecond // for stopped nodes to end
)

// ErrReexec is the error of Run when too many instances have leaked: the process is to be replaced.
var ErrReexec = errors.New("too many nodes did not stop: the process must be replaced")

// Run puts a graph into its world and keeps it running until the task is told to stop, or until all sound is over and
// delivered (nil). An error before anything runs names the block that cannot be built.
func Run(t *rt.Task, g *graph.Graph, p *graph.Parts) error {
	r, err := NewRunner(g, p)
	if err != nil {
		return err
	}
	return r.Run(t)
}

// Run runs the graph; see the function of the same name. It is called once.
func (r *Runner) Run(t *rt.Task) error {
	nodes := t.Shield("node", r.run)
	err := t.Wait(nodes, rt.Never)
	if errors.Is(err, rt.ErrStopped) {
		r.orders.TrySend(t, order{end: true})
		err = t.Outlast(nodes, t.Now().Add(drainTime+settleTime+endTime+time.Second))
	}
	return err
}

// run carries out what the reconciler orders, until everything that carries sound has finished, or until it is
// told to end.
func (r *Runner) run(t *rt.Task) error {
	defer r.ended.Store(true)
	err := r.work(t)
	if settled := r.settle(t); err == nil {
		err = settled
	}
	r.abandonRest(t)
	return err
}

func recording(r graph.Role) bool { return r == graph.Records }

func (r *Runner) work(t *rt.Task) (why error) {
	for drained := rt.Never; r.busy() && (drained == rt.Never || r.left(recording) || r.delivering()); {
		next, err := r.reconcile(t)
		if err != nil { // what is recorded comes first
			why, drained = err, t.Now().Add(drainTime)
			r.drain(t)
			continue
		}
		r.publish()
		cases := []rt.Case{r.orders}
		for _, i := range r.instances {
			if i.task != nil {
				cases = append(cases, i.task)
			}
		}
		until := min(next, drained)
		if drained != rt.Never { // the end of a delivery sends no signal, so poll
			until = min(until, t.Now().Add(20*time.Millisecond))
		}
		which, err := rt.Select(t, until, cases...)
		switch {
		case errors.Is(err, rt.ErrTimeout):
			if t.Now() >= drained { // what has not arrived is salvaged at the next start
				return why
			}
		case err != nil:
			return err
		case which > 0:
			r.collect(t)
		default:
			o, _ := r.orders.TryRecv(t)
			switch {
			case o.end && !r.draining:
				drained = t.Now().Add(drainTime)
				r.drain(t)
			case o.end:
			case o.restart != "":
				if i := r.current(o.restart); i != nil && i.have.State == reconcile.Running {
					r.stop(t, o.restart)
				}
			default:
				r.swap(t, o)
			}
		}
	}
	return why
}

// abandonRest stops what is left, and waits for it only a limited time: a node that hangs must not keep the process from
// ending.
func (r *Runner) abandonRest(t *rt.Task) {
	for _, i := range r.instances {
		if i.task != nil {
			i.task.Stop()
		}
	}
	until := t.Now().Add(endTime)
	for _, i := range r.instances {
		if i.task == nil {
			continue
		}
		if errors.Is(t.Outlast(i.task, until), rt.ErrTimeout) {
			t.Trace("left hanging " + i.node.Address)
			t.Abandon(i.task)
		}
	}
}

// settle ends the deliveries before everything else, because an answer may come at that very moment, and lets the spool and
// the history store what has just happened.
func (r *Runner) settle(t *rt.Task) error {
	until := t.Now().Add(settleTime)
	for _, i := range r.instances {
		if i.node.Kind.Role == graph.Delivers && i.have.State == reconcile.Running {
			i.task.Stop()
		}
	}
	for _, i := range r.instances {
		if i.node.Kind.Role == graph.Delivers && i.have.State == reconcile.Running {
			if _ = t.Wait(i.task, until.Add(-settleTime/2)); t.Stopping() {
				return rt.ErrStopped
			}
		}
	}
	for t.Now() < until && r.waiting() > 0 {
		if err := t.Sleep(10 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// waiting counts what the keepers (spool and history) have not read yet.
func (r *Runner) waiting() (n int) {
	g, boxes := r.graph.Load(), *r.boxes.Load()
	for _, keeper := range g.Nodes {
		if keeper.Kind.Role != graph.Keeps && keeper.Kind.Role != graph.Remembers {
			continue
		}
		for _, m := range g.Inboxes(boxes, keeper.Address) {
			n += m.Stats().Len
		}
	}
	return n
}
