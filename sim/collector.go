package sim

import (
	"context"
	"fmt"
	"time"

	"orac/appliance/graph"
	"orac/appliance/otlp"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook/scenario"
)

// collector is a model of a program that takes traces.
type collector struct {
	ailments
	m      *machine
	taken  int
	closed bool            // the client has closed its connection
	known  map[string]bool // the spans that it has, by trace and ID
}

// mostKnown bounds the spans that a collector remembers.
const mostKnown = 100000

// tracer is a collector as its client sees it.
type tracer struct {
	*collector
	address string
	timeout time.Duration
}

// collectorOf returns the collector, of which an appliance has one.
func (m *machine) collectorOf() *collector {
	if m.tracing == nil {
		m.tracing = &collector{m: m, known: map[string]bool{}}
	}
	return m.tracing
}

func (m *machine) traces(s graph.TraceService) (otlp.Collector, error) {
	return tracer{m.collectorOf(), wire.Origin(s.Traces.URL), s.Traces.Timeout}, nil
}

// Export implements otlp.Collector.
func (c tracer) Export(t *rt.Task, spans []otlp.Span) (refused int, err error) {
	const op = "traces"
	if c.closed {
		if err := t.Sleep(connectTime); err != nil {
			return 0, err
		}
	}
	c.closed = c.has(scenario.CollectorFlood)
	takes := peerTime + c.delay()
	if err := t.Sleep(min(takes, c.timeout)); err != nil {
		return 0, err
	}
	if err := c.m.unreached(op, c.address); err != nil {
		return 0, err
	}
	if err := c.refusal(op, c.address); err != nil {
		return 0, err
	}
	if takes > c.timeout {
		return 0, &wire.Error{Op: op, Address: c.address, Kind: wire.Timeout, Cause: context.DeadlineExceeded}
	}
	if c.has(scenario.CollectorFlood) {
		return 0, nil // the client has read the beginning, and it counts as taken
	}
	c.take(spans)
	return 0, nil
}

// take accepts spans, and checks what is always promised about them.
func (c *collector) take(spans []otlp.Span) {
	at := c.m.now()
	for _, s := range spans {
		id := s.Trace.String() + " " + s.ID.String()
		if c.known[id] && c.m.boots <= 1 { // a process that starts again counts its tries anew
			c.m.judge.Break(at, "traces", fmt.Sprintf("the span %s of trace %s came twice", s.Name, s.Trace))
		}
		if s.To.Before(s.From) || s.Name == "" {
			c.m.judge.Break(at, "traces", fmt.Sprintf("the span %q of trace %s ends before it begins, or has no name", s.Name, s.Trace))
		}
		if len(c.known) < mostKnown {
			c.known[id] = true
		}
	}
	c.taken += len(spans)
}
