package sttserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/appliance/account"
	"orac/appliance/audio/wav"
	"orac/appliance/sttrole"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/auth/authtest"
	"orac/web/edge"
	"orac/web/gate"
	"orac/web/peers"
	"orac/web/schema"
)

// A hash that costs what it costs in an appliance takes 250 ms, and seconds with the race detector.
func init() { authtest.Cheaply() }

const secret = "a-secret-that-both-sides-know-0123456789"

var cheapHash = sync.OnceValue(func() string {
	h, err := bcrypt.GenerateFromPassword([]byte("correct horse battery"), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(h)
})

// house is the block under test.
const house = runbook.Address("stt_server.house")

// engine is an appliance that does what a test tells it.
type engine struct {
	mu    sync.Mutex // guards everything that follows
	hear  func(context.Context, sttrole.Hearing) (sttrole.Heard, error)
	heard []sttrole.Hearing
	left  int // calls whose context ended
	beats []sttrole.Beat
	state sttrole.State
	err   error // of everything but hearing
	loads int
	gone  bool
}

func (e *engine) STTServer(block runbook.Address) (sttrole.Server, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e, !e.gone && block == house
}

func (e *engine) Transcribe(ctx context.Context, h sttrole.Hearing) (sttrole.Heard, error) {
	e.mu.Lock()
	e.heard = append(e.heard, h)
	f := e.hear
	e.mu.Unlock()
	out, err := f(ctx, h)
	if ctx.Err() != nil {
		e.mu.Lock()
		e.left++
		e.mu.Unlock()
	}
	return out, err
}

func (e *engine) Beat(_ context.Context, b sttrole.Beat) (sttrole.BeatAnswer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.beats = append(e.beats, b)
	n := 0
	for _, m := range b.Models {
		if m.Active() {
			n++
		}
	}
	return sttrole.BeatAnswer{Active: n, Topics: n}, e.err
}

func (e *engine) Preload(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.loads++
	return e.err
}

func (e *engine) State(context.Context) (sttrole.State, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state, e.err
}

func (e *engine) Sound(_ context.Context, id string) ([]byte, error) {
	if id != "t-1" {
		return nil, sttrole.ErrNoSound
	}
	return sound(0.01), nil
}

// last is the last utterance, and how many there were.
func (e *engine) last() (h sttrole.Hearing, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n = len(e.heard); n > 0 {
		h = e.heard[n-1]
	}
	return h, n
}

func (e *engine) set(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// rig is a server with an engine that understands everything as "turn on the lights".
type rig struct {
	t       testing.TB
	engine  *engine
	guard   *auth.Guard
	audit   *audit.Log
	log     *bytes.Buffer
	logged  sync.Mutex // guards log
	rb      *runbook.Runbook
	server  *Server      // without a listener
	servers *peers.Hosts // with listeners, see listening
	o       Options
	dir     string
}

func (r *rig) Write(p []byte) (int, error) {
	r.logged.Lock()
	defer r.logged.Unlock()
	return r.log.Write(p)
}

func (r *rig) logs() string {
	r.logged.Lock()
	defer r.logged.Unlock()
	return r.log.String()
}

// declared is a runbook with an STT server, people, and accounts.
func declared(t testing.TB) *runbook.Runbook {
	rb, problems := runbook.Parse([]byte("appliance \"test\" {}\n"), "orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	for _, role := range auth.Roles() {
		rb.Users = append(rb.Users, runbook.User{Name: string(role), Role: string(role), PasswordHash: language.NewSecret(cheapHash())})
	}
	for name, permissions := range map[string][]string{"hey_orac": {Transcribe, Heartbeat}, "beats": {Heartbeat}, "nothing": nil} {
		rb.ServiceAccounts = append(rb.ServiceAccounts, runbook.ServiceAccount{
			Address: runbook.Address("service_account." + name), Name: name, Secret: language.NewSecret(secret), Audience: "orac-stt", Permissions: permissions,
		})
	}
	rb.Peers = []runbook.Peer{{Address: "peer.old", Name: "old", From: "192.0.2.77"}}
	rb.STTServers = []runbook.STTServer{{
		Address: house, Name: "house", Listen: "127.0.0.1:0", MaxConnections: 100, PerPeer: 10_000, Queue: 8, MaxSound: 15 * time.Second,
		Forget: 2 * time.Minute, Keep: 5, Legacy: []runbook.Address{"peer.old"},
	}}
	rb.Web.Hosts = []string{"example.com", "stt"} // what httptest and tests ask for
	return rb
}

func newRig(t testing.TB) *rig { return newRigWith(t, func(*runbook.Runbook) {}) }

func newRigWith(t testing.TB, change func(*runbook.Runbook)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), log: &bytes.Buffer{}, rb: declared(t)}
	change(r.rb)
	r.engine = &engine{
		hear: func(context.Context, sttrole.Hearing) (sttrole.Heard, error) {
			return sttrole.Heard{ID: "t-1", Text: "turn on the lights", Topic: "general", Confidence: 0.9, Language: "en", Processing: 200 * time.Millisecond, Forward: sttrole.Queued}, nil
		},
		state: sttrole.State{Name: "house", Idempotent: true, Engine: sttrole.Engine{Name: "local", Model: "moonshine_tiny", State: sttrole.EngineReady}, Queue: sttrole.Queue{Limit: 8}},
	}
	var err error
	r.guard, err = auth.Open(r.dir, []byte("hash key"))
	r.must(err)
	t.Cleanup(func() { r.guard.Close() })
	r.must(r.guard.Use(r.rb))
	r.audit = audit.In(r.dir)
	ctx, cancel := context.WithCancel(t.Context())
	log := slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
	refused := gate.NewDenials(ctx, r.audit, log)
	t.Cleanup(func() { cancel(); refused.End() })
	r.o = Options{App: r.engine, Guard: r.guard, Audit: r.audit, Refused: refused, Log: log, Version: "test"}
	r.server = New(ctx, r.o, house)
	r.server.Use(r.rb)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	testkit.Must(r.t, err)
}

