package runbook

import (
	"fmt"
	"slices"
	"time"

	"orac/runbook/language"
)

// Serving is what ORAC does for other machines: it understands what they hear.
type Serving struct {
	STTServers []STTServer
	Cores      []Core
	Peers      []Peer
}

// STTServer is a speech-to-text server for other appliances, as an ORAC STT is.
type STTServer struct {
	Address        Address
	Name           string
	Engine         Address       `hcl:"engine"` // an stt block
	Listen         string        `hcl:"listen"` // host:port
	PlainHTTP      bool          `hcl:"plain_http_on_the_network"`
	TLS            TLS           `hcl:"tls"`
	MaxConnections int           `hcl:"max_connections"`
	Members        bool          `hcl:"members"`  // only members of the house
	PerPeer        int           `hcl:"per_peer"` // requests a minute
	Legacy         []Address     `hcl:"legacy"`   // peers that show no token
	Core           Address       `hcl:"core"`     // "" for none
	Queue          int           `hcl:"queue"`    // utterances that may wait for the engine
	MaxSound       time.Duration `hcl:"max_sound"`
	Forget         time.Duration `hcl:"forget"` // instances without a heartbeat
	Keep           int           `hcl:"keep"`   // transcripts with their sound
}

// Core is a program that acts on texts, as ORAC Core does.
type Core struct {
	Address       Address
	Name          string
	URL           string          `hcl:"url"`
	Auth          Address         `hcl:"auth"`     // a service account, or ""
	Login         Address         `hcl:"login"`    // whose tokens are sent, or ""
	Audience      string          `hcl:"audience"` // of those tokens
	Token         language.Secret `hcl:"token"`
	Timeout       time.Duration   `hcl:"timeout"`
	MaxRetryDelay time.Duration   `hcl:"max_retry_delay"`
	Keep          time.Duration   `hcl:"keep"`
	Queue         language.Size   `hcl:"queue"`
	CA            string          `hcl:"ca"` // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string          `hcl:"client_cert"`
	ClientKey     string          `hcl:"client_key"`
	Member        bool            `hcl:"member"` // of the house: see ofTheHouse
}

// Peer is a program that is known by its address alone, because it can show no token.
type Peer struct {
	Address Address
	Name    string
	From    string `hcl:"from"` // see ParseNetwork
}

var serving = []*language.BlockType{sttServerBlock, peerBlock, coreBlock}

var sttServerBlock = &language.BlockType{
	Type: "stt_server", Named: true,
	Doc:  "A speech-to-text server for other machines: it does what an ORAC STT does, at the same addresses, and asks who is there. Whoever may use it has a service_account with the permissions stt.transcribe and stt.heartbeat, or an API key.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.STTServers }),
	Example: `stt_server "house" {
  engine = stt.whisper
  tls {
    self_signed = true
  }
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "engine", Kind: language.Ref, Gives: language.Opens, OnChange: language.InPlace, Required: true, Refs: []string{"stt"}, Example: "stt.whisper",
			NoWider: func(string, string) bool { return true }, // who may ask does not change, but a new server opens a port
			Doc:     "What transcribes: an stt block of any protocol. It has one utterance at a time."},
	}, forPeers(
		language.Attribute{Default: ":7272", Example: `"192.0.2.3:7272"`, Doc: "The address at which the server listens."},
		"tokens and voices",
		"Peers that cannot show a token, such as an unmodified Hey ORAC. They are let in by their address alone, and answered exactly as the existing server answers, with failures hidden in a 200. Everybody who can send from such an address can transcribe and command: plan, status and validate say so.",
	), []language.Attribute{
		{Name: "core", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"core"}, Example: "core.house",
			Doc: "Where texts go on to, and which topics are listened for. A slow or dead Core delays no answer: texts wait on the disk. A topic block may name another."},
		{Name: "queue", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "8", Min: "1", Max: "64", Unit: "utterances",
			Doc: "How many utterances may wait for the engine. Further ones are refused at once with 503 and Retry-After. A peer that has more places than others gives up its last."},
		{Name: "max_sound", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "15s", Min: "1s", Max: "15s",
			Doc: "The longest utterance that is transcribed. Longer ones are refused."},
		{Name: "forget", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "120s", Min: "10s", Max: "1h",
			Doc: "After how long without a heartbeat another appliance is forgotten."},
		{Name: "keep", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "5", Min: "0", Max: "20", Unit: "transcripts",
			Doc: "How many of the last transcripts keep their sound, in memory alone, for people who may hear it. 0 keeps none."},
	}),
	Nested: []*language.BlockType{tlsBlock},
}

var peerBlock = &language.BlockType{
	Type: "peer", Named: true,
	Doc:  "A program on the network that is known by its address alone, because it cannot show a token.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Peers }),
	Example: `peer "kitchen" {
  from = "192.168.1.20"
}`,
	Attributes: []language.Attribute{
		{Name: "from", Kind: language.String, Gives: language.Opens, OnChange: language.InPlace, Required: true, Example: `"192.168.1.20"`,
			Doc: "Its IP address, or the network that it is in, like 192.168.1.16/28. Name as few machines as possible."},
	},
}

// sttServersAreSafe refuses tokens in clear text on a network, and two servers at one port.
func sttServersAreSafe(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	for _, s := range rb.STTServers {
		found = append(found, forPeersIsSafe(rb, d, s.Address, s.TLS.On() || s.PlainHTTP, "127.0.0.1:7272", "tokens and voices")...)
	}
	return found
}

// peersHaveAddresses refuses values that are no address of a machine.
func peersHaveAddresses(value any, d *language.Document) (found language.Diagnostics) {
	for _, p := range value.(*Runbook).Peers {
		if _, err := ParseNetwork(p.From); err != nil {
			found = append(found, d.Problem(p.Address, "from", language.Error, fmt.Sprintf("%q is not the address or network of a peer: %v", language.Clip(p.From), err),
				`Write its address, like "192.168.1.20", or its network, like "192.168.1.16/28". Names are not looked up.`))
		}
	}
	return found
}
