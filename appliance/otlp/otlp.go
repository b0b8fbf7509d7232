// Package otlp sends the steps of commands as spans to a collector, by OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/).
//
// It guarantees what package wire does: a call ends within its time, whatever the collector does, and reads no more of an answer than a few
// kilobytes; no error holds a secret. Nothing is kept between two calls: who sends decides what waits, and for how long.
//
// It has no exporter of OpenTelemetry's SDK, since that one brings a queue, a clock and tasks of its own, which the simulator could not
// drive, and gRPC. The messages are those of the official module.
package otlp

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// Span is a step that is over.
type Span struct {
	Trace      thread.TraceID
	ID, Parent thread.StepID
	Remote     bool // the parent is a step of another machine
	Name       string
	Role       event.StepRole
	From, To   time.Time
	Fails      string // "" if it did not
	Facts      []event.Fact
}

// Collector takes spans. Its error is a *wire.Error, or rt.ErrStopped.
type Collector interface {
	// Export returns how many of the spans the collector refused.
	Export(t *rt.Task, spans []Span) (refused int, err error)
}

// Config makes a Client. All fields except URL may be zero.
type Config struct {
	URL      string        // of the collector; /v1/traces is appended
	Timeout  time.Duration // of one call; 0 means DefaultTimeout
	Headers  map[string]wire.Secret
	TLS      wire.TLS
	Resource []event.Fact // what all spans have in common
	Version  string       // of this program
}

// DefaultTimeout is how long a collector may take, as in OpenTelemetry's SDK.
const DefaultTimeout = 10 * time.Second

// maxAnswer is the most that is read of an answer, in bytes: a number and a sentence.
const maxAnswer = 4 << 10

const op = "traces"

// Client is a Collector over HTTP.
type Client struct {
	url    string
	client *wire.Client
	config Config
}

// New makes a client; it connects to nothing yet.
func New(c Config) (*Client, error) {
	base, err := wire.ParseBase(c.URL)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	k := &Client{url: base.HTTP(nil, "v1", "traces"), config: c}
	k.client, err = wire.NewClient(wire.Options{Timeout: c.Timeout, Headers: c.Headers, TLS: c.TLS, Peer: "a collector that speaks OTLP", Answer: maxAnswer})
	if err != nil {
		return nil, fmt.Errorf("traces %s: %w", base, err)
	}
	return k, nil
}

// Export implements Collector.
func (k *Client) Export(t *rt.Task, spans []Span) (refused int, err error) {
	body, err := proto.Marshal(request(k.config, spans))
	if err != nil {
		return 0, &wire.Error{Op: op, Address: k.url, Kind: wire.Refused, Cause: err}
	}
	answer, err := k.client.Do(t, wire.Request{Op: op, Method: http.MethodPost, URL: k.url, ContentType: "application/x-protobuf", Body: body})
	if e, ok := errors.AsType[*wire.Error](err); ok && e.Kind == wire.Protocol { // it has answered with a success, at unbearable length
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return parse(answer, len(spans)), nil
}

// parse reads how many spans of an export a collector has refused. An answer that is none says so of no span: its status was a success.
func parse(answer []byte, sent int) (refused int) {
	var a collector.ExportTraceServiceResponse
	if proto.Unmarshal(answer, &a) != nil {
		return 0
	}
	return int(min(max(0, a.GetPartialSuccess().GetRejectedSpans()), int64(sent)))
}
