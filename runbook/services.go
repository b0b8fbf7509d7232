package runbook

import (
	"slices"
	"time"

	"orac/runbook/language"
)

// Services are the programs that receive utterances and heartbeats.
type Services struct {
	STTs       []STT
	Heartbeats []Heartbeat
}

var services = []*language.BlockType{sttBlock, heartbeatBlock}

// STT is one speech-to-text service.
type STT struct {
	Address       Address
	Name          string
	Protocol      string          `hcl:"protocol"` // see protocols
	URL           string          `hcl:"url"`
	Model         string          `hcl:"model"`
	Prompt        string          `hcl:"prompt"`
	Idle          time.Duration   `hcl:"idle"` // the next three: of an engine
	MaxMemory     language.Size   `hcl:"max_memory"`
	Partials      bool            `hcl:"partials"`
	Streaming     bool            `hcl:"streaming"`
	Language      string          `hcl:"language"`
	Task          string          `hcl:"task"`            // transcribe, translate, or "" for the server's choice
	ForwardToCore *bool           `hcl:"forward_to_core"` // nil: not sent
	Command       []string        `hcl:"command"`
	Strip         []string        `hcl:"strip"` // kinds of markers that are removed from a text
	Timeout       time.Duration   `hcl:"timeout"`
	Token         language.Secret `hcl:"token"`
	MaxRetryDelay time.Duration   `hcl:"max_retry_delay"`
	HealthEvery   time.Duration   `hcl:"health_every"`
	Auth          Address         `hcl:"auth"`     // a service account, or ""
	Login         Address         `hcl:"login"`    // whose tokens are sent, or ""
	Audience      string          `hcl:"audience"` // of those tokens
	CA            string          `hcl:"ca"`       // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string          `hcl:"client_cert"`
	Member        bool            `hcl:"member"` // of the house: see ofTheHouse
	ClientKey     string          `hcl:"client_key"`
}

// Heartbeat tells a service which wake words are active.
type Heartbeat struct {
	Address   Address
	Name      string
	URL       string        `hcl:"url"` // "" when STT is set: see Runbook.HeartbeatURL
	STT       Address       `hcl:"stt"`
	Every     time.Duration `hcl:"every"`
	Timeout   time.Duration `hcl:"timeout"`
	Listeners []Address     `hcl:"listeners"` // empty: all
	Auth      Address       `hcl:"auth"`      // a service account, or "": see Runbook.HeartbeatAuth
	Login     Address       `hcl:"login"`     // whose tokens are sent, or "": see Runbook.HeartbeatLogin
	Audience  string        `hcl:"audience"`  // of those tokens
	CA        string        `hcl:"ca"`        // resolved against Runbook.Dir; "" for none
}

