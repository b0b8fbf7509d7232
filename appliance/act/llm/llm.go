// Package llm asks a language model that speaks the interface of OpenAI's chat completions, as llama.cpp, Ollama and vLLM do.
//
// Guarantees: what was said and what exists reaches the model as JSON strings, never as instructions of ours. The answer is one JSON
// object, or an error: prose, half an answer and more than the limit are errors. Every word of it is still the model's: the caller
// validates it. A question ends within its timeout, and at once when its task is told to stop.
package llm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

const (
	// DefaultTimeout is how long an answer may take.
	DefaultTimeout = 20 * time.Second
	// DefaultTokens bounds an answer: eight commands need about 400 tokens.
	DefaultTokens = 512
	// maxAnswer is the most that is read of an answer, in bytes: far more than its tokens need.
	maxAnswer = 256 << 10
	// seed makes an answer repeatable where temperature 0 does not.
	seed = 7
)

// Grammar is how the model is held to valid answers.
type Grammar string

// The ways that servers know.
const (
	JSONSchema Grammar = "json_schema" // response_format: OpenAI, vLLM, Ollama, llama.cpp
	GBNF       Grammar = "gbnf"        // grammar: llama.cpp
)

// Config makes a Model. URL is required.
type Config struct {
	Name    string // of the language_model block
	URL     string // "http://127.0.0.1:8080", with or without /v1
	Model   string
	Token   wire.Secret
	Grammar Grammar       // "" is JSONSchema
	Timeout time.Duration // 0 means DefaultTimeout
	Tokens  int           // 0 means DefaultTokens
	TLS     wire.TLS
}

// Model is an act.LanguageModel. It may be used by several tasks at once.
type Model struct {
	config Config
	base   wire.Base
	client *wire.Client
}

// New makes a client; it connects to nothing yet.
func New(c Config) (*Model, error) {
	base, err := wire.ParseBaseOf(c.URL, "/v1/")
	if err != nil {
		return nil, fmt.Errorf("language model %s: %w", c.Name, err)
	}
	c.Timeout, c.Tokens, c.Grammar = cmp.Or(max(c.Timeout, 0), DefaultTimeout), cmp.Or(max(c.Tokens, 0), DefaultTokens), cmp.Or(c.Grammar, JSONSchema)
	if c.Grammar != JSONSchema && c.Grammar != GBNF {
		return nil, fmt.Errorf("language model %s: grammar %q: write json_schema or gbnf", c.Name, c.Grammar)
	}
	client, err := wire.NewClient(wire.Options{Timeout: c.Timeout, Token: c.Token, TLS: c.TLS, Peer: "a server with OpenAI's interface", Answer: maxAnswer})
	if err != nil {
		return nil, fmt.Errorf("language model %s: %w", c.Name, err)
	}
	return &Model{c, base, client}, nil
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type request struct {
	Model       string    `json:"model,omitempty"`
	Messages    []message `json:"messages"`
	Temperature float64   `json:"temperature"`
	MaxTokens   int       `json:"max_tokens"`
	Seed        int       `json:"seed"`
	Stream      bool      `json:"stream"`
	Format      *format   `json:"response_format,omitempty"`
	Grammar     string    `json:"grammar,omitempty"`
}

type format struct {
	Type   string `json:"type"`
	Schema schema `json:"json_schema"`
}

type schema struct {
	Name   string          `json:"name"`
	Strict bool            `json:"strict"`
	Schema json.RawMessage `json:"schema"`
}

// request makes the request of a question. What was said is a JSON string in a message of its own.
func (m *Model) request(q act.Question) ([]byte, error) {
	if len(q.Text) > act.MaxText {
		return nil, &amount.TooMuchError{What: "bytes of text", Is: len(q.Text), Most: act.MaxText}
	}
	said, err := json.Marshal(map[string]string{"said": strings.ToValidUTF8(q.Text, "\uFFFD")}) // also escapes < and >
	if err != nil {
		return nil, err
	}
	r := request{
		Model: m.config.Model, Messages: []message{{"system", q.System}, {"user", string(said)}}, MaxTokens: m.config.Tokens, Seed: seed,
	}
	switch {
	case m.config.Grammar == GBNF:
		if q.GBNF == "" {
			return nil, errors.New("the question has no grammar")
		}
		r.Grammar = q.GBNF
	case !json.Valid(q.Schema):
		return nil, errors.New("the question has no schema")
	default:
		r.Format = &format{"json_schema", schema{"commands", true, q.Schema}}
	}
	return json.Marshal(r)
}

// Choose implements act.LanguageModel.
func (m *Model) Choose(t *rt.Task, q act.Question) ([]byte, error) {
	const op = "ask"
	body, err := m.request(q)
	if err != nil {
		return nil, fmt.Errorf("language model %s: %w", m.config.Name, err)
	}
	to := m.base.HTTP(nil, "v1", "chat", "completions")
	r := wire.Request{Op: op, Method: http.MethodPost, URL: to, ContentType: "application/json", Body: body, Header: wire.Traced(q.Thread)}
	answer, err := m.client.Do(t, r)
	if e, ok := errors.AsType[*wire.Error](err); ok && e.Kind == wire.Timeout {
		return nil, &act.TimeoutError{What: "language model " + m.config.Name, Limit: m.config.Timeout}
	}
	if err != nil {
		return nil, err
	}
	chosen, err := parse(answer)
	if err != nil {
		return nil, &wire.Error{Op: op, Address: wire.Address(to), Kind: wire.Protocol, Cause: m.client.Redacted(err)}
	}
	return chosen, nil
}

// parse reads an answer: the JSON object that the model wrote.
func parse(data []byte) ([]byte, error) {
	var a struct {
		Choices []struct {
			Finish  string `json:"finish_reason"`
			Message struct {
				Content *string `json:"content"`
				Refusal string  `json:"refusal"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, fmt.Errorf("the answer is not the JSON of a chat completion: %w", err)
	}
	if len(a.Choices) == 0 {
		return nil, errors.New("the answer has no choices")
	}
	c := a.Choices[0]
	switch {
	case c.Message.Refusal != "":
		return nil, fmt.Errorf("the model refuses: %.100q", c.Message.Refusal)
	case c.Finish == "length":
		return nil, errors.New("the model was cut off before its answer was complete")
	case c.Message.Content == nil:
		return nil, errors.New("the answer has no content")
	}
	return object([]byte(withoutThoughts(*c.Message.Content)))
}

// withoutThoughts removes what a model that thinks writes before its answer, where the server leaves it in.
func withoutThoughts(s string) string {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "<think>"); ok {
		if _, after, ok := strings.Cut(rest, "</think>"); ok {
			return strings.TrimSpace(after)
		}
	}
	return s
}

// object returns the one JSON object that data is. Anything around it is an error: a server that does not keep to the schema is of no
// use, and what it means is not guessed.
func object(data []byte) ([]byte, error) {
	if len(data) == 0 || data[0] != '{' {
		return nil, fmt.Errorf("the model answered %.60q instead of JSON; does its server know the grammar that the runbook names?", data)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	var one json.RawMessage
	if err := d.Decode(&one); err != nil {
		return nil, fmt.Errorf("the model answered half a JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the model answered more than one JSON object")
	}
	return one, nil
}
