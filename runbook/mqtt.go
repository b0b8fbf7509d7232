package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/runbook/hook"
	"orac/runbook/language"
)

// MQTT is a broker at which the appliance shows itself, and may take orders.
type MQTT struct {
	Address       Address
	Name          string
	URL           string            `hcl:"url"`
	Username      string            `hcl:"username"`
	Password      language.Secret   `hcl:"password"`
	Encrypted     bool              `hcl:"encrypted"`
	Device        string            `hcl:"device_id"` // "": see DeviceID
	Base          string            `hcl:"base"`      // "": see BaseTopic
	HomeAssistant bool              `hcl:"home_assistant"`
	Prefix        string            `hcl:"discovery_prefix"`
	Friendly      string            `hcl:"friendly_name"`
	Area          string            `hcl:"area"`
	Allow         []string          `hcl:"allow"` // what may be ordered
	Triggers      bool              `hcl:"device_triggers"`
	Transcripts   string            `hcl:"transcripts"` // TranscriptsOff, TranscriptsPass or TranscriptsKept
	Events        []string          `hcl:"events"`
	Topic         language.Template `hcl:"topic"`
	Payload       language.Template `hcl:"payload"`
	Timeout       time.Duration     `hcl:"timeout"`
	MaxRetryDelay time.Duration     `hcl:"max_retry_delay"`
	Queue         int               `hcl:"queue"` // messages
	CA            string            `hcl:"ca"`    // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string            `hcl:"client_cert"`
	ClientKey     string            `hcl:"client_key"`
}

// AllowSay lets others have texts spoken.
const AllowSay = "say"

// What becomes of what was said.
const (
	TranscriptsOff  = "off"
	TranscriptsPass = "pass"
	TranscriptsKept = "retain"
)

// topicLevels matches a topic that messages may go to: no wildcards, no empty levels, nothing of the broker's own.
var topicLevels = language.Match(`^[^+#$/\x00-\x1f\x7f][^+#/\x00-\x1f\x7f]*(/[^+#/\x00-\x1f\x7f]+)*$`)

// LongestTopic is how long a topic may be, in bytes.
const LongestTopic = 250

// IsTopic tells whether messages may go to a topic.
func IsTopic(text string) bool { return len(text) <= LongestTopic && topicLevels.MatchString(text) }

// DeviceID is the identity of the appliance at the broker and for Home Assistant.
func (m MQTT) DeviceID(appliance string) string {
	return cmp.Or(m.Device, strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, "orac-"+appliance))
}

// BaseTopic begins the topics of the appliance.
func (m MQTT) BaseTopic(appliance string) string {
	return cmp.Or(m.Base, "orac/"+m.DeviceID(appliance))
}

