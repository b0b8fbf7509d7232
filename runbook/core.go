package runbook

import (
	"slices"

	"orac/runbook/language"
)

var coreBlock = &language.BlockType{
	Type: "core", Named: true,
	Doc:  "An ORAC Core: it acts on the texts that a stt_server forwards. Each text is sent once, in order. One that Core may have acted on although its answer did not come is set aside, not sent again: `orac spool` shows it.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Cores }),
	Example: `core "house" {
  url = "http://core.local:8000"
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "url", Kind: language.URL, Gives: language.Reaches, OnChange: language.InPlace, Required: true, Example: `"http://core.local:8000"`,
			Doc: "Core's address, without a path."},
		{Name: "token", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("core_token")`,
			Doc: "A bearer token to send to Core."},
		{Name: "auth", Kind: language.Ref, Gives: language.Proves, OnChange: language.InPlace, Refs: []string{"service_account"}, Example: "service_account.hey_orac",
			Doc: "The account whose short-lived tokens are sent to Core instead of token."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "45s", Min: "1s", Max: "10m",
			Doc: "How long Core may take for a text. Core itself gives up after 30 s, but may need minutes to load a model."},
		{Name: "max_retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "8s", Min: "1s", Max: "10m",
			Doc: "The longest pause between two attempts. Pauses grow up to this value."},
		{Name: "keep", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "1h", Min: "1m", Max: "7d",
			Doc: "How long a text waits for a Core that is away. An older one is dropped and told: a command that is carried out hours later surprises people. Texts that were set aside are deleted after this time, too."},
		{Name: "queue", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "1MiB", Min: "64KiB", Max: "64MiB",
			Doc: "How much may wait on the disk. Beyond this size, or 10000 texts, the oldest is dropped."},
	}, byLogin("Core", "token and auth"), tlsClient("Core's"), []language.Attribute{ofTheHouse("the Core")}),
	Rules: []language.Rule{
		language.AtMostOneOf("token", "auth", "login"), loginNeedsAudience,
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
		notWithMember("ca", "client_cert"),
	},
}
