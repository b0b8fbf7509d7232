package runbook

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/runbook/hook"
	"orac/runbook/language"
)

// Hooks are the programs that are told what happens.
type Hooks struct {
	Webhooks []Webhook
}

var hooks = []*language.BlockType{webhookBlock}

// Webhook is called when something happens.
type Webhook struct {
	Address       Address
	Name          string
	URL           language.Template          `hcl:"url"`
	Events        []string                   `hcl:"events"`    // nil: the wakes of the models that name it, in the format of Hey ORAC
	Listeners     []Address                  `hcl:"listeners"` // empty: all
	Method        string                     `hcl:"method"`    // POST, PUT or GET
	Body          language.Template          `hcl:"body"`
	Secret        language.Secret            `hcl:"secret"` // see Webhook.SigningKey
	Timeout       time.Duration              `hcl:"timeout"`
	MaxRetryDelay time.Duration              `hcl:"max_retry_delay"`
	Keep          time.Duration              `hcl:"keep"`
	Queue         language.Size              `hcl:"queue"`
	Headers       map[string]language.Secret `hcl:"headers"`
	Login         Address                    `hcl:"login"` // whose tokens go with each request, for the audience; "" for none
	Audience      string                     `hcl:"audience"`
	CA            string                     `hcl:"ca"` // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string                     `hcl:"client_cert"`
	ClientKey     string                     `hcl:"client_key"`
}

// anEvent is what the url and the body of a webhook can name.
var anEvent = &language.Words{
	What: "the event that is sent",
	List: []language.Word{{Name: "event", Type: hook.Type(), Doc: "The event to send: see appliance/notify/README.md."}},
}

var webhookBlock = &language.BlockType{
	Type: "webhook", Named: true,
	Doc:  "A URL that is called when something happens. A slow receiver never delays detection: events wait in a queue on the disk, are sent in order, and are sent again until the receiver accepts them. appliance/notify/README.md lists the events and shows how to check a signature.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Webhooks }),
	Example: `webhook "house" {
  url    = "http://homeassistant.local:8123/api/webhook/${secret("ha_webhook")}"
  events = ["wake", "transcript"]
  secret = secret("house")
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "url", Kind: language.URL, Gives: language.Reaches, OnChange: language.InPlace, Required: true, Secret: language.SecretAllowed, Sees: anEvent, Example: `"http://lights.local/wake"`,
			Doc: "The URL to call. It may be a secret, since some services put a key in it. Its path and query may contain ${event.…}, its host may not. Each value is escaped for its place."},
		{Name: "events", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Values: hook.Names(), Example: `["wake", "transcript"]`,
			Doc: "The events to send, as JSON: wake, recording, transcript (what was said), delivery, acted (what came of a command), timer_ended, incident, mute, health. Without it, only wakes of the models that name this webhook are sent, in the format of Hey ORAC."},
		{Name: "listeners", Kind: language.Refs, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"listener"}, Example: "[listener.kitchen]",
			Doc: "Send only events about these listeners and their devices. If empty, events about all are sent. Events that are about no listener or device are always sent."},
		{Name: "method", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Default: "POST", Values: []string{"POST", "PUT", "GET"},
			Doc: "The HTTP method. GET sends no body."},
		{Name: "body", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Secret: language.SecretAllowed, Sees: anEvent, Example: `jsonencode({ text = event.text })`,
			Doc: "What to send instead of the event's JSON: text with ${event.…} in it, or jsonencode({ … }). A field that the event does not have is empty, 0 or false."},
		{Name: "secret", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("house")`,
			Pattern: signingKey, Expect: `whsec_ and base64 of 24 to 64 bytes, or 24 to 512 other printable characters on one line`,
			Doc: "The key that signs requests, as in Standard Webhooks (HMAC-SHA256, in the header webhook-signature). `orac secrets generate` makes one. Text that begins with whsec_ continues with the key in base64; any other text is the key itself."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "5s", Min: "1s", Max: "60s",
			Doc: "How long one call may take."},
		{Name: "max_retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "1s", Max: "1h",
			Doc: "The longest pause between two attempts. Pauses grow up to this value. A receiver may ask for a longer one (Retry-After)."},
		{Name: "keep", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "1d", Min: "1m", Max: "30d",
			Doc: "How long an event waits for the receiver before it is dropped. Events that were set aside are also deleted after this time."},
		{Name: "queue", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "4MiB", Min: "64KiB", Max: "256MiB",
			Doc: "How much may wait on the disk. Beyond this size, or 10000 events, the oldest is dropped."},
		{Name: "headers", Kind: language.Map, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretAllowed, Example: `{ Authorization = "Bearer ${env("LIGHTS_TOKEN")}" }`,
			SecretKeys: secretHeaders,
			Doc:        "HTTP headers to send. Their values are never printed. The values of Authorization, Cookie, X-Api-Key and names that end in -Token, -Secret, -Password or -Key may not be written out in the file; others may be."},
	}, byLogin("the receiver", "a header Authorization"), tlsClient("the receiver's")),
	Rules: []language.Rule{
		loginNeedsAudience,
		{
			Uses: []string{"login", "headers"},
			Doc:  "with login, headers has no Authorization",
			Hint: "The login's tokens go into that header. Leave out one of the two.",
			Holds: func(g language.Given) bool {
				return !g.Written("login") || !slices.ContainsFunc(g.Keys("headers"), func(name string) bool { return strings.EqualFold(name, "Authorization") })
			},
		},
		{
			Uses: []string{"body", "method"},
			Doc:  `method = "GET" sends no body`,
			Hint: "Leave body out and put what the receiver needs into url, or use POST.",
			Holds: func(g language.Given) bool {
				return g.Text("method") != "GET" || !g.Written("body")
			},
		},
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
	},
}

