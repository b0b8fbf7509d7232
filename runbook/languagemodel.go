package runbook

import (
	"slices"
	"time"

	"orac/runbook/language"
)

// LanguageModel is a server that chooses among commands when no sentence fits.
type LanguageModel struct {
	Address    Address
	Name       string
	URL        string          `hcl:"url"`
	Model      string          `hcl:"model"`
	Token      language.Secret `hcl:"token"`
	Grammar    string          `hcl:"grammar"` // json_schema or gbnf
	Timeout    time.Duration   `hcl:"timeout"`
	Queue      int             `hcl:"queue"`
	CA         string          `hcl:"ca"` // these paths are resolved against Runbook.Dir; "" for none
	ClientCert string          `hcl:"client_cert"`
	ClientKey  string          `hcl:"client_key"`
}

var languageModelBlock = &language.BlockType{
	Type: "language_model", Named: true,
	Doc:  "A server with OpenAI's interface for chats: llama.cpp, Ollama, vLLM or a cloud. It is asked when no sentence fits, and may only choose what the sentences can do: what it answers is checked word by word against the same entities, and nothing else is called.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.LanguageModels }),
	Example: `language_model "qwen" {
  url   = "http://127.0.0.1:8080"
  model = "qwen3"
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "url", Kind: language.URL, Gives: language.Reaches, OnChange: language.InPlace, Required: true, Example: `"http://127.0.0.1:8080"`,
			Doc: "The server's address. ORAC adds /v1/chat/completions. What was said, and the names of what is in the house, go there."},
		{Name: "model", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Required: true, Example: `"qwen3"`,
			Pattern: language.Match(`^[^\x00-\x1f\x7f]{1,200}$`), Expect: "at most 200 characters in one line",
			Doc: "The model, as the server calls it. A server with only one model accepts any name."},
		{Name: "token", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("llm_token")`,
			Doc: "A bearer token to send."},
		{Name: "grammar", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Default: "json_schema", Values: []string{"json_schema", "gbnf"},
			Doc: "How the server is kept to valid answers: by a JSON schema (llama.cpp, Ollama, vLLM, OpenAI), or by a grammar of llama.cpp. Answers are checked in any case."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "20s", Min: "1s", Max: "5m",
			Doc: "How long one answer may take."},
		{Name: "queue", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "4", Min: "1", Max: "64", Unit: "questions",
			Doc: "How many questions may wait for the model, which answers one at a time. Further ones are refused at once."},
	}, tlsClient("the server's")),
	Rules: []language.Rule{
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
	},
}
