// Package llmtest is a language model behind the interface of OpenAI's chat completions, as llama.cpp, Ollama and vLLM serve it, well or
// badly. It understands nothing: a test says what it answers. It is written from the interface, not from our client, and refuses what
// such servers refuse. Start gives tests one on loopback; Serve runs one at an address.
package llmtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
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
	http    *http.Server
	address string
	stopped chan struct{}

	mu       sync.Mutex // guards everything that follows
	answer   func(Asked) string
	standing Behaviour
	script   []Behaviour
	token    string
	asked    []Asked
	busy     int
	most     int
}

// Serve starts a server at an address such as "127.0.0.1:0". It answers `{}` until Answer says otherwise.
func Serve(address string) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("llmtest: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{address: l.Addr().String(), stopped: make(chan struct{}), answer: func(Asked) string { return "{}" }}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.complete)
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"qwen3","object":"model","owned_by":"llamacpp"}]}`)
	})
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"ok"}`) })
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() {
		defer close(s.stopped)
		defer cancel()
		_ = s.http.Serve(l) // Close ends it
	}()
	return s, nil
}

// TB is what this package needs of a *testing.T, so that a program that serves does not link package testing.
type TB interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
}

// Start serves on loopback until the test ends.
func Start(tb TB) *Server {
	tb.Helper()
	s, err := Serve("127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Close ends the server and every connection.
func (s *Server) Close() {
	_ = s.http.Close()
	<-s.stopped
}

// URL is the base address.
func (s *Server) URL() string { return "http://" + s.address }

// Answer sets what the model answers.
func (s *Server) Answer(f func(Asked) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Set changes how the server behaves when no script is left.
func (s *Server) Set(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing = b
}

// Script sets the behaviours of the next requests.
func (s *Server) Script(b ...Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, b...)
}

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
	s.mu.Lock()
	b, token, answer := s.standing, s.token, s.answer
	if len(s.script) > 0 {
		b, s.script = s.script[0], s.script[1:]
	}
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
	if b.Wait > 0 {
		timer := time.NewTimer(b.Wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
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
		reset(w)
		return
	case Redirect:
		http.Redirect(w, r, b.To, http.StatusTemporaryRedirect)
		return
	case Garbage:
		_, _ = io.WriteString(w, "<html>It works!</html>")
		return
	case Huge:
		piece := []byte(strings.Repeat("a lot of words ", 10000))
		_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"`)
		for sent := 0; sent < 1<<30; sent += len(piece) {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
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
	text, err := json.Marshal(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": choices,
		"usage": map[string]int{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
	})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	if b.Do == Broken {
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = w.Write(text[:len(text)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
		return
	}
	_, _ = w.Write(text)
}

func fail(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "code": code}})
}

func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
