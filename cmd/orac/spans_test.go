package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"orac/appliance/thread"
)

// collectedSpans is a stand-in for a collector, which reads what it is sent with OpenTelemetry's own module.
type collectedSpans struct {
	url string

	mu    sync.Mutex // guards what follows
	spans []*trace.Span
	of    map[*trace.Span]string // the appliance that sent it
	wrong []string
}

func collectSpans(t *testing.T) *collectedSpans {
	t.Helper()
	c := &collectedSpans{of: map[*trace.Span]string{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
		var got trace.TracesData
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil || proto.Unmarshal(body, &got) != nil || r.URL.Path != "/v1/traces" {
			c.wrong = append(c.wrong, r.URL.Path)
			return
		}
		for _, rs := range got.ResourceSpans {
			from := ""
			for _, a := range rs.Resource.Attributes {
				if a.Key == "orac.appliance" {
					from = a.Value.GetStringValue()
				}
			}
			for _, ss := range rs.ScopeSpans {
				for _, x := range ss.Spans {
					c.spans, c.of[x] = append(c.spans, x), from
				}
			}
		}
	}))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

// areOneTrace: the steps of a command on three machines hang together, from the wake word to the call of the house, which was told the last.
func (c *collectedSpans) areOneTrace(t *testing.T, request, told string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wrong) > 0 {
		t.Errorf("requests that are no traces: %q", c.wrong)
	}
	id, by := thread.Thread{ID: request}.Trace(), map[string]*trace.Span{}
	for _, s := range c.spans {
		if string(s.TraceId) != string(id[:]) {
			t.Errorf("%s of %s is of another trace", s.Name, c.of[s])
		}
		by[string(s.SpanId)] = s
	}
	// way are the steps that a span is a part of, from the first on.
	way := func(s *trace.Span) (names []string) {
		for ; s != nil; s = by[string(s.ParentSpanId)] {
			names = append(names, c.of[s]+" "+s.Name)
		}
		slices.Reverse(names)
		return names
	}
	p, _ := thread.Parse(told)
	call := by[string(p.Step[:])]
	if call == nil || p.Trace != id || !p.Sampled {
		t.Fatalf("the house was told %q, which is no step of trace %s", told, hex.EncodeToString(id[:]))
	}
	listener := c.of[call]
	if want := "kitchen command, kitchen deliver, speech serve, speech forward, core act, core call"; strings.Join(way(call), ", ") != want {
		t.Errorf("the call of %s: %q, want %q", listener, way(call), want)
	}
	var names []string
	for _, s := range c.spans {
		names = append(names, c.of[s]+" "+s.Name)
		if len(s.ParentSpanId) > 0 && by[string(s.ParentSpanId)] == nil {
			t.Errorf("%s of %s is a part of a step that nobody has sent", s.Name, c.of[s])
		}
		if s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%s ends before it begins", s.Name)
		}
	}
	for _, want := range []string{"kitchen wake", "kitchen record", "kitchen spool", "speech engine", "core read", "core verify"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s among %q", want, names)
		}
	}
	for _, s := range c.spans {
		if strings.Contains(s.String(), "bedroom lamp") {
			t.Errorf("%s holds what was said", s.Name)
		}
	}
}
