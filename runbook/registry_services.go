package runbook

import (
	"regexp"
	"slices"
)

var sttBlock = &BlockType{
	Type: "stt", Named: true,
	Doc:  "A speech-to-text service that utterances are delivered to.",
	Slot: Into(func(rb *Runbook) any { return &rb.STTs }),
	Example: `stt "whisper" {
  url = "http://stt.local:7272"
}`,
	Attributes: slices.Concat([]Attribute{
		{Name: "protocol", Kind: Enum, Gives: Tunes, OnChange: Restart, Default: "orac", Values: []string{"orac", "exec"},
			Doc: "orac speaks to an ORAC STT server; exec starts a command for every utterance and takes what it prints."},
		{Name: "url", Kind: URL, Gives: Reaches, OnChange: Restart, Example: `"http://stt.local:7272"`,
			Doc: "The server's address without a path; protocol orac needs it."},
		{Name: "streaming", Kind: Bool, Gives: Tunes, OnChange: InPlace, Default: "true",
			Doc: "Whether audio is sent while the person still speaks. When streaming fails, the same audio goes by HTTP. A stream cannot carry language, task and forward_to_core: with one of them, and streaming left out, all audio goes by HTTP, once the recording is complete."},
		{Name: "language", Kind: String, Gives: Tunes, OnChange: InPlace, Example: `"en"`,
			Pattern: regexp.MustCompile(`^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8}){0,3}$`), Expect: `a language code like "en" or "en-GB"`,
			Doc: "The language that is spoken; without it the server decides. Audio then goes by HTTP: see streaming."},
		{Name: "task", Kind: Enum, Gives: Tunes, OnChange: InPlace, Values: []string{"transcribe", "translate"}, Example: `"transcribe"`,
			Doc: "What the server does with the speech; without it the server decides. Audio then goes by HTTP: see streaming."},
		{Name: "forward_to_core", Kind: Bool, Gives: Tunes, OnChange: InPlace, Example: "true",
			Doc: "Whether ORAC STT forwards the text to ORAC Core; without it the server decides. Audio then goes by HTTP: see streaming."},
		{Name: "command", Kind: Strings, Gives: Runs, OnChange: Restart, Example: `["whisper-cli", "-m", "base.en.bin", "-f", "{wav}"]`,
			Doc: "The program of protocol exec and its arguments. {wav} in an argument is replaced by the recording's path; without it the path comes last."},
		{Name: "strip", Kind: Strings, Gives: Tunes, OnChange: InPlace, Default: `["timestamps", "speakers", "sounds", "tokens"]`,
			Values: []string{"timestamps", "speakers", "sounds", "tokens"},
			Doc:    "What the server writes beside speech and ORAC takes out: timestamps as in `[00:00.000 --> 00:02.120] yes`, speakers as in `SPEAKER_00: yes`, sounds as in `[Music] yes`, `*coughs* yes` and `♪ la la ♪ yes`, tokens as in `[_BEG_] yes`. A text of which nothing is left is silence; `[]` leaves every text as it is. History keeps the server's own text too."},
		{Name: "timeout", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "45s", Min: "1s", Max: "120s",
			Doc: "How long a command of protocol exec may take, and how long a server may take for each part of a delivery. The answer to a recording that the server has whole is waited for as long as the server lives, 45 s at least: it goes on, and acts, when nobody waits any more."},
		{Name: "token", Kind: String, Gives: Proves, OnChange: Restart, Secret: SecretOnly, Example: `secret("stt_token")`,
			Doc: "A bearer token that is sent to the server."},
		{Name: "auth", Kind: Ref, Gives: Proves, OnChange: Restart, Refs: []string{"service_account"}, Example: "service_account.hey_orac",
			Doc: "The account whose short-lived tokens are sent to the server, in place of token."},
		{Name: "max_retry_delay", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "8s", Min: "1s", Max: "10m",
			Doc: "The longest pause between two attempts; pauses grow up to it."},
		{Name: "health_every", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "30s", Min: "5s", Max: "10m",
			Doc: "How often the server's health is asked for."},
	}, tlsClient("the server's")),
	Rules: slices.Concat([]Rule{
		RequiredWhen("protocol", "orac", "url", `Add url = "http://HOST:7272", the address of the ORAC STT server.`),
		RequiredWhen("protocol", "exec", "command", `Add command = ["PROGRAM", "{wav}"].`),
		OnlyWhen("protocol", "orac", "url"),
		OnlyWhen("protocol", "exec", "command"),
		OnlyWhen("protocol", "orac", "token"),
		OnlyWhen("protocol", "orac", "auth"),
		OnlyWhen("protocol", "orac", "ca"),
		OnlyWhen("protocol", "orac", "client_cert"),
		OnlyWhen("protocol", "orac", "health_every"),
		AtMostOneOf("token", "auth"),
		together("client_cert", "client_key", "A certificate is of no use without its private key."),
	}, wayRules()),
}

var heartbeatBlock = &BlockType{
	Type: "heartbeat", Named: true,
	Doc:  "Tells an ORAC STT server which wake words are active.",
	Slot: Into(func(rb *Runbook) any { return &rb.Heartbeats }),
	Example: `heartbeat "whisper" {
  stt = stt.whisper
}`,
	Attributes: []Attribute{
		{Name: "url", Kind: URL, Gives: Reaches, OnChange: Restart, Example: `"http://stt.local:7272"`,
			Doc: "The server's address without a path."},
		{Name: "stt", Kind: Ref, Gives: Tunes, OnChange: Restart, Refs: []string{"stt"}, Example: "stt.whisper",
			Doc: "The speech-to-text service whose address is used."},
		{Name: "every", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "30s", Min: "5s", Max: "10m",
			Doc: "How often. ORAC STT forgets an appliance after 120 s."},
		{Name: "timeout", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "5s", Min: "1s", Max: "60s",
			Doc: "How long one heartbeat may take."},
		{Name: "auth", Kind: Ref, Gives: Proves, OnChange: Restart, Refs: []string{"service_account"}, Example: "service_account.hey_orac",
			Doc: "The account whose short-lived tokens are sent; without it what stt says."},
		{Name: "listeners", Kind: Refs, Gives: Tunes, OnChange: InPlace, Refs: []string{"listener"}, Example: "[listener.kitchen]",
			Doc: "The listeners whose models are reported; empty means all."},
		{Name: "ca", Kind: Path, Gives: Reads, Vouches: true, OnChange: Restart, Example: `"/etc/orac/ca.pem"`,
			Doc: "The certificate authorities that may have signed the certificate of url, in PEM; of stt they are those of its block."},
	},
	Rules: []Rule{ExactlyOneOf("url", "stt"), AtMostOneOf("stt", "ca")},
}