// secretHeaders are the names of headers whose values may not be written out.
var secretHeaders = language.Match(`(?i)^((proxy-)?authorization|(set-)?cookie|(x-)?api-?key|(.+[-_])?(token|secret|password|key))$`)

// signingKey matches what secret may be: base64 of 24 to 64 bytes after whsec_, or 24 to 512 printable characters with any other
// start.
var signingKey = language.Match(`^(whsec_([A-Za-z0-9+/]{4}){7,20}([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)` +
	`|[ -vx-~][ -~]{23,511}|w[ -gi-~][ -~]{22,510}|wh[ -rt-~][ -~]{21,509}|whs[ -df-~][ -~]{20,508}|whse[ -bd-~][ -~]{19,507}|whsec[ -^\x60-~][ -~]{18,506})$`)

// SigningKey returns the key that secret means; nil if there is no secret.
func (w Webhook) SigningKey() []byte {
	text := w.Secret.Reveal()
	encoded, ok := strings.CutPrefix(text, "whsec_")
	if !ok {
		return []byte(text)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		panic("BUG: signingKey lets in what is no base64")
	}
	return key
}

// Told returns the kinds of events that a webhook receives. If it names none, these are the wakes of the
// models that name it.
func (w Webhook) Told() []string {
	if len(w.Events) == 0 {
		return []string{"wake"}
	}
	return w.Events
}

// webhooksNameTheirFields refuses a field in a template that none of the webhook's events has: it would always be empty.
func webhooksNameTheirFields(value any, d *language.Document) (found language.Diagnostics) {
	for _, w := range value.(*Runbook).Webhooks {
		found = append(found, fieldsAreThere(d, w.Address, w.Told(), "url", w.URL)...)
		found = append(found, fieldsAreThere(d, w.Address, w.Told(), "body", w.Body)...)
	}
	return found
}

// fieldsAreThere refuses a field in a template that none of some kinds of events has.
func fieldsAreThere(d *language.Document, block Address, events []string, attribute string, t language.Template) (found language.Diagnostics) {
	has := map[string]bool{}
	for _, name := range events {
		k, _ := hook.Named(name)
		for _, f := range k.Fields() {
			has[f.Name] = true
		}
	}
	for _, name := range t.Fields() {
		field, ok := strings.CutPrefix(name, "event.")
		if !ok || has[field] {
			continue
		}
		found = append(found, d.Problem(block, attribute, language.Error, fmt.Sprintf("no event of this %s has the field %s", block.Type(), name),
			fmt.Sprintf("It is a field of %s; %s sends %s.", language.OrList(kindsWith(field)), block, language.OrList(events))))
	}
	return found
}

func kindsWith(field string) (names []string) {
	for _, k := range hook.Kinds {
		if slices.ContainsFunc(k.Fields(), func(f hook.Field) bool { return f.Name == field }) {
			names = append(names, k.Name)
		}
	}
	return names
}
