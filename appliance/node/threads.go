package node

import (
	"cmp"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/otlp"
	"orac/appliance/rt"
	"orac/appliance/thread"
)

const (
	// lingers is how long a thread on which nothing goes on waits for what may follow: a text that waits for its Core, an answer that is
	// spoken. What comes later is recorded all the same, and the command then seems to have ended before it.
	lingers = 10 * time.Second
	// longestThread is how long a thread stays open at most: an utterance may wait for its service for days.
	longestThread = time.Hour
	// mostThreads and mostSteps bound what is open: several commands a minute for an hour, and all tries and calls of one of them.
	mostThreads, mostSteps = 256, 64
)

// threads are the steps that have begun and not ended, by thread.
type threads struct{ open []*openThread } // the one that began first is first

type openThread struct {
	of       thread.Thread
	began    rt.Instant
	touched  rt.Instant
	steps    []event.Step
	overflow bool // more steps began than are kept
}

func (r *threads) find(id string) *openThread {
	if i := slices.IndexFunc(r.open, func(o *openThread) bool { return o.of.ID == id }); i >= 0 {
		return r.open[i]
	}
	return nil
}

func (r *threads) remove(o *openThread) {
	r.open = slices.DeleteFunc(r.open, func(x *openThread) bool { return x == o })
}

// tell takes in the steps of an event, and returns the spans of those that are over with it.
func (r *threads) tell(now rt.Instant, s thread.Sampling, e event.Event) (spans []otlp.Span) {
	for _, step := range e.Steps() {
		if o := r.find(step.Joins); step.Joins != "" && o != nil {
			o.of = step.Of
		}
		o := r.find(step.Of.ID)
		if o != nil {
			o.touched = now
			if i := slices.IndexFunc(o.steps, func(x event.Step) bool { return x.ID() == step.ID() }); i >= 0 {
				if o.merge(i, step) {
					spans = append(spans, spanOf(s, o.steps[i]))
					o.steps = slices.Delete(o.steps, i, i+1)
				}
				continue
			}
		}
		switch {
		case step.From.IsZero(): // nobody has seen its beginning
		case !step.Whole && !s.Takes(step.Of): // what is whole may become part of another thread
		case !step.Whole && !step.To.IsZero():
			spans = append(spans, spanOf(s, step))
		default:
			if o == nil {
				o = &openThread{of: step.Of, began: now, touched: now}
				r.open = append(r.open, o)
			}
			if o.overflow = len(o.steps) >= mostSteps; !o.overflow {
				o.steps = append(o.steps, step)
			}
		}
	}
	for len(r.open) > mostThreads {
		spans = append(spans, r.end(s, r.open[0], e.At)...)
	}
	return spans
}

// merge adds what an event tells of a step that has begun, and tells whether it is over.
func (o *openThread) merge(i int, more event.Step) (over bool) {
	step := &o.steps[i]
	if more.To.After(step.To) {
		step.To = more.To
	}
	step.Fails = cmp.Or(more.Fails, step.Fails)
	for _, f := range more.With {
		if f.Name != "orac.node" { // that of its beginning stays
			step.With = append(slices.DeleteFunc(step.With, func(x event.Fact) bool { return x.Name == f.Name }), f)
		}
	}
	return !more.Whole && !more.To.IsZero()
}

// rest ends the threads on which nothing goes on any more, and those that last too long.
func (r *threads) rest(now rt.Instant, s thread.Sampling, wall time.Time) (spans []otlp.Span) {
	for _, o := range slices.Clone(r.open) {
		if now >= o.until() {
			spans = append(spans, r.end(s, o, wall)...)
		}
	}
	return spans
}

// until is when a thread ends if nothing more is told of it.
func (o *openThread) until() rt.Instant {
	longest := o.began.Add(longestThread)
	if slices.ContainsFunc(o.steps, func(s event.Step) bool { return s.To.IsZero() }) {
		return longest
	}
	return min(longest, o.touched.Add(lingers))
}

// next is when rest has something to do.
func (r *threads) next() rt.Instant {
	until := rt.Never
	for _, o := range r.open {
		until = min(until, o.until())
	}
	return until
}

// end ends all steps of a thread. Those that go on are marked.
func (r *threads) end(s thread.Sampling, o *openThread, wall time.Time) (spans []otlp.Span) {
	r.remove(o)
	if !s.Takes(o.of) {
		return nil
	}
	for _, step := range o.steps {
		step.Of = o.of
		if step.To.IsZero() {
			step.To = wall
			step.With = append(step.With, event.Fact{Name: "orac.unfinished", Value: true})
		}
		spans = append(spans, spanOf(s, step))
	}
	return spans
}

// endAll ends all threads: the appliance stops.
func (r *threads) endAll(s thread.Sampling, wall time.Time) (spans []otlp.Span) {
	for len(r.open) > 0 {
		spans = append(spans, r.end(s, r.open[0], wall)...)
	}
	return spans
}

// spanOf is a step that is over. A clock that was set back meanwhile does not make it end before it began.
func spanOf(s thread.Sampling, step event.Step) otlp.Span {
	h := step.Of
	x := otlp.Span{
		Trace: h.Trace(), ID: h.Step(s.Origin, step.ID()), Name: step.Name, Role: step.Role, From: step.From, To: step.To, Fails: step.Fails,
		Facts: append(slices.Clone(step.With), event.Fact{Name: "orac.request_id", Value: h.ID}),
	}
	if x.To.Before(x.From) {
		x.To = x.From
	}
	if step.Under != "" {
		x.Parent = h.Step(s.Origin, step.Under)
	} else if p, ok := thread.Parse(h.Parent); ok {
		x.Parent, x.Remote = p.Step, true
	}
	return x
}