var mqttBlock = &language.BlockType{
	Type: "mqtt", Named: true,
	Doc: "An MQTT broker at which the appliance shows itself: to Home Assistant, which finds it by its own discovery, and to anybody else. It speaks MQTT 5. " +
		"Nothing waits for the broker: while it is away, what happens is dropped and counted, and when it is back it is told how things are. appliance/mqtt/README.md lists the topics.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.MQTTs }),
	Example: `mqtt "home" {
  url      = "tcp://homeassistant.local:1883"
  username = "orac"
  password = secret("mqtt")
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "url", Kind: language.URL, TCP: true, Gives: language.Reaches, OnChange: language.InPlace, Required: true, Example: `"tcp://homeassistant.local:1883"`,
			Doc: "The address of the broker, `tcp://HOST:PORT`. The port is usually 1883, and 8883 with encrypted = true."},
		{Name: "username", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"orac"`,
			Pattern: oneLine, Expect: oneLineExpect, Doc: "Who ORAC is to the broker."},
		{Name: "password", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("mqtt")`,
			Doc: "The password that goes with username."},
		{Name: "encrypted", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "false",
			Doc: "Whether the connection is encrypted (TLS). The broker's certificate is then checked, always."},
		{Name: "device_id", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Example: `"orac-kitchen"`, DefaultDoc: "orac- and the name of the appliance",
			Pattern: language.Match(`^[A-Za-z0-9_-]{1,64}$`), Expect: "1 to 64 letters, digits, _ and -",
			Doc: "The identity of the appliance at the broker and in Home Assistant. Two clients with the same one throw each other out for ever. Another one is another device for Home Assistant."},
		{Name: "base", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Example: `"orac/kitchen"`, DefaultDoc: "orac/ and the device_id",
			Pattern: language.Match(`^[^+#$/\x00-\x1f\x7f][^+#/\x00-\x1f\x7f]{0,60}(/[^+#/\x00-\x1f\x7f]{1,60}){0,3}$`), Expect: "one to four levels of at most 60 characters, without + and #",
			Doc: "The topic that all topics of the appliance begin with."},
		{Name: "home_assistant", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "true",
			Doc: "Whether Home Assistant is told what there is, so that it shows the appliance as a device."},
		{Name: "discovery_prefix", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Default: "homeassistant",
			Pattern: language.Match(`^[^+#$/\x00-\x1f\x7f][^+#/\x00-\x1f\x7f]{0,60}(/[^+#/\x00-\x1f\x7f]{1,60}){0,3}$`), Expect: "one to four levels of at most 60 characters, without + and #",
			Doc: "Where Home Assistant looks for devices, as its MQTT integration says. It tells its birth on PREFIX/status."},
		{Name: "friendly_name", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Kitchen"`, DefaultDoc: "the name of the appliance",
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "What people read in Home Assistant."},
		{Name: "area", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Kitchen"`,
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "The area that Home Assistant suggests for the device."},
		{Name: "allow", Kind: language.Strings, Gives: language.Opens, OnChange: language.InPlace, Example: `["mute", "threshold"]`,
			Values: []string{AllowMute, AllowThreshold, AllowSay, AllowRestart},
			Doc:    "What whoever may write to the topics of the appliance can have it do. Who that is, the broker decides. Without it, nothing can be ordered. A threshold becomes part of the runbook's file, as a change in the console does."},
		{Name: "device_triggers", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "false",
			Doc: "Whether Home Assistant also gets a device trigger for each wake word, for automations that use these. The event entities tell the same."},
		{Name: "transcripts", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Default: TranscriptsPass, Values: []string{TranscriptsOff, TranscriptsPass, TranscriptsKept},
			Doc: "What the broker is told of what was said. off: nothing. pass: the text, and the broker keeps none. retain: the broker keeps the last text for those that come later."},
		{Name: "events", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Values: hook.Names(), Example: `["wake", "transcript"]`,
			Doc: "Events to publish as JSON, for programs other than Home Assistant. They are those of webhooks: see appliance/notify/README.md."},
		{Name: "topic", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Sees: anEvent, Secret: language.SecretAllowed, Example: `"house/${event.listener}/${event.type}"`, DefaultDoc: "BASE/events/TYPE",
			Doc: "Where events go: text with ${event.…} in it. A value is never more than one level of the topic: characters that mean something there become _."},
		{Name: "payload", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Sees: anEvent, Secret: language.SecretAllowed, Example: `jsonencode({ text = event.text })`,
			Doc: "What to publish instead of the event's JSON: text with ${event.…} in it, or jsonencode({ … }). A field that the event does not have is empty, 0 or false."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "10s", Min: "1s", Max: "60s",
			Doc: "How long the broker may take to connect, and to confirm a message."},
		{Name: "max_retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "8s", Min: "1s", Max: "10m",
			Doc: "The longest pause between two tries to connect. Pauses grow up to this value. A broker that refuses the login is asked again at this pace at most."},
		{Name: "queue", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "256", Min: "16", Max: "4096", Unit: "messages",
			Doc: "How many messages may wait for a broker that is slow. Beyond this number the oldest are dropped."},
	}, tlsClient("the broker's")),
	Rules: []language.Rule{
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
		together("username", "password", "A password needs its name, and a name its password."),
		{
			Uses: []string{"url"}, Doc: "url begins with tcp://", Hint: `Write "tcp://HOST:PORT". For TLS, add encrypted = true.`,
			Holds: func(g language.Given) bool { return strings.HasPrefix(g.Text("url"), "tcp://") },
		},
		{
			Uses: []string{"ca", "client_cert", "encrypted"}, Doc: "ca and client_cert are only for encrypted = true", Hint: "Add encrypted = true, or leave them out.",
			Holds: func(g language.Given) bool {
				return g.Flag("encrypted") || !g.Written("ca") && !g.Written("client_cert")
			},
		},
		{
			Uses: []string{"topic", "payload", "events"}, Doc: "topic and payload need events", Hint: `Add events = ["wake", "transcript"], or leave them out.`,
			Holds: func(g language.Given) bool {
				return g.Written("events") || !g.Written("topic") && !g.Written("payload")
			},
		},
	},
}

// mqttRules are what mqtt blocks may not say together, or of events.
var mqttRules = []language.Between{
	{Doc: "topic and payload of an mqtt block may only use fields that its events have, and topic makes a topic without + and #.", Check: mqttTopicsFit},
	{Doc: "Two mqtt blocks with the same broker need different device_ids.", Check: mqttsDiffer},
}

func mqttTopicsFit(value any, d *language.Document) (found language.Diagnostics) {
	for _, m := range value.(*Runbook).MQTTs {
		found = append(found, fieldsAreThere(d, m.Address, m.Events, "topic", m.Topic)...)
		found = append(found, fieldsAreThere(d, m.Address, m.Events, "payload", m.Payload)...)
		if text := m.Topic.Text(); m.Topic.IsSet() && !IsTopic(text) {
			found = append(found, d.Problem(m.Address, "topic", language.Error, "no message can go to this topic",
				fmt.Sprintf("A topic has 1 to %d bytes, no empty level, no + or #, and does not begin with $.", LongestTopic)))
		}
	}
	return found
}

func mqttsDiffer(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	type who struct{ url, id string }
	first := map[who]Address{}
	for _, m := range rb.MQTTs {
		w := who{m.URL, m.DeviceID(rb.Appliance.Name)}
		if other, taken := first[w]; taken {
			found = append(found, d.Problem(m.Address, "device_id", language.Error, fmt.Sprintf("%s is %q at this broker, too: they would throw each other out", other, w.id),
				"Give one of them a device_id of its own."))
			continue
		}
		first[w] = m.Address
	}
	return found
}

// Allows tells whether something may be ordered.
func (m MQTT) Allows(what string) bool { return slices.Contains(m.Allow, what) }
