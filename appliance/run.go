package appliance

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
)

// drainTime is how long the appliance takes to put what is being recorded into the spool when it is told to stop.
const drainTime = 4 * time.Second

// Run puts a graph into its world and keeps it running until the task is told to stop, or until all sound is over and
// delivered (nil). An error before anything runs names the block that cannot be built.
func Run(t *rt.Task, g *Graph, p *Parts) error {
	r := &runner{assembly: assembly{Parts: p, graph: g, boxes: map[box]mailbox{}}}
	if err := r.build(); err != nil {
		return err
	}
	ends := rt.NewMailbox[*Node]("ends", len(g.Nodes))
	orders := rt.NewMailbox[struct{}]("orders", 1)
	nodes := t.Shield("node", func(t *rt.Task) error { return r.run(t, ends, orders) })
	err := t.Wait(nodes, rt.Never)
	if errors.Is(err, rt.ErrStopped) {
		orders.TrySend(t, struct{}{})
		err = t.Outlast(nodes, t.Now().Add(drainTime+g.Runbook.Watchdog.StopDeadline))
	}
	return err
}

// runner is a graph that runs. Its maps belong to the task of run once that has started.
type runner struct {
	assembly
	code    []node.Node   // of each of graph.Nodes
	says    []node.Events // where each of them says what happens
	writers map[box]int   // that have not finished
}

// build makes the code of all nodes.
func (r *runner) build() error {
	for _, n := range r.graph.Nodes {
		code, err := n.build(&r.assembly, n)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Address, err)
		}
		r.code = append(r.code, code)
		r.says = append(r.says, r.events(n.Address))
	}
	r.writers = map[box]int{}
	for _, e := range r.graph.Edges {
		r.writers[box{e.To, e.Carries}]++
	}
	return nil
}

// run supervises all nodes until all that carries sound has finished, or until it is ordered to end.
func (r *runner) run(t *rt.Task, ends *rt.Mailbox[*Node], orders *rt.Mailbox[struct{}]) error {
	tasks := make([]*rt.Task, len(r.code))
	left := map[Kind]int{}
	for i, n := range r.graph.Nodes {
		left[n.Kind]++
		tasks[i] = t.Go(n.Address, func(t *rt.Task) error {
			err := r.supervise(t, n, r.code[i], r.says[i])
			ends.TrySend(t, n)
			return err
		})
	}
	for drained := rt.Never; r.busy(left) && (drained == rt.Never || left[Recorder] > 0); {
		which, err := rt.Select(t, drained, orders, ends)
		switch {
		case errors.Is(err, rt.ErrTimeout): // what has not arrived is salvaged at the next start
			return nil
		case err != nil:
			return err
		case which == 0:
			orders.TryRecv(t)
			drained = t.Now().Add(drainTime)
			for i, n := range r.graph.Nodes {
				if n.Kind == Source { // the end of the sound passes through the graph
					tasks[i].Stop()
				}
			}
		default:
			n, _ := ends.TryRecv(t)
			left[n.Kind]--
			r.finished(t, n)
		}
	}
	return r.settle(t)
}

// busy tells whether anything that carries sound has not finished.
func (r *runner) busy(left map[Kind]int) bool {
	for _, n := range r.graph.Nodes {
		if n.Kind.carriesSound() && left[n.Kind] > 0 {
			return true
		}
	}
	return false
}

// finished tells the readers of a node that nothing more comes from it: a mailbox is closed when all its writers have
// finished.
func (r *runner) finished(t *rt.Task, n *Node) {
	for _, e := range r.graph.Edges {
		key := box{e.To, e.Carries}
		if e.From != n.Address || e.asks {
			continue
		}
		if r.writers[key]--; r.writers[key] == 0 {
			r.boxes[key].Close(t)
		}
	}
}

// settle lets the spool and the history take what has just happened.
func (r *runner) settle(t *rt.Task) error {
	until := t.Now().Add(time.Second)
	for t.Now() < until && r.waiting() > 0 {
		if err := t.Sleep(10 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// waiting is what has not been taken by those who keep things.
func (r *runner) waiting() (n int) {
	for _, key := range []box{{string(Spool), "pieces"}, {string(Spool), "requests"}, {string(History), "events"}} {
		if m := r.boxes[key]; m != nil {
			n += m.Stats().Len
		}
	}
	return n
}

const (
	firstPause = 100 * time.Millisecond
	longPause  = 10 * time.Second
	// calm is how long a node must run for its earlier failures to be forgotten.
	calm = time.Minute
)

// supervise runs a node, again and again while it fails.
func (r *runner) supervise(t *rt.Task, n *Node, code node.Node, say node.Events) error {
	pause := firstPause
	for generation := rt.Generation(1); ; generation++ {
		started := t.Now()
		instance := t.Supervise(fmt.Sprint(generation), generation, code.Run)
		err := t.Wait(instance, rt.Never)
		if t.Stopping() {
			if err := t.Outlast(instance, t.Now().Add(r.graph.Runbook.Watchdog.StopDeadline)); errors.Is(err, rt.ErrTimeout) {
				t.Trace("leaked", int64(generation))
				t.Abandon(instance)
			}
			return rt.ErrStopped
		}
		if err == nil {
			return nil
		}
		if t.Now().Sub(started) >= calm {
			pause = firstPause
		}
		t.Trace("failed", int64(generation))
		say.Push(t, event.Event{At: t.Wall(), Node: n.Address, Body: failure(err, pause)})
		if err := t.Sleep(pause); err != nil {
			return err
		}
		pause = min(2*pause, longPause)
	}
}

func failure(err error, pause time.Duration) event.NodeFailed {
	body := event.NodeFailed{Cause: err.Error(), Retry: "in " + pause.String()}
	var p *rt.PanicError
	if errors.As(err, &p) {
		body.Stack = string(p.Stack)
	}
	return body
}
