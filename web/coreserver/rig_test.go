package coreserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/appliance/account"
	"orac/appliance/act"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/gate"
	"orac/web/peers"
	"orac/web/schema"
)

const secret = "a-secret-that-both-sides-know-0123456789"

var cheapHash = sync.OnceValue(func() string {
	h, err := bcrypt.GenerateFromPassword([]byte("correct horse battery"), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(h)
})

// house is the block under test.
const house = runbook.Address("core_server.house")

// deeds is an acting side that does what a test tells it.
type deeds struct {
	mu       sync.Mutex // guards everything that follows
	do       func(context.Context, act.Request) (act.Answer, error)
	asked    []act.Request
	left     int // calls whose context ended
	beats    []act.Beat
	state    act.CoreState
	learnt   []act.LearntAnswer
	home     *act.Home
	forgot   []string
	refreshs []string
	err      error // of everything but asking
	gone     bool
}

func (d *deeds) CoreServer(block runbook.Address) (act.Core, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d, !d.gone && block == house
}

func (d *deeds) Ask(ctx context.Context, r act.Request) (act.Answer, error) {
	d.mu.Lock()
	d.asked = append(d.asked, r)
	f := d.do
	d.mu.Unlock()
	a, err := f(ctx, r)
	if ctx.Err() != nil {
		d.set(func() { d.left++ })
	}
	return a, err
}

func (d *deeds) Beat(_ context.Context, b act.Beat) (act.BeatAnswer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.beats = append(d.beats, b)
	return act.BeatAnswer{Processed: len(b.Topics), Created: 1}, d.err
}

func (d *deeds) State(context.Context) (act.CoreState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state, d.err
}

func (d *deeds) Home(_ context.Context, backend string) (*act.Home, []act.State, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if backend != "home" {
		return nil, nil, act.ErrNoBackend
	}
	return d.home, []act.State{{Entity: "light.kitchen", State: "on", Numbers: map[string]float64{"brightness": 128}}}, d.err
}

func (d *deeds) Commands(context.Context, string, int) ([]act.Answer, error) { return nil, d.err }

func (d *deeds) Forget(_ context.Context, topic, text string) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgot = append(d.forgot, topic+"/"+text)
	if text != "" && !slices.ContainsFunc(d.learnt, func(l act.LearntAnswer) bool { return l.Topic == topic && l.Text == text }) {
		return 0, d.err
	}
	return max(1, len(d.learnt)), d.err
}

func (d *deeds) Learnt(context.Context) ([]act.LearntAnswer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.learnt, d.err
}

func (d *deeds) Refresh(_ context.Context, backend string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refreshs = append(d.refreshs, backend)
	return d.err
}

func (d *deeds) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// last is the last request, and how many there were.
func (d *deeds) last() (r act.Request, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n = len(d.asked); n > 0 {
		r = d.asked[n-1]
	}
	return r, n
}

func number(f float64) *float64 { return &f }

// dimmed is the answer to "turn the kitchen lights to half".
func dimmed(r act.Request) act.Answer {
	now := time.Now()
	c := act.Command{Intent: "set_brightness", Backend: "home", Targets: []string{"light.kitchen"}, Words: r.Text, Slots: []act.Slot{
		{Name: "area", Value: act.Value{Text: "Kitchen"}, Words: "kitchen"}, {Name: "brightness", Value: act.Value{Number: number(50), Unit: "%"}, Words: "half"}}}
	call := act.Call{Backend: "home", Intent: "set_brightness", Service: "light.turn_on", Targets: c.Targets, Data: map[string]any{"brightness_pct": 50.0}}
	return act.Answer{
		ID: r.ID, Topic: r.Topic, Text: r.Text, Understood: true, Executed: true, Verified: true, Speech: "The kitchen lights are at 50 percent.",
		Reading:  act.Reading{Tier: act.Sentence, Score: 1, Commands: []act.Command{c}},
		Outcomes: []act.Outcome{{Call: call, Verdict: act.Proven, Entities: []act.EntityOutcome{{Entity: "light.kitchen", Before: act.State{State: "off"}, After: act.State{State: "on"}, Verdict: act.Proven}}, Sent: now, Answered: now, Proof: now}},
		Came:     now, ReadAt: now, ExecutedAt: now, VerifiedAt: now,
	}
}

