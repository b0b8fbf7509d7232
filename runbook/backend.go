package runbook

import (
	"slices"
	"time"

	"orac/runbook/language"
)

// Backend is what carries commands out.
type Backend struct {
	Address    Address
	Name       string
	Protocol   string          `hcl:"protocol"` // see backendProtocols
	URL        string          `hcl:"url"`
	Token      language.Secret `hcl:"token"`
	Username   string          `hcl:"username"`
	Password   language.Secret `hcl:"password"`
	Command    []string        `hcl:"command"`
	Timeout    time.Duration   `hcl:"timeout"`
	Entities   []string        `hcl:"entities"` // patterns; empty: all
	Hide       []string        `hcl:"hide"`     // patterns
	Areas      []string        `hcl:"areas"`    // names or IDs; empty: all
	Agent      string          `hcl:"agent"`
	Language   string          `hcl:"language"`
	Method     string          `hcl:"method"` // POST, PUT or GET
	QoS        int             `hcl:"qos"`
	Retain     bool            `hcl:"retain"`
	Encrypted  bool            `hcl:"encrypted"`
	RetryDelay time.Duration   `hcl:"max_retry_delay"`
	CA         string          `hcl:"ca"` // these paths are resolved against Runbook.Dir; "" for none
	ClientCert string          `hcl:"client_cert"`
	ClientKey  string          `hcl:"client_key"`
}

// HasHome tells whether the backend knows entities that sentences can name.
func (b Backend) HasHome() bool { return backendProtocols.of(b.Protocol).home }

// Noun is what it is: "a Home Assistant".
func (b Backend) Noun() string { return backendProtocols.of(b.Protocol).noun }

// backendProtocols are all ways to carry a command out.
var backendProtocols = protocolTable{
	{
		name: "home_assistant", doc: "home_assistant calls the services of a Home Assistant, and learns from it what there is and what came of a call.", noun: "a Home Assistant", home: true,
		needs: []need{
			{"url", `Add url = "http://homeassistant.local:8123", the address of Home Assistant.`},
			{"token", `Add token = secret("NAME"), a long-lived access token: make one at the end of your profile's page in Home Assistant.`},
		},
		takes:     []string{"entities", "hide", "areas", "ca", "client_cert", "max_retry_delay"},
		callTakes: []string{"data"}, callNeeds: []string{"service"},
	},
	{
		name: "mqtt", doc: "mqtt publishes a message to a broker.", noun: "an MQTT broker",
		needs:     []need{{"url", `Add url = "tcp://HOST:1883", the address of the broker.`}},
		takes:     []string{"username", "password", "qos", "retain", "encrypted", "ca", "client_cert", "max_retry_delay"},
		callTakes: []string{"data", "payload", "proof_topic"}, callNeeds: []string{"service"},
	},
	{
		name: "webhook", doc: "webhook sends an HTTP request.", noun: "a webhook",
		needs:     []need{{"url", `Add url = "http://HOST/PATH", the address of the request.`}},
		takes:     []string{"token", "method", "ca", "client_cert"},
		callTakes: []string{"data", "payload"},
	},
	{
		name: "exec", doc: "exec runs a command, with what was said as arguments, and without a shell.", noun: "a command",
		needs:     []need{{"command", `Add command = ["PROGRAM"]. call.arguments follow it.`}},
		callTakes: []string{"arguments"},
	},
	{
		name: "conversation", doc: "conversation hands the text to Home Assistant's own conversation.", noun: "Home Assistant's conversation",
		needs: []need{
			{"url", `Add url = "http://homeassistant.local:8123", the address of Home Assistant.`},
			{"token", `Add token = secret("NAME"), a long-lived access token of Home Assistant.`},
		},
		takes: []string{"agent", "language", "ca", "client_cert"},
	},
}

// patternOfEntities is a name in entities and hide.
var patternOfEntities = language.Match(`^[a-z0-9_*]{1,64}(\.[a-z0-9_*]{1,200})?$`)

