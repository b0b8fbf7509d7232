// Package llmtest is a language model behind the interface of OpenAI's chat completions, as llama.cpp, Ollama and vLLM serve it, well or
// badly. It understands nothing: a test says what it answers. It is written from the interface, not from our client, and refuses what
// such servers refuse. Start gives tests one on loopback; Serve runs one at an address.
package llmtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/appliance/unruly"
)

// Do is what a server does with a request.
type Do string

const (
	Good     Do = ""         // answers with what Answer returns
	Prose    Do = "prose"    // a friendly sentence around the JSON, and a fence
	Half     Do = "half"     // the first half of the answer, as when max_tokens ends it: finish_reason "length"
	Broken   Do = "broken"   // half a JSON body, with a whole Content-Length
	Empty    Do = "empty"    // no choices
	Refuses  Do = "refuses"  // a refusal in place of the content
	Status   Do = "status"   // the HTTP status of Code, with an error as OpenAI writes it
	Never    Do = "never"    // accepts everything and never answers
	Reset    Do = "reset"    // resets the connection instead of answering
	Huge     Do = "huge"     // an answer of 1 GB
	Garbage  Do = "garbage"  // HTML
	Redirect Do = "redirect" // 307 to To
)

// Behaviour is what a server does with one request. The zero value is good behaviour.
type Behaviour struct {
	Do         Do
	Code       int           // for Status
	RetryAfter time.Duration // for Status
	To         string        // for Redirect
	Wait       time.Duration // before the answer
	Gate       <-chan struct{}
}

// Asked is what a request asked.
type Asked struct {
	Model       string
	System      string
	User        string
	Schema      string // of response_format
	Grammar     string // of llama.cpp
	Temperature float64
	MaxTokens   int
	Seed        int
	Stream      bool
	Token       string
	Trace       string // X-Request-ID
}

// Server is a running server. Its methods may be called from anywhere.
type Server struct {
	unruly.Manner[endpoint, Behaviour]
	socket *unruly.Socket

	mu     sync.Mutex // guards everything that follows
	answer func(Asked) string
	token  string
	asked  []Asked
	busy   int
	most   int
}

// endpoint is what can misbehave: only questions can.
type endpoint struct{}

// Serve starts a server at an address such as "127.0.0.1:0". It answers `{}` until Answer says otherwise.
func Serve(address string) (*Server, error) {
	s := &Server{socket: unruly.Serve(address), answer: func(Asked) string { return "{}" }}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.complete)
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"qwen3","object":"model","owned_by":"llamacpp"}]}`)
	})
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"ok"}`) })
	return s, s.socket.Up(mux)
}

// Start serves on loopback until the test ends.
func Start(tb unruly.TB) *Server {
	tb.Helper()
	s, err := Serve("127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Close ends the server and every connection.
func (s *Server) Close() { s.socket.Down(nil) }

// URL is the base address.
func (s *Server) URL() string { return s.socket.URL() }

// Answer sets what the model answers.
func (s *Server) Answer(f func(Asked) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Set changes how the server behaves when no script is left.
func (s *Server) Set(b Behaviour) { s.Manner.Set(endpoint{}, b) }

// Script sets the behaviours of the next requests.
func (s *Server) Script(b ...Behaviour) { s.Manner.Script(endpoint{}, b...) }

// RequireToken answers 401 to requests without this bearer token; with an empty token all are accepted.
func (s *Server) RequireToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// Asked is what was asked so far.
func (s *Server) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Most is how many requests were answered at the same time, at most.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// request is a request on the wire.
type request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	Temperature *float64 `json:"temperature"`
	MaxTokens   int      `json:"max_tokens"`
	Seed        int      `json:"seed"`
	Stream      bool     `json:"stream"`
	Grammar     string   `json:"grammar"`
	Format      struct {
		Type   string `json:"type"`
		Schema struct {
			Name   string          `json:"name"`
			Strict bool            `json:"strict"`
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	b := s.Next(endpoint{})
	s.mu.Lock()
	token, answer := s.token, s.answer
	s.busy++
	s.most = max(s.most, s.busy)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
	}()
	text, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	var q request
	if err != nil || json.Unmarshal(text, &q) != nil || len(q.Messages) == 0 {
		fail(w, http.StatusBadRequest, "invalid request")
		return
	}
	a := Asked{
		Model: q.Model, Schema: string(q.Format.Schema.Schema), Grammar: q.Grammar, Temperature: 1, MaxTokens: q.MaxTokens, Seed: q.Seed, Stream: q.Stream,
		Token: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), Trace: r.Header.Get("X-Request-ID"),
	}
	if q.Temperature != nil {
		a.Temperature = *q.Temperature
	}
	for _, m := range q.Messages {
		if m.Role == "system" {
			a.System = m.Content
		} else {
			a.User = m.Content
		}
	}
	s.mu.Lock()
	s.asked = append(s.asked, a)
	s.mu.Unlock()
	switch {
	case token != "" && a.Token != token:
		fail(w, http.StatusUnauthorized, "Incorrect API key provided: "+a.Token)
		return
	case a.Schema != "" && (q.Format.Schema.Name == "" || !json.Valid([]byte(a.Schema))), q.Format.Type != "" && q.Format.Type != "json_schema" && q.Format.Type != "json_object":
		fail(w, http.StatusBadRequest, "Invalid response_format")
		return
	}
	if !unruly.Wait(r, b.Wait) {
		return
	}
	if b.Gate != nil {
		select {
		case <-b.Gate:
		case <-r.Context().Done():
			return
		}
	}
	respond(w, r, b, a.Model, answer(a))
}

func respond(w http.ResponseWriter, r *http.Request, b Behaviour, model, content string) {
	finish := "stop"
	switch b.Do {
	case Status:
		if b.RetryAfter > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(int(b.RetryAfter.Seconds())))
		}
		fail(w, b.Code, http.StatusText(b.Code))
		return
	case Never:
		<-r.Context().Done()
		return
	case Reset:
		unruly.Reset(w)
		return
	case Redirect:
		http.Redirect(w, r, b.To, http.StatusTemporaryRedirect)
		return
	case Garbage:
		_, _ = io.WriteString(w, "<html>It works!</html>")
		return
	case Huge:
		unruly.Huge(w, r, `{"choices":[{"message":{"content":"`, strings.Repeat("a lot of words ", 10000))
		return
	case Prose:
		content = "Sure! Here is what I would do:\n```json\n" + content + "\n```\nAnything else?"
	case Half:
		content, finish = content[:len(content)/2], "length"
	}
	message := map[string]any{"role": "assistant", "content": content}
	if b.Do == Refuses {
		message = map[string]any{"role": "assistant", "content": nil, "refusal": "I cannot help with that."}
	}
	choices := []any{map[string]any{"index": 0, "finish_reason": finish, "message": message}}
	if b.Do == Empty {
		choices = []any{}
	}
	out := map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": choices,
		"usage": map[string]int{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
	}
	if w.Header().Set("Content-Type", "application/json"); b.Do == Broken {
		unruly.Cut(w, out)
		return
	}
	unruly.Answer(w, out)
}

func fail(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "code": code}})
}
