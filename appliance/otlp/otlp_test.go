package otlp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

type secret string

func (s secret) Reveal() string { return string(s) }

var sample = []Span{
	{
		Trace: thread.TraceID{1, 2}, ID: thread.StepID{3}, Parent: thread.StepID{4}, Remote: true, Name: "deliver", Role: event.Asks,
		From: time.Unix(10, 5), To: time.Unix(11, 6), Fails: "away\nfor good " + strings.Repeat("ä", 400),
		Facts: []event.Fact{{Name: "orac.stt", Value: "whisper"}, {Name: "orac.attempt", Value: 2}, {Name: "orac.score", Value: 0.5}, {Name: "orac.cut", Value: true}, {Name: "empty", Value: ""}},
	},
	{Trace: thread.TraceID{1, 2}, ID: thread.StepID{4}, Name: "command", From: time.Unix(10, 0), To: time.Unix(9, 0)},
}

// export sends spans to a server that does what is asked.
func export(t *testing.T, serve http.HandlerFunc) (int, error) {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	c, err := New(Config{
		URL: s.URL + "/base", Timeout: 2 * time.Second, Version: "1.2.3", Headers: map[string]wire.Secret{"Authorization": secret("Bearer canary")},
		Resource: []event.Fact{{Name: "service.name", Value: "orac"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var refused int
	var failed error
	if err := live.New(nil).Run(context.Background(), "test", func(task *rt.Task) error {
		refused, failed = c.Export(task, sample)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return refused, failed
}

// TestTheMessage is what OpenTelemetry's own module reads.
func TestTheMessage(t *testing.T) {
	var got trace.TracesData // on the wire it is the same as the request, whose package would bring gRPC
	refused, err := export(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := proto.Unmarshal(body, &got); err != nil || r.URL.Path != "/base/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("Authorization") != "Bearer canary" {
			t.Errorf("%v %s %v", err, r.URL.Path, r.Header)
		}
		answer, _ := proto.Marshal(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: 1, ErrorMessage: "too old"}})
		_, _ = w.Write(answer)
	})
	if refused != 1 || err != nil {
		t.Errorf("%d, %v", refused, err)
	}
	if len(got.ResourceSpans) != 1 || len(got.ResourceSpans[0].ScopeSpans) != 1 {
		t.Fatal(&got)
	}
	r, scope := got.ResourceSpans[0].Resource, got.ResourceSpans[0].ScopeSpans[0]
	if len(r.Attributes) != 1 || r.Attributes[0].Key != "service.name" || scope.Scope.Name != "orac" || scope.Scope.Version != "1.2.3" || len(scope.Spans) != 2 {
		t.Fatal(&got)
	}
	a, b := scope.Spans[0], scope.Spans[1]
	if string(a.TraceId) != string(sample[0].Trace[:]) || string(a.SpanId) != string(sample[0].ID[:]) || string(a.ParentSpanId) != string(sample[0].Parent[:]) || a.Kind != trace.Span_SPAN_KIND_CLIENT ||
		a.StartTimeUnixNano != 10e9+5 || a.EndTimeUnixNano != 11e9+6 || a.Status.GetCode() != trace.Status_STATUS_CODE_ERROR || !strings.HasPrefix(a.Status.GetMessage(), "away for good ä") || len(a.Status.GetMessage()) > maxText ||
		a.Flags != 0x301 {
		t.Error(a)
	}
	facts := map[string]*common.AnyValue{}
	for _, f := range a.Attributes {
		facts[f.Key] = f.Value
	}
	if len(facts) != 4 || facts["orac.stt"].GetStringValue() != "whisper" || facts["orac.attempt"].GetIntValue() != 2 || facts["orac.score"].GetDoubleValue() != 0.5 || !facts["orac.cut"].GetBoolValue() {
		t.Error(facts)
	}
	if b.ParentSpanId != nil || b.Kind != trace.Span_SPAN_KIND_INTERNAL || b.Status != nil || b.EndTimeUnixNano < b.StartTimeUnixNano || b.Flags != 0x101 {
		t.Error(b)
	}
}

// TestCollectorsThatMisbehave: what they do is an error that names them, or counts as taken; none is believed or read without end.
func TestCollectorsThatMisbehave(t *testing.T) {
	many, _ := proto.Marshal(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: 1 << 60}})
	few, _ := proto.Marshal(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: -5}})
	for name, c := range map[string]struct {
		serve   http.HandlerFunc
		refused int
		kind    wire.Kind // 0: it counts as taken
	}{
		"more than was sent": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(many) }, 2, 0},
		"less than nothing":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(few) }, 0, 0},
		"JSON":               {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"partialSuccess":{}}`) }, 0, 0},
		"without end": {func(w http.ResponseWriter, r *http.Request) {
			for i := 0; r.Context().Err() == nil && i < 1<<20; i++ {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, 0, 0},
		"an error with a secret": {func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.Header.Get("Authorization"), 500) }, 0, wire.Busy},
		"refused":                {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, 0, wire.Refused},
		"elsewhere":              {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://127.0.0.1:1/", 307) }, 0, wire.Unreachable},
		"not this one":           {http.NotFound, 0, wire.Unreachable},
		"too often": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
		}, 0, wire.Busy},
	} {
		refused, err := export(t, c.serve)
		e, _ := errors.AsType[*wire.Error](err)
		if refused != c.refused || (err != nil) != (c.kind != 0) || e != nil && (e.Kind != c.kind || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %d, %v", name, refused, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	answer, _ := proto.Marshal(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: 3, ErrorMessage: "x"}})
	f.Add(answer)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if n := parse(answer, 10); n < 0 || n > 10 {
			t.Error(n)
		}
	})
}

func TestBadConfig(t *testing.T) {
	for _, c := range []Config{{URL: "nowhere"}, {URL: "http://x", Headers: map[string]wire.Secret{"a b": secret("x")}}, {URL: "http://x", TLS: wire.TLS{CA: "/none"}}} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "traces") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
