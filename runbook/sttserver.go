package runbook

import (
	"time"

	"orac/runbook/language"
)

// Serving is what ORAC does for other machines: it understands what they hear.
type Serving struct {
	STTServers []STTServer
	Cores      []Core
	Topics     []Topic
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
	Auth          Address         `hcl:"auth"` // a service account, or ""
	Token         language.Secret `hcl:"token"`
	Timeout       time.Duration   `hcl:"timeout"`
	MaxRetryDelay time.Duration   `hcl:"max_retry_delay"`
	Keep          time.Duration   `hcl:"keep"`
	Queue         language.Size   `hcl:"queue"`
	CA            string          `hcl:"ca"` // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string          `hcl:"client_cert"`
	ClientKey     string          `hcl:"client_key"`
}

// Topic is what a command is about: its name is that of the models' topic.
type Topic struct {
	Address   Address
	Name      string
	WakeWords []string `hcl:"wake_words"` // that are stripped; nil: those that heartbeats name
	Core      Address  `hcl:"core"`       // ""; that of the server
}

// Peer is a program that is known by its address alone, because it can show no token.
type Peer struct {
	Address Address
	Name    string
	From    string `hcl:"address"` // see ParseNetwork
}
