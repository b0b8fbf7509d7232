package scenario

import (
	"time"

	"orac/runbook"
	"orac/runbook/language"
)

// Caller is another appliance, which sends its commands to a speech-to-text server of this one, or a Home Assistant: `caller "NAME"`. It
// sends each until it is answered, in order.
type Caller struct {
	Address runbook.Address
	Name    string
	Server  string        `hcl:"server"`  // name of the stt_server; "" is the first of the runbook
	Topic   string        `hcl:"topic"`   // name of a topic that acts here, which it asks as a peer of a Core does; "" for none
	Wyoming string        `hcl:"wyoming"` // name of a Wyoming service, which it asks as a Home Assistant does; "" for none
	Length  time.Duration `hcl:"length"`  // of a command
	At      time.Duration `hcl:"at"`
	Every   time.Duration `hcl:"every"`  // 0: once
	Jitter  time.Duration `hcl:"jitter"` // later by up to this, drawn from the seed
	Times   int           `hcl:"times"`  // at most this often; 0: until the end
}

var callerBlock = &language.BlockType{
	Type: "caller", Named: true,
	Doc:  "Another appliance, which sends commands to a speech-to-text server of this one. It sends each again, under the same ID, until it is answered. In `orac chaos` a caller needs a topic: nothing is sent to a server there.",
	Slot: language.Into(func(s *Scenario) any { return &s.Callers }),
	Example: `caller "kitchen" {
  at    = "10s"
  every = "20s"
}`,
	Attributes: []language.Attribute{
		{Name: "server", Kind: language.String, DefaultDoc: "the runbook's first", Example: `"house"`, Doc: "The name of the stt_server."},
		{Name: "topic", Kind: language.String, Example: `"general"`, Doc: "The name of a topic that acts on texts: it is asked directly, as peers of a Core do, instead of a server. If the topic has a language model, every third text needs it."},
		{Name: "wyoming", Kind: language.String, Example: `"house"`, Doc: "The name of a Wyoming service that serves speech to text: it is asked, as a Home Assistant does, instead of a server. Where there is no text, somebody says the command again."},
		{Name: "length", Kind: language.Duration, Default: "2s", Min: "100ms", Max: "14s", Doc: "How long a command is."},
		at("When it sends its first command, counted from the start.", language.Attribute{Default: "10s"}),
		every, jitter, times,
	},
	Rules: append([]language.Rule{excludes("server", "topic"), excludes("server", "wyoming"), excludes("topic", "wyoming")}, repeats...),
}

// excludes forbids two attributes beside each other.
func excludes(one, other string) language.Rule {
	return language.Rule{Uses: []string{one, other}, Doc: one + " and " + other + " exclude each other", Hint: "Leave one of them out.",
		Holds: func(g language.Given) bool { return !g.Written(one) || !g.Written(other) }}
}
