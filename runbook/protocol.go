package runbook

import (
	"fmt"
	"slices"
	"strings"

	"orac/runbook/language"
)

// protocol is one way of an stt block to turn speech into text.
type protocol struct {
	name  string
	doc   string // one sentence
	needs []need
	takes []string // further attributes that only some protocols have
	way   Way      // how sound is sent, unless settings require another way
	why   string   // why it is not streamed, if it could be over a network
	noun  string   // what answers
	asked bool     // the service can be asked how it is
}

// need is an attribute that a protocol cannot do without.
type need struct{ attribute, hint string }

// overHTTP are the settings of protocols that travel over HTTP. client_key goes with client_cert.
var overHTTP = []string{"token", "ca", "client_cert", "health_every"}

// protocols are all of them. What the block accepts, what it demands, how sound travels and what is probed follow from this table.
var protocols = []protocol{
	{
		name: "orac", doc: "orac sends utterances to an ORAC STT server.", noun: "an ORAC STT server",
		needs: []need{{"url", `Add url = "http://HOST:7272", the address of the ORAC STT server.`}},
		takes: slices.Concat(overHTTP, []string{"streaming", "language", "task", "forward_to_core", "auth"}),
		way:   ByStream, asked: true,
	},
	{
		name: "openai", doc: "openai sends them to any server with OpenAI's interface for transcriptions: LocalAI, speaches and other faster-whisper servers, vLLM, or a cloud.",
		noun: "a server with OpenAI's interface",
		needs: []need{
			{"url", `Add url = "http://HOST:PORT", the address of the server. ORAC adds /v1/audio/transcriptions.`},
			{"model", `Add model = "NAME", as the server calls it, like "whisper-1". A server with only one model accepts any name.`},
		},
		takes: slices.Concat(overHTTP, []string{"language", "prompt"}),
		way:   ByHTTP, why: "OpenAI's interface takes whole recordings", asked: true,
	},
	{
		name: "whisper_server", doc: "whisper_server sends them to the server of whisper.cpp.", noun: "the server of whisper.cpp",
		needs: []need{{"url", `Add url = "http://HOST:8080", the address of the server. ORAC adds /inference.`}},
		takes: slices.Concat(overHTTP, []string{"language", "prompt"}),
		way:   ByHTTP, why: "the server of whisper.cpp takes whole recordings", asked: true,
	},
	{
		name: "wyoming", doc: "wyoming sends them, while the person speaks, to a speech-to-text service of Home Assistant.", noun: "a Wyoming service",
		needs: []need{{"url", `Add url = "tcp://HOST:10300", the address of the service.`}},
		takes: []string{"language", "health_every"},
		way:   ByWyoming, asked: true,
	},
	{
		name: "embedded", doc: "embedded understands English on this machine, in a process of ORAC's own.", noun: "the engine of this machine",
		takes: []string{"model", "idle", "max_memory", "partials"},
		way:   ByEngine,
	},
	{
		name: "exec", doc: "exec starts a command for each utterance and uses what it prints as the text.", noun: "a command",
		needs: []need{{"command", `Add command = ["PROGRAM", "{wav}"].`}},
		way:   ByCommand,
	},
}

// protocolOf returns the protocol of a name. The language admits no other names.
func protocolOf(name string) protocol {
	i := slices.IndexFunc(protocols, func(p protocol) bool { return p.name == name })
	if i < 0 {
		return protocol{name: name}
	}
	return protocols[i]
}

// has tells whether a block of the protocol may write an attribute that only some protocols have.
func (p protocol) has(attribute string) bool {
	return slices.Contains(p.takes, attribute) || slices.ContainsFunc(p.needs, func(n need) bool { return n.attribute == attribute })
}

// Asked tells whether the service can be asked how it is.
func (s STT) Asked() bool { return protocolOf(s.Protocol).asked }

// Noun is what answers: "an ORAC STT server".
func (s STT) Noun() string { return protocolOf(s.Protocol).noun }

// protocolNames are the words of the attribute protocol.
func protocolNames() (names []string) {
	for _, p := range protocols {
		names = append(names, p.name)
	}
	return names
}

// protocolDoc describes them all.
func protocolDoc() string {
	var b strings.Builder
	for i, p := range protocols {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.doc)
	}
	return b.String()
}

// elsewhere are the hints for a setting that the protocol of a block does not have, where a better way exists than leaving it
// out.
var elsewhere = map[string]string{
	"language":        `Leave language out. A command is told the language in its arguments: command = ["PROGRAM", "-l", "en", "{wav}"].`,
	"task":            "Leave task out. A command is told what to do in its arguments.",
	"forward_to_core": "Leave forward_to_core out: only an ORAC STT server can forward texts to ORAC Core.",
}

// protocolRules demand what a protocol needs, and refuse what it does not know.
func protocolRules() (rules []language.Rule) {
	only := map[string][]string{} // protocols, by attribute
	var order []string
	for _, p := range protocols {
		for _, n := range p.needs {
			rules = append(rules, language.RequiredWhen("protocol", p.name, n.attribute, n.hint))
		}
	}
	for _, p := range protocols {
		for _, n := range p.needs {
			only[n.attribute], order = append(only[n.attribute], p.name), append(order, n.attribute)
		}
		for _, name := range p.takes {
			only[name], order = append(only[name], p.name), append(order, name)
		}
	}
	slices.Sort(order)
	for _, name := range slices.Compact(order) {
		if name == "streaming" { // false suits every protocol: see wayRules
			continue
		}
		rule := language.OnlyWhenOneOf("protocol", only[name], name)
		if hint := elsewhere[name]; hint != "" {
			rule.Hint = hint
		}
		rules = append(rules, rule)
	}
	return append(rules, language.Rule{
		Uses: []string{"url", "protocol"},
		Doc:  `url begins with tcp:// for protocol = "wyoming", and with http:// or https:// for every other`,
		Hint: `Write "tcp://HOST:PORT" for a Wyoming service, and "http://HOST:PORT" for a server.`,
		Holds: func(g language.Given) bool {
			return !g.Written("url") || strings.HasPrefix(g.Text("url"), "tcp://") == (protocolOf(g.Text("protocol")).way == ByWyoming)
		},
	})
}

// streamers are the protocols that listen while the person speaks.
func streamers() (names []string) {
	for _, p := range protocols {
		if p.way == ByStream {
			names = append(names, fmt.Sprintf("%q", p.name))
		}
	}
	return names
}
