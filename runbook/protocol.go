package runbook

import (
	"fmt"
	"slices"
	"strings"

	"orac/runbook/language"
)

// protocol is one way in which a block reaches what it is for: an stt block what understands speech, a backend block what acts.
type protocol struct {
	name  string
	doc   string // one sentence
	needs []need
	takes []string // further attributes that only some protocols have
	way   Way      // how sound is sent, unless settings require another way
	why   string   // why it is not streamed, if it could be over a network
	noun  string   // what answers
	asked bool     // the service can be asked how it is

	// The rest is of backends.
	home                 bool     // it knows entities that sentences can name
	callTakes, callNeeds []string // attributes of the call of an intent
}

// protocolTable is every protocol of a block. What the block accepts and demands follows from it.
type protocolTable []protocol

// need is an attribute that a protocol cannot do without.
type need struct{ attribute, hint string }

// overHTTP are the settings of protocols that travel over HTTP. client_key goes with client_cert.
var overHTTP = []string{"token", "ca", "client_cert", "health_every"}

// protocols are all of them. What the block accepts, what it demands, how sound travels and what is probed follow from this table.
var protocols = protocolTable{
	{
		name: "orac", doc: "orac sends utterances to an ORAC STT server.", noun: "an ORAC STT server",
		needs: []need{{"url", `Add url = "http://HOST:7272", the address of the ORAC STT server.`}},
		takes: slices.Concat(overHTTP, []string{"member", "streaming", "language", "task", "forward_to_core", "auth", "login", "audience"}),
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

// of returns the protocol of a name. The language admits no other names.
func (ps protocolTable) of(name string) protocol {
	i := slices.IndexFunc(ps, func(p protocol) bool { return p.name == name })
	if i < 0 {
		return protocol{name: name}
	}
	return ps[i]
}

// protocolOf is the protocol of an stt block.
func protocolOf(name string) protocol { return protocols.of(name) }

// Asked tells whether the service can be asked how it is.
func (s STT) Asked() bool { return protocolOf(s.Protocol).asked }

// Noun is what answers: "an ORAC STT server".
func (s STT) Noun() string { return protocolOf(s.Protocol).noun }

// names are the words of the attribute protocol.
func (ps protocolTable) names() (names []string) {
	for _, p := range ps {
		names = append(names, p.name)
	}
	return names
}

// doc describes them all.
func (ps protocolTable) doc() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.doc)
	}
	return b.String()
}

// elsewhere are the hints for a setting that the protocol of an stt block does not have, where a better way exists than leaving it
// out.
var elsewhere = map[string]string{
	"language":        `Leave language out. A command is told the language in its arguments: command = ["PROGRAM", "-l", "en", "{wav}"].`,
	"task":            "Leave task out. A command is told what to do in its arguments.",
	"forward_to_core": "Leave forward_to_core out: only an ORAC STT server can forward texts to ORAC Core.",
}

// rules demand what a protocol needs, and refuse what it does not know. free are attributes that every protocol may write; hints
// are better ways than leaving an attribute out.
func (ps protocolTable) rules(free []string, hints map[string]string) (rules []language.Rule) {
	only := map[string][]string{} // protocols, by attribute
	var order []string
	for _, p := range ps {
		for _, n := range p.needs {
			rules = append(rules, language.RequiredWhen("protocol", p.name, n.attribute, n.hint))
			only[n.attribute], order = append(only[n.attribute], p.name), append(order, n.attribute)
		}
		for _, name := range p.takes {
			only[name], order = append(only[name], p.name), append(order, name)
		}
	}
	slices.Sort(order)
	for _, name := range slices.Compact(order) {
		if slices.Contains(free, name) || len(only[name]) == len(ps) {
			continue
		}
		rule := language.OnlyWhenOneOf("protocol", only[name], name)
		if hint := hints[name]; hint != "" {
			rule.Hint = hint
		}
		rules = append(rules, rule)
	}
	return rules
}

// protocolRules are the rules of an stt block. streaming = false suits every protocol: see wayRules.
func protocolRules() []language.Rule {
	return append(protocols.rules([]string{"streaming"}, elsewhere), overTCP("wyoming", "a Wyoming service"))
}

// overTCP demands tcp:// in url for one protocol, and http:// or https:// for every other.
func overTCP(name, noun string) language.Rule {
	return language.Rule{
		Uses: []string{"url", "protocol"},
		Doc:  fmt.Sprintf("url begins with tcp:// for protocol = %q, and with http:// or https:// for every other", name),
		Hint: fmt.Sprintf(`Write "tcp://HOST:PORT" for %s, and "http://HOST:PORT" for a server.`, noun),
		Holds: func(g language.Given) bool {
			return !g.Written("url") || strings.HasPrefix(g.Text("url"), "tcp://") == (g.Text("protocol") == name)
		},
	}
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
