package runbook

import (
	"slices"
	"time"

	"orac/runbook/language"
)

// Tracing says where the traces of commands go.
type Tracing struct {
	Traces Traces
}

var tracing = []*language.BlockType{tracesBlock}

// Traces is the collector that takes the traces of commands.
type Traces struct {
	Address       Address
	Name          string
	URL           string                     `hcl:"url"` // of the collector, to which v1/traces is appended; "": nothing is traced
	Sample        float64                    `hcl:"sample"`
	Headers       map[string]language.Secret `hcl:"headers"`
	Timeout       time.Duration              `hcl:"timeout"`
	MaxRetryDelay time.Duration              `hcl:"max_retry_delay"`
	Queue         int                        `hcl:"queue"` // spans
	CA            string                     `hcl:"ca"`    // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string                     `hcl:"client_cert"`
	ClientKey     string                     `hcl:"client_key"`
}

// tracesGoSomewhere demands an address.
func tracesGoSomewhere(value any, d *language.Document) language.Diagnostics {
	t := value.(*Runbook).Traces
	if b, _ := d.Block(t.Address); b.Written && !t.On() {
		return language.Diagnostics{d.Problem(t.Address, "", language.Error, "url is missing", `Add url = "http://collector.local:4318". Without a traces block nothing is traced.`)}
	}
	return nil
}

// On tells whether commands are traced.
func (t Traces) On() bool { return t.URL != "" }

var tracesBlock = &language.BlockType{
	Type: "traces", Single: true,
	Doc: "Where traces of commands go: an OpenTelemetry collector, or a program that speaks OTLP over HTTP as Jaeger, Grafana Tempo and many services do. " +
		"One command, from the wake word to the answer, is one trace on all machines that have a part in it; its request ID is its thread. " +
		"A trace holds no word of what was said. Nothing waits for the collector: while it is away, a bounded number of spans waits, and more are dropped and counted. Without this block nothing is traced.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Traces }),
	Example: `traces {
  url = "http://collector.local:4318"
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "url", Kind: language.URL, Gives: language.Reaches, OnChange: language.InPlace, Example: `"http://collector.local:4318"`,
			Doc: "The address of the collector, as OTEL_EXPORTER_OTLP_ENDPOINT has it: ORAC appends /v1/traces."},
		{Name: "sample", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "1", Min: "0", Max: "1", Example: "0.25",
			Doc: "The part of the commands that is traced. The request ID decides which: appliances with the same value trace the same commands. If a peer says that it traces a command, or that it does not (traceparent), that counts."},
		{Name: "headers", Kind: language.Map, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretAllowed, Example: `{ Authorization = "Bearer ${secret("collector")}" }`,
			SecretKeys: secretHeaders,
			Doc:        "HTTP headers to send, as OTEL_EXPORTER_OTLP_HEADERS has them. Their values are never printed. The values of Authorization, Cookie, X-Api-Key and names that end in -Token, -Secret, -Password or -Key may not be written out in the file; others may be."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "10s", Min: "1s", Max: "60s",
			Doc: "How long one call may take."},
		{Name: "max_retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "1s", Max: "1h",
			Doc: "The longest pause between two attempts. Pauses grow up to this value. A collector may ask for a longer one (Retry-After), up to 5 minutes."},
		{Name: "queue", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "2048", Min: "64", Max: "65536", Unit: "spans",
			Doc: "How many spans may wait in memory. Beyond this number the oldest are dropped. A command has about ten spans of half a kilobyte."},
	}, tlsClient("the collector's")),
	Rules: []language.Rule{
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
	},
}