var sttBlock = &language.BlockType{
	Type: "stt", Named: true,
	Doc:  "A speech-to-text service that utterances are sent to.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.STTs }),
	Example: `stt "whisper" {
  url = "http://stt.local:7272"
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "protocol", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Default: "orac", Values: protocols.names(),
			Doc: protocols.doc()},
		{Name: "url", Kind: language.URL, TCP: true, Gives: language.Reaches, OnChange: language.InPlace, Example: `"http://stt.local:7272"`,
			Doc: "The server's address, without the path of the protocol; for protocol wyoming `tcp://HOST:PORT`. Required for every server."},
		{Name: "model", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"moonshine_base"`,
			Pattern: language.Match(`^[^\x00-\x1f\x7f]{1,200}$`), Expect: "at most 200 characters in one line",
			Doc: "For protocol embedded: `moonshine_tiny`, which is used if you name none, or `moonshine_base`, which understands more and takes twice the time and memory. After a change the new model is loaded beside the old one, and takes its place when it is ready: nothing waits. If it cannot be loaded, the old one goes on, and the apply is taken back. For protocol openai: the model, as the server calls it."},
		{Name: "idle", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "10m", Min: "10s", Max: "24h",
			Doc: "For protocol embedded: how long the model stays in memory when nobody speaks. It is loaded again at the next wake word, while the person speaks."},
		{Name: "max_memory", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "400MiB", Min: "100MiB", Max: "4GiB",
			Doc: "For protocol embedded: how much memory the engine's process may take; twice as much while it loads the model. If it takes more, it is killed and started again, and the recording waits in the spool. After a change to less than it has, another process is loaded beside it, and takes its place. The limits of the memory block do not count this process."},
		{Name: "partials", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "true",
			Doc: "For protocol embedded: whether ORAC shows what it has understood so far while the person still speaks. That takes at most half of a processor core."},
		{Name: "prompt", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Jarvis, Zigbee, patio"`,
			Pattern: language.Match(`^.{1,1000}$`), Expect: "at most 1000 characters in one line",
			Doc: "For protocols openai and whisper_server: words that are likely, such as names. They help the model to spell."},
		{Name: "streaming", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "true",
			Doc: "For protocol orac: whether audio is sent while the person still speaks. If streaming fails, the same audio is sent by HTTP. A stream cannot carry language, task or forward_to_core: if you set one of them, leave streaming out. All audio is then sent by HTTP when the recording is complete."},
		{Name: "language", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"en"`,
			Pattern: language.Match(`^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8}){0,3}$`), Expect: `a language code like "en" or "en-GB"`,
			Doc: "The spoken language. Without it, the server decides. With it, an ORAC STT is sent audio by HTTP: see streaming."},
		{Name: "task", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Values: []string{"transcribe", "translate"}, Example: `"transcribe"`,
			Doc: "What the server does with the speech. Without it, the server decides. With it, audio is sent by HTTP: see streaming."},
		{Name: "forward_to_core", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Example: "true",
			Doc: "Whether ORAC STT forwards the text to ORAC Core. Without it, the server decides. With it, audio is sent by HTTP: see streaming."},
		{Name: "command", Kind: language.Strings, Gives: language.Runs, OnChange: language.InPlace, Example: `["whisper-cli", "-m", "base.en.bin", "-f", "{wav}"]`,
			Doc: "For protocol exec: the program and its arguments. {wav} in an argument is replaced by the path of the recording; without {wav}, the path is the last argument."},
		{Name: "strip", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Default: `["timestamps", "speakers", "sounds", "tokens", "wake_word"]`,
			Values: []string{"timestamps", "speakers", "sounds", "tokens", "wake_word"},
			Doc:    "What ORAC removes from the server's text because nobody said it: timestamps as in `[00:00.000 --> 00:02.120] yes`, speakers as in `SPEAKER_00: yes`, sounds as in `[Music] yes`, `*coughs* yes` and `♪ la la ♪ yes`, tokens as in `[_BEG_] yes`, and at the beginning the wake word as in `Hey Jarvis, yes`. If nothing is left, the utterance counts as silence. `[]` leaves every text unchanged. History also keeps the original text."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "45s", Min: "1s", Max: "120s",
			Doc: "How long a command may take (protocol exec), or a server for each step of a delivery. Once an ORAC STT has the whole recording, ORAC waits at least 45 s for the answer, and longer while the server is alive: the server continues, and acts on the text, even if nobody waits for the answer."},
		{Name: "token", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("stt_token")`,
			Doc: "A bearer token to send to the server."},
		{Name: "auth", Kind: language.Ref, Gives: language.Proves, OnChange: language.InPlace, Refs: []string{"service_account"}, Example: "service_account.hey_orac",
			Doc: "The account whose short-lived tokens are sent to the server instead of token."},
		{Name: "max_retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "8s", Min: "1s", Max: "10m",
			Doc: "The longest pause between two attempts. Pauses grow up to this value."},
		{Name: "health_every", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "5s", Max: "10m",
			Doc: "How often to ask the server for its health."},
	}, byLogin("the server", "token and auth"), tlsClient("the server's"), []language.Attribute{ofTheHouse("the server")}),
	Rules: slices.Concat(protocolRules(), []language.Rule{
		language.AtMostOneOf("token", "auth", "login"), loginNeedsAudience,
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
		notWithMember("ca", "client_cert"),
	}, wayRules()),
}

var heartbeatBlock = &language.BlockType{
	Type: "heartbeat", Named: true,
	Doc:  "Tells an ORAC STT server which wake words are active.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Heartbeats }),
	Example: `heartbeat "whisper" {
  stt = stt.whisper
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "url", Kind: language.URL, Gives: language.Reaches, OnChange: language.InPlace, Example: `"http://stt.local:7272"`,
			Doc: "The server's address without a path."},
		{Name: "stt", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"stt"}, Example: "stt.whisper",
			Doc: "The speech-to-text service whose address is used."},
		{Name: "every", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "5s", Max: "10m",
			Doc: "How often to send a heartbeat. ORAC STT forgets an appliance after 120 s without one."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "5s", Min: "1s", Max: "60s",
			Doc: "How long one heartbeat may take."},
		{Name: "auth", Kind: language.Ref, Gives: language.Proves, OnChange: language.InPlace, Refs: []string{"service_account"}, Example: "service_account.hey_orac",
			Doc: "The account whose short-lived tokens are sent. Without it and login, the account or the login of stt is used."},
		{Name: "listeners", Kind: language.Refs, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"listener"}, Example: "[listener.kitchen]",
			Doc: "The listeners whose models are reported. If empty, all are."},
		{Name: "ca", Kind: language.Path, Gives: language.Reads, Vouches: true, OnChange: language.InPlace, Example: `"/etc/orac/ca.pem"`,
			Doc: "The certificate authorities that may have signed the certificate of url, in PEM. With stt, those of its block are used."},
	}, byLogin("the server", "token and auth")),
	Rules: []language.Rule{language.ExactlyOneOf("url", "stt"), language.AtMostOneOf("stt", "ca"), language.AtMostOneOf("auth", "login"), loginNeedsAudience},
}