// token is what the account signs for itself.
func (r *rig) token(name string, permissions ...string) string {
	r.t.Helper()
	if permissions == nil {
		permissions = []string{Transcribe, Heartbeat}
	}
	tokens, err := account.New(account.Config{Name: name, Secret: language.NewSecret(secret), Permissions: permissions, Issuer: "orac", Audience: "orac-stt", Lifetime: 15 * time.Minute})
	r.must(err)
	text, err := tokens.Token(time.Now(), "")
	r.must(err)
	return text
}

// user is the token of a user of a role.
func (r *rig) user(role auth.Role) string {
	r.t.Helper()
	v, err := r.guard.Vouch(auth.User, string(role))
	r.must(err)
	token, err := r.guard.Issue(v, time.Hour)
	r.must(err)
	return token.Token
}

// as says who makes a request: with a token, or from an address.
type as struct{ token, from string }

var legacyPeer = as{from: "192.0.2.77"}

func (r *rig) request(who as, method, path string, body io.Reader) *http.Request {
	req := httptest.NewRequest(method, path, body)
	if who.token != "" {
		req.Header.Set("Authorization", "Bearer "+who.token)
	}
	if who.from != "" {
		req.RemoteAddr = who.from + ":40000"
	}
	return req
}

func (r *rig) do(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, req)
	return w
}

func (r *rig) call(who as, method, path, body string) *httptest.ResponseRecorder {
	return r.do(r.request(who, method, path, strings.NewReader(body)))
}

// sound is a WAV of so many seconds.
func sound(seconds float64) []byte {
	var b bytes.Buffer
	if err := wav.Encode(&b, tone(seconds)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func tone(seconds float64) []int16 {
	pcm := make([]int16, int(seconds*sttrole.Rate))
	for i := range pcm {
		pcm[i] = int16(i % 251 * 20)
	}
	return pcm
}

// form is a multipart body with a field.
func form(field string, file []byte) (body *bytes.Buffer, kind string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + field + `"; filename="audio.wav"`}, "Content-Type": {"audio/wav"}})
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return body, w.FormDataContentType()
}

// send sends a sound in one request.
func (r *rig) send(who as, path string, file []byte, header ...string) *httptest.ResponseRecorder {
	body, kind := form("file", file)
	req := r.request(who, "POST", path, body)
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return r.do(req)
}

// problem checks that an answer is a problem document with a code.
func (r *rig) problem(what string, w *httptest.ResponseRecorder, code schema.Code) schema.Problem {
	r.t.Helper()
	var p schema.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code != code || w.Code != code.Doc().Status || w.Header().Get("Content-Type") != "application/problem+json" || p.Request == "" {
		r.t.Errorf("%s: %d %s, want %s", what, w.Code, w.Body, code)
	}
	return p
}

// get decodes a success.
func get[T any](r *rig, w *httptest.ResponseRecorder, status int) (v T) {
	r.t.Helper()
	if w.Code != status {
		r.t.Fatalf("%d: %s", w.Code, w.Body)
	}
	r.must(json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

// records are those of an action, newest first.
func (r *rig) records(action string) []audit.Line {
	r.t.Helper()
	list, err := r.audit.Page(0, 1000, func(a audit.Record) bool { return a.Action == action })
	r.must(err)
	return list
}

// served is the server that listens.
func (r *rig) served() *Server {
	return r.servers.Site(house).(*Server)
}

// listening serves the rig's runbook over the network, and returns its address.
func (r *rig) listening(t testing.TB) (url string, servers *peers.Hosts) {
	t.Helper()
	opened := make(chan string, 8)
	servers = NewHosts(r.dir, r.o.Log, nil)
	servers.Opened = func(_ runbook.Address, url string) { opened <- url }
	servers.Bounds = edge.Bounds{Head: time.Second / 4, Slow: time.Second / 4}
	r.servers = servers
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { servers.Run(ctx, r.o.Site, func() *runbook.Runbook { return r.rb }); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case url = <-opened:
	case <-time.After(10 * time.Second):
		t.Fatal("it does not listen")
	}
	return strings.TrimSuffix(url, "/"), servers
}
