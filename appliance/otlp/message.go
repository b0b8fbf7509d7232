package otlp

import (
	"math"
	"time"
	"unicode/utf8"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/slim/otlp/trace/v1"

	"orac/appliance/event"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// maxText is the longest text that is sent, in bytes: causes quote what peers have said.
const maxText = 300

// scope is who has made the spans.
const scope = "orac"

// request is the message with spans.
func request(c Config, spans []Span) *collector.ExportTraceServiceRequest {
	list := make([]*trace.Span, len(spans))
	for i, s := range spans {
		list[i] = span(s)
	}
	return &collector.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
		Resource:   &resource.Resource{Attributes: facts(c.Resource)},
		ScopeSpans: []*trace.ScopeSpans{{Scope: &common.InstrumentationScope{Name: scope, Version: c.Version}, Spans: list}},
	}}}
}

var kinds = map[event.StepRole]trace.Span_SpanKind{
	event.Within: trace.Span_SPAN_KIND_INTERNAL, event.Asks: trace.Span_SPAN_KIND_CLIENT, event.Answers: trace.Span_SPAN_KIND_SERVER,
}

func span(s Span) *trace.Span {
	flags := uint32(1) | uint32(trace.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
	if s.Remote {
		flags |= uint32(trace.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	}
	m := &trace.Span{
		TraceId: s.Trace[:], SpanId: s.ID[:], Flags: flags, Name: text(s.Name), Kind: kinds[s.Role],
		StartTimeUnixNano: nanos(s.From), EndTimeUnixNano: max(nanos(s.From), nanos(s.To)), Attributes: facts(s.Facts),
	}
	if s.Parent != (thread.StepID{}) {
		m.ParentSpanId = s.Parent[:]
	}
	if s.Fails != "" {
		m.Status = &trace.Status{Code: trace.Status_STATUS_CODE_ERROR, Message: text(s.Fails)}
	}
	return m
}

func nanos(at time.Time) uint64 { return uint64(max(0, at.UnixNano())) }

func facts(list []event.Fact) (out []*common.KeyValue) {
	for _, f := range list {
		v := &common.AnyValue{}
		switch x := f.Value.(type) {
		case string:
			if x == "" {
				continue
			}
			v.Value = &common.AnyValue_StringValue{StringValue: text(x)}
		case int:
			v.Value = &common.AnyValue_IntValue{IntValue: int64(x)}
		case bool:
			v.Value = &common.AnyValue_BoolValue{BoolValue: x}
		case float64:
			if math.IsNaN(x) || math.IsInf(x, 0) {
				continue
			}
			v.Value = &common.AnyValue_DoubleValue{DoubleValue: x}
		default:
			panic("BUG: a fact of a step is a string, an int, a float64 or a bool")
		}
		out = append(out, &common.KeyValue{Key: f.Name, Value: v})
	}
	return out
}

// text is a text as it is sent: plain, and not longer than maxText.
func text(s string) string {
	s = wire.CleanText(s[:min(len(s), 2*maxText)])
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