var backendBlock = &language.BlockType{
	Type: "backend", Named: true,
	Doc:  "What carries commands out, and proves that it did.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Backends }),
	Example: `backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.local:8123"
  token    = secret("ha_token")
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "protocol", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Required: true, Values: backendProtocols.names(), Example: `"home_assistant"`,
			Doc: backendProtocols.doc()},
		{Name: "url", Kind: language.URL, TCP: true, Gives: language.Reaches, OnChange: language.InPlace, Example: `"http://homeassistant.local:8123"`,
			Doc: "The address; for protocol mqtt `tcp://HOST:PORT`. A redirect to another host is not followed."},
		{Name: "token", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("ha_token")`,
			Doc: "A bearer token to send. For home_assistant and conversation a long-lived access token."},
		{Name: "username", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"orac"`,
			Pattern: oneLine, Expect: oneLineExpect, Doc: "For mqtt: who ORAC is to the broker."},
		{Name: "password", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("mqtt")`,
			Doc: "For mqtt: the password that goes with username."},
		{Name: "command", Kind: language.Strings, Gives: language.Runs, OnChange: language.InPlace, Example: `["/usr/local/bin/coffee"]`,
			Doc: "For exec: the program, and its first arguments. What a call adds stands behind them. It runs as ORAC's user, with nothing on its input; its first line of output is the reply, and any exit code but 0 is a failure."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "10s", Min: "500ms", Max: "2m",
			Doc: "How long one call and its proof may take."},
		{Name: "entities", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Example: `["light.*", "switch.kitchen_*"]`,
			Doc: "For home_assistant: the entities that sentences may name, as IDs in which * stands for anything. Without it, all that Home Assistant shows."},
		{Name: "hide", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Example: `["lock.*", "*.garage_*"]`,
			Doc: "For home_assistant: the entities that nobody may name, although entities or areas admit them."},
		{Name: "areas", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Example: `["Kitchen", "Living Room"]`,
			Doc: "For home_assistant: the areas whose entities sentences may name, by name or ID. Without it, all, and entities without an area."},
		{Name: "agent", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"conversation.home_assistant"`,
			Pattern: language.Match(`^[A-Za-z0-9_.-]{1,200}$`), Expect: "1 to 200 letters, digits and _ . -",
			Doc: "For conversation: which agent of Home Assistant answers. Without it, Home Assistant's own choice."},
		{Name: "language", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"en"`,
			Pattern: language.Match(`^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8}){0,3}$`), Expect: `a language code like "en" or "en-GB"`,
			Doc: "For conversation: the language of the text."},
		{Name: "method", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Default: "POST", Values: []string{"POST", "PUT", "GET"},
			Doc: "For webhook: the HTTP method. GET sends no body."},
		{Name: "qos", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "1", Min: "0", Max: "2",
			Doc: "For mqtt: how the broker confirms a message. 0 confirms nothing."},
		{Name: "retain", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "false",
			Doc: "For mqtt: whether the broker keeps the message for those that come later."},
		{Name: "encrypted", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "false",
			Doc: "For mqtt: whether the connection to the broker is encrypted (TLS)."},
		{Name: "max_retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "8s", Min: "1s", Max: "10m",
			Doc: "For home_assistant and mqtt: the longest pause between two tries to connect. Pauses grow up to this value."},
	}, tlsClient("the server's")),
	Rules: slices.Concat(backendProtocols.rules(nil, nil), []language.Rule{
		overTCP("mqtt", "a broker"),
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
		together("username", "password", "A password needs its name, and a name its password."),
		{
			Uses: []string{"entities", "hide"},
			Doc:  "entities and hide are IDs of entities, in which * stands for anything",
			Hint: `Write them like "light.*" or "switch.kitchen_lamp", in lower case.`,
			Holds: func(g language.Given) bool {
				bad := func(p string) bool { return !patternOfEntities.MatchString(p) }
				return !slices.ContainsFunc(g.Texts("entities"), bad) && !slices.ContainsFunc(g.Texts("hide"), bad)
			},
		},
	}),
}