// rig is a server with an acting side that dims the lights of the kitchen, whatever is said.
type rig struct {
	t      testing.TB
	deeds  *deeds
	guard  *auth.Guard
	audit  *audit.Log
	log    *bytes.Buffer
	logged sync.Mutex // guards log
	rb     *runbook.Runbook
	server *Server // without a listener
	hosts  *peers.Hosts
	o      Options
	dir    string
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

// declared is a runbook with a Core server, people, and accounts.
func declared(t testing.TB) *runbook.Runbook {
	rb, problems := runbook.Parse([]byte("appliance \"test\" {}\n"), "orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	for _, role := range auth.Roles() {
		rb.Users = append(rb.Users, runbook.User{Name: string(role), Role: string(role), PasswordHash: language.NewSecret(cheapHash())})
	}
	account := func(name, audience string, permissions ...string) {
		rb.ServiceAccounts = append(rb.ServiceAccounts, runbook.ServiceAccount{
			Address: runbook.Address("service_account." + name), Name: name, Secret: language.NewSecret(secret), Audience: audience, Permissions: permissions,
		})
	}
	account("orac_stt", Audience, Results, Status)
	account("beats", Audience, Status)
	account("reads", Audience, Read)
	account("nothing", Audience)
	account("hey_orac", "orac-stt", Results, Status, Read)
	rb.Peers = []runbook.Peer{{Address: "peer.old", Name: "old", From: "192.0.2.77"}}
	rb.CoreServers = []runbook.CoreServer{{Address: house, Name: "house", Listen: "127.0.0.1:0", MaxConnections: 100, PerPeer: 10_000, Legacy: []runbook.Address{"peer.old"}}}
	rb.Web.Hosts = []string{"example.com", "core"} // what httptest and tests ask for
	rb.Web.Origins = []string{"https://panel.example"}
	return rb
}

func newRig(t testing.TB) *rig { return newRigWith(t, func(*runbook.Runbook) {}) }

func newRigWith(t testing.TB, change func(*runbook.Runbook)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), log: &bytes.Buffer{}, rb: declared(t)}
	change(r.rb)
	r.deeds = &deeds{
		do: func(_ context.Context, q act.Request) (act.Answer, error) { return dimmed(q), nil },
		state: act.CoreState{
			Topics:   []act.TopicState{{Name: "general", Declared: true, Enabled: true, Backends: []string{"home"}, Intents: 120, Beat: time.Now(), WakeWord: "computer", Triggers: 3}, {Name: "music", Enabled: true}},
			Backends: []act.BackendState{{Name: "home", Protocol: "home_assistant", Connected: true, Version: "2026.4", Entities: 2, Enabled: 1, Areas: 1}},
		},
		home: &act.Home{Backend: "home", Areas: []act.Area{{ID: "kitchen", Name: "Kitchen"}}, Entities: []act.Entity{
			{ID: "light.kitchen", Domain: "light", Name: "Ceiling", Area: "kitchen", Enabled: true}, {ID: "sensor.door", Domain: "sensor", Name: "Door"}}},
		learnt: []act.LearntAnswer{{Topic: "general", Text: "make it cosy", Hits: 3, Commands: []act.Command{{Intent: "turn_on", Backend: "home", Targets: []string{"light.kitchen"}}}}},
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
	r.o = Options{App: r.deeds, Guard: r.guard, Audit: r.audit, Refused: refused, Log: log, Version: "test"}
	r.server = New(ctx, r.o, house)
	r.server.Use(r.rb)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	testkit.Must(r.t, err)
}

// token is what the account signs for itself.
func (r *rig) token(name string) string { return r.tokenFor(name, Audience) }

func (r *rig) tokenFor(name, audience string) string {
	r.t.Helper()
	tokens, err := account.New(account.Config{Name: name, Secret: language.NewSecret(secret), Permissions: []string{Results, Status, Read}, Issuer: "orac", Audience: audience, Lifetime: 15 * time.Minute})
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
	req.Header.Set("Content-Type", "application/json")
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

// say sends a text.
func (r *rig) say(who as, prompt string, header ...string) *httptest.ResponseRecorder {
	body, err := json.Marshal(map[string]any{"prompt": prompt, "stream": false, "metadata": map[string]any{"source": "orac_stt", "confidence": 0.9}})
	r.must(err)
	req := r.request(who, "POST", "/v1/generate/general", bytes.NewReader(body))
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

// listening serves the rig's runbook over the network, and returns its address.
func (r *rig) listening(t testing.TB) (url string) {
	t.Helper()
	opened := make(chan string, 8)
	r.hosts = NewHosts(r.dir, r.o.Log, nil)
	r.hosts.Opened = func(_ runbook.Address, url string) { opened <- url }
	r.hosts.Bounds = edge.Bounds{Head: time.Second / 4, Slow: time.Second / 4}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.hosts.Run(ctx, r.o.Site, func() *runbook.Runbook { return r.rb }); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case url = <-opened:
	case <-time.After(10 * time.Second):
		t.Fatal("it does not listen")
	}
	return strings.TrimSuffix(url, "/")
}
