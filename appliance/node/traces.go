package node

import (
	"errors"
	"time"

	"orac/appliance/event"
	"orac/appliance/otlp"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// Traces makes spans of what events tell of commands, and hands them to a collector. Nothing waits for it: what it has no time to read is
// dropped and counted in its mailbox, and what the collector does not take in time is dropped and counted here, the oldest first.
type Traces struct {
	Name   string // address of the node
	Config *rt.Cell[TracesConfig]
	In     *rt.Mailbox[event.Event]
	Events Events

	// The fields below outlive an instance.
	threads threads
	queue   []otlp.Span
	counts  status.Traces
	out     outage
	mark    any
	shown   rt.Cell[status.Traces]
}

// TracesConfig are the settings of a Traces.
type TracesConfig struct {
	Collector otlp.Collector
	Sampling  thread.Sampling
	Queue     int // spans that may wait
	MaxDelay  time.Duration
}

// outage is what is known of a collector that does not take spans.
type outage struct {
	failures int // in a row
	told     bool
	dropped  int // when it began
}

const (
	// spansEvery is how long a span waits for others to go with it, and spansAtOnce how many go at most: as in OpenTelemetry's SDK.
	spansEvery  = 5 * time.Second
	spansAtOnce = 512
	// lastSpans is how long the appliance waits at its end for a collector to take what is left.
	lastSpans = time.Second
	// mostPatience is the longest pause that a collector may ask for.
	mostPatience = 5 * time.Minute
)

// Update implements Updater.
func (n *Traces) Update(fresh Node) { n.Config.Take(fresh.(*Traces).Config) }

// Shown is what was sent and what waits. It may be called from anywhere.
func (n *Traces) Shown() status.Traces { return n.shown.Get() }

// exported is what became of a batch.
type exported struct {
	refused int
	err     error
}

// Run implements Node.
func (n *Traces) Run(t *rt.Task) error {
	c, _ := n.Config.Changed(&n.mark)
	var under []otlp.Span // the batch that is being sent, or is sent again
	var task *rt.Task     // that sends it
	done := rt.NewMailbox[exported]("exported", 1)
	jitter, due := t.Rand("jitter"), t.Now()
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			c, due = fresh, min(due, t.Now()) // an outage may end because the address was changed
			n.keep(t, c, nil)
		}
		n.keep(t, c, n.threads.rest(t.Now(), c.Sampling, t.Wall()))
		if task == nil && len(under) == 0 && len(n.queue) > 0 && (t.Now() >= due || len(n.queue) >= spansAtOnce && n.out.failures == 0) {
			size := min(len(n.queue), spansAtOnce)
			under, n.queue = n.queue[:size:size], n.queue[size:]
		}
		if task == nil && len(under) > 0 && t.Now() >= due {
			task = n.send(t, c, under, done)
		}
		n.show(len(under))
		until := n.threads.next()
		if task == nil && len(under)+len(n.queue) > 0 {
			until = min(until, max(due, t.Now()+1))
		}
		which, err := rt.Select(t, until, done, n.In)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			n.last(t, c, under, task, done)
			return err
		case which == 0:
			x, _ := done.TryRecv(t)
			if task = nil; n.answered(t, x, len(under)) {
				under, due = nil, t.Now().Add(spansEvery)
			} else {
				due = t.Now().Add(n.pause(x.err, backoff(jitter, n.out.failures, time.Second, c.MaxDelay)))
			}
		case n.In.Closed() && n.In.Stats().Len == 0:
			n.last(t, c, under, task, done)
			return nil
		default:
			if e, ok := n.In.TryRecv(t); ok {
				if len(n.queue)+len(under) == 0 {
					due = t.Now().Add(spansEvery)
				}
				n.keep(t, c, n.threads.tell(t.Now(), c.Sampling, e))
			}
		}
	}
}

// send sends a batch, in a task of its own. A stop does not end it, so that what it says can still be heard: see last.
func (n *Traces) send(t *rt.Task, c TracesConfig, batch []otlp.Span, done *rt.Mailbox[exported]) *rt.Task {
	return t.Shield("export", func(t *rt.Task) error {
		refused, err := c.Collector.Export(t, batch)
		done.TrySend(t, exported{refused, err})
		return nil
	})
}

// keep adds spans to the queue, which drops the oldest.
func (n *Traces) keep(t *rt.Task, c TracesConfig, spans []otlp.Span) {
	n.queue = append(n.queue, spans...)
	if over := len(n.queue) - c.Queue; over > 0 {
		n.counts.Dropped += over
		n.queue = append([]otlp.Span(nil), n.queue[over:]...)
		t.Trace("spans dropped", int64(over))
	}
}

// answered handles what the collector said of a batch, and tells whether it is done with.
func (n *Traces) answered(t *rt.Task, x exported, size int) (over bool) {
	t.Trace("export", flag(x.err == nil), int64(size))
	if x.err == nil {
		n.counts.Sent, n.counts.Refused = n.counts.Sent+size-x.refused, n.counts.Refused+x.refused
		n.counts.Error = ""
		if n.out.told {
			say(t, n.Events, n.Name, event.TracesBack{Dropped: n.counts.Dropped - n.out.dropped})
		}
		n.out = outage{}
		return true
	}
	e, _ := errors.AsType[*wire.Error](x.err)
	n.counts.Error = x.err.Error()
	if n.out.failures++; n.out.failures == 1 {
		n.out.dropped = n.counts.Dropped
	}
	if denied := stays(e); !n.out.told && (denied || n.out.failures >= tracesRefusals) {
		n.out.told = true
		say(t, n.Events, n.Name, event.TracesFailed{Cause: n.counts.Error, Denied: denied})
	}
	if e != nil && (e.Retry() == wire.GiveUp || e.Doubt != wire.NoDoubt) { // sent again it would fail again, or be there twice
		n.counts.Refused += size
		return true
	}
	return false
}

// tracesRefusals is how many failures in a row are told: a single one is normal.
const tracesRefusals = 3

// pause is how long to wait after a failure.
func (n *Traces) pause(err error, wait time.Duration) time.Duration {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return max(wait, min(e.RetryAfter, mostPatience))
	}
	return wait
}

// last sends what is left when the appliance stops, for at most lastSpans. What is not sent then is dropped.
func (n *Traces) last(t *rt.Task, c TracesConfig, under []otlp.Span, task *rt.Task, done *rt.Mailbox[exported]) {
	for e, ok := n.In.TryRecv(t); ok; e, ok = n.In.TryRecv(t) {
		n.keep(t, c, n.threads.tell(t.Now(), c.Sampling, e))
	}
	n.keep(t, c, n.threads.endAll(c.Sampling, t.Wall()))
	until := t.Now().Add(lastSpans)
	batch := under
	for {
		if task == nil && len(batch) == 0 {
			size := min(len(n.queue), spansAtOnce)
			batch, n.queue = n.queue[:size:size], n.queue[size:]
		}
		if len(batch) == 0 || n.out.failures > 0 {
			break
		}
		if task == nil {
			task = n.send(t, c, batch, done)
		}
		_ = t.Outlast(task, until)
		x, ok := done.TryRecv(t)
		if !ok || !n.answered(t, x, len(batch)) {
			task.Stop()
			break
		}
		batch, task = nil, nil
	}
	n.counts.Dropped += len(batch) + len(n.queue)
	n.queue = nil
	n.show(0)
}

func (n *Traces) show(under int) {
	now := n.counts
	now.Waiting = len(n.queue) + under
	if now != n.shown.Get() {
		n.shown.Take(rt.NewCell(now))
	}
}
