package thread

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const peers = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// theirs is what OpenTelemetry reads in a header.
func theirs(header string) trace.SpanContext {
	carrier := propagation.MapCarrier{"traceparent": header}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		peers, "", "00", strings.ToUpper(peers), peers + "-", "01" + peers[2:] + "-more", "01" + peers[2:] + "x", "ff" + peers[2:], strings.Replace(peers, "-01", "-00", 1),
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", strings.Repeat(peers, 1000),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := Parse(s)
		if ok != (Given(s) != "") || ok && (Given(Given(s)) != Given(s) || len(Given(s)) != parentLen) {
			t.Errorf("%q is given as %q", s, Given(s))
		}
		their := theirs(s)
		if ok && their.IsValid() && (p.Trace.String() != their.TraceID().String() || p.Step.String() != their.SpanID().String() || p.Sampled != their.IsSampled()) {
			t.Errorf("%q: %+v, OpenTelemetry reads %+v", s, p, their)
		}
		if strings.HasPrefix(s, "00-") && len(s) == parentLen && s[53] == '0' && ok != their.IsValid() {
			t.Errorf("%q: %v, OpenTelemetry says %v", s, ok, their.IsValid())
		}
	})
}

// TestOneTrace on all machines that know the ID of the request, and that of a peer where it tells one.
func TestOneTrace(t *testing.T) {
	a, b := Sampling{Origin: "kitchen", On: true, Ratio: 1}, Sampling{Origin: "core", On: true, Ratio: 1}
	own := Thread{ID: "utt-1"}
	sent := a.Onward(own, "deliver whisper 1")
	p, ok := Parse(sent.Parent)
	if !ok || sent.ID != own.ID || p.Trace != own.Trace() || p.Step != own.Step("kitchen", "deliver whisper 1") || !p.Sampled || !theirs(sent.Parent).IsSampled() {
		t.Errorf("%+v", sent)
	}
	if there := (Thread{ID: "utt-1"}); there.Trace() != p.Trace || own.Trace() == (Thread{ID: "utt-2"}).Trace() {
		t.Error("the ID of the request alone does not give the trace")
	}
	further := b.Onward(sent, "deliver whisper 1")
	if q, _ := Parse(further.Parent); q.Trace != p.Trace || q.Step == p.Step {
		t.Errorf("%+v", further)
	}
	foreign := Thread{ID: "some-request", Parent: peers}
	if foreign.Trace().String() != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Error(foreign.Trace())
	}
	if id := RequestID(peers); (Thread{ID: id}).Trace() != foreign.Trace() || RequestID("x") != "" {
		t.Errorf("a request without an ID is called %q", id)
	}
}

func TestSampling(t *testing.T) {
	off, none, half := Sampling{Origin: "x"}, Sampling{Origin: "x", On: true}, Sampling{Origin: "x", On: true, Ratio: 0.5}
	unsampled := Thread{ID: "r", Parent: strings.Replace(peers, "-01", "-00", 1)}
	sampled := Thread{ID: "r", Parent: peers}
	if off.Takes(sampled) || off.Onward(sampled, "s") != sampled || off.Onward(Thread{ID: "r"}, "s").Parent != "" {
		t.Error("without a traces block a peer's trace is not passed on as it is")
	}
	if !none.Takes(sampled) || none.Takes(Thread{ID: "r"}) || half.Takes(unsampled) {
		t.Error("a peer's decision does not count")
	}
	if p, ok := Parse(none.Onward(Thread{ID: "r"}, "s").Parent); !ok || p.Sampled {
		t.Error("the next machine is not told that the trace is left out")
	}
	if none.Onward(Thread{}, "s").Parent != "" {
		t.Error("what belongs to no request has a trace")
	}
	theirs, taken := sdk.TraceIDRatioBased(0.5), 0
	for i := range 1000 {
		h := Thread{ID: strings.Repeat("u", i+1)}
		if half.Takes(h) {
			taken++
		}
		want := theirs.ShouldSample(sdk.SamplingParameters{TraceID: trace.TraceID(h.Trace())}).Decision == sdk.RecordAndSample
		if half.Takes(h) != want {
			t.Errorf("trace %s: OpenTelemetry's sampler decides otherwise", h.Trace())
		}
	}
	if taken < 400 || taken > 600 {
		t.Errorf("of 1000 traces %d are taken at a ratio of a half", taken)
	}
}
