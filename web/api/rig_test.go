package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/appliance/audio/capture"
	"orac/appliance/base/testkit"
	"orac/appliance/core"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/store"
	utteranceid "orac/appliance/utterance"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/samples"
	"orac/web/schema"
	"orac/web/simulations"
)

const password = "correct horse battery"

var cheapHash = sync.OnceValue(func() string {
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(h)
})

// soundID is the identity of a record as the appliance makes them.
var soundID = utteranceid.ID(time.Unix(1000, 0), 7)

const testRunbook = `appliance "test" {}

device "microphone" "usb" {}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5 # tuned
}

listener "kitchen" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}

web {
  listen = "127.0.0.1:7171"
}
`

// fake is an appliance that does what a test tells it.
type fake struct {
	mu       sync.Mutex // guards what follows
	rb       *runbook.Runbook
	file     string
	store    *store.Store
	health   health.Report
	applied  []status.ApplyRequest
	apply    func(status.ApplyRequest) (status.Applied, error)
	sounds   map[string]string
	ready    chan struct{}
	explodes bool
	looked   atomic.Int64   // how often a model was looked at
	stateDir string         // of the secrets that a text may name
	kept     map[int]string // texts of generations
	nodes    []status.Node
	incident status.Incident // one more
	diskErr  string
	accept   func(*runbook.Runbook) error // nil where the file declares other people than the guard knows
	before   func()                       // called when a change is about to have its turn; nil for nothing
	spooled  []status.SpoolRequest        // what was done with utterances of the spool
}

func (f *fake) Status() status.Status {
	if f.explodes {
		panic("canary-s3cret: something is wrong in " + f.file)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return status.Status{Appliance: "test", Generation: 3, Health: f.health, Runbook: f.file, Started: time.Now(), Nodes: f.nodes, Spool: status.Spool{Error: f.diskErr}}
}

// proposer judges texts as the appliance does.
func (f *fake) proposer() *core.Proposer {
	return &core.Proposer{Language: f, Running: f.Graph, Accept: f.accept}
}

// Read implements core.Language.
func (f *fake) Read(file string) ([]byte, error) { return os.ReadFile(file) }

// Evaluate implements core.Language.
func (f *fake) Evaluate(_ *rt.Task, e core.Evaluation) (*runbook.Runbook, language.Diagnostics) {
	o := language.Options{StateDir: f.stateDir}
	if e.Within != nil {
		o.Within = &e.Within.Document
	}
	return runbook.Parse(e.Text, "orac.hcl", o)
}

func (f *fake) parse(text string) (*runbook.Runbook, language.Diagnostics) {
	return f.Evaluate(nil, core.Evaluation{Text: []byte(text)})
}

// Check implements core.Language.
func (f *fake) Check(*runbook.Runbook) language.Diagnostics { return nil }

// of is a request with the text of the generation that it names, as the steward makes it.
func (f *fake) of(r status.PlanRequest) (status.PlanRequest, error) {
	if r.Of == 0 {
		return r, nil
	}
	text, err := f.Text(r.Of)
	return r.Text(text), err
}

func (f *fake) Plan(_ context.Context, r status.PlanRequest) (status.Plan, error) {
	r, err := f.of(r)
	if err != nil {
		return status.Plan{}, err
	}
	if strings.Contains(*r.Source, "broken") {
		return status.Plan{}, &status.Refusal{Code: status.Invalid, Message: "orac.hcl has problems", Detail: "orac.hcl:1:1: error"}
	}
	if _, err := f.proposer().Asked(nil, r); err != nil {
		return status.Plan{}, err
	}
	return status.Plan{Runbook: r.File, Hash: language.TextHash(*r.Source), Changes: true}, nil
}

func (f *fake) Examine(_ context.Context, r status.PlanRequest) (*runbook.Runbook, language.Diagnostics, error) {
	rb, problems := f.proposer().Examine(nil, r)
	return rb, problems, nil
}

func (f *fake) Apply(ctx context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	return f.Change(ctx, core.Change{ApplyRequest: r}, progress)
}

func (f *fake) Change(_ context.Context, c core.Change, progress func(string)) (status.Applied, error) {
	if f.before != nil {
		f.before()
	}
	r, err := f.of(c.PlanRequest)
	if err != nil {
		return status.Applied{}, err
	}
	c.PlanRequest = r
	return c.Do(func() (core.Proposal, error) { return f.proposer().Wanted(nil, c) }, func(to core.Proposal) (status.Applied, error) {
		if c.Of != 0 && c.Hash != "" && c.Hash != language.TextHash(string(to.Source)) {
			return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "another plan"}
		}
		c.PlanRequest = c.Text(string(to.Source))
		f.mu.Lock()
		f.applied = append(f.applied, c.ApplyRequest)
		f.mu.Unlock()
		progress("prepare")
		if f.apply != nil {
			return f.apply(c.ApplyRequest)
		}
		return status.Applied{OK: true, Generation: 4, Steps: []string{"prepare"}}, nil
	})
}

func (f *fake) Rollback(ctx context.Context, r status.RollbackRequest, _ func(string)) (status.Applied, error) {
	if r.Running != 0 && r.Running != 3 {
		return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "generation 3 runs now"}
	}
	if _, err := f.PlanRollback(ctx, r); err != nil {
		return status.Applied{}, err
	}
	if r.Hash != "" && r.Hash != "plan-of-rollback" {
		return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "another plan"}
	}
	return status.Applied{OK: true, Generation: r.Generation}, nil
}

func (f *fake) PlanRollback(_ context.Context, r status.RollbackRequest) (status.Plan, error) {
	text, err := f.Text(r.Generation)
	if err != nil {
		return status.Plan{}, err
	}
	if _, err := f.proposer().Former(nil, r, &generation.Generation{Number: r.Generation, File: f.file, Source: []byte(text)}); err != nil {
		return status.Plan{}, err
	}
	return status.Plan{Runbook: f.file, Hash: "plan-of-rollback", Changes: true}, nil
}

func (f *fake) Text(n int) (string, error) {
	if n > 3 {
		return "", &status.Refusal{Code: status.Unknown, Message: "there is no such generation"}
	}
	if text, ok := f.kept[n]; ok {
		return text, nil
	}
	return strings.Replace(testRunbook, "threshold = 0.5", fmt.Sprintf("threshold = 0.%d", 2+n), 1), nil
}

func (f *fake) Generations() ([]status.Generation, error) {
	return []status.Generation{{Number: 3, Runbook: "/home/secret/orac.hcl", Current: true}}, nil
}

func (f *fake) Spool(_ context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	if r.Do == status.SpoolList {
		return status.SpoolAnswer{Utterances: []status.Utterance{{ID: "u1", Listener: "kitchen", State: "refused", Services: []string{"whisper"}, Causes: []string{"no"}}}}, nil
	}
	if r.ID != "u1" {
		return status.SpoolAnswer{}, &status.Refusal{Code: status.Unknown, Message: "there is no such utterance"}
	}
	f.spooled = append(f.spooled, r)
	return status.SpoolAnswer{}, nil
}

func (f *fake) Incidents(int) ([]status.Incident, error) {
	return []status.Incident{{ID: "i1", Component: "source.usb", Evidence: "stacks"}, f.incident}, nil
}

func (f *fake) Incident(id string) (status.Incident, bool) {
	i := f.incident
	if i.ID = id; i.Evidence == "" {
		i.Evidence = "stacks"
	}
	return i, id == "i1"
}

func (f *fake) Logs(_ context.Context, _ uint64, _ bool, line func(status.LogLine) error) error {
	return line(status.LogLine{Seq: 1, Message: "up"})
}

func (f *fake) Ready() <-chan struct{}      { return f.ready }
func (f *fake) Runbook() *runbook.Runbook   { return f.rb }
func (f *fake) History() *store.Store       { return f.store }
func (f *fake) Request() status.PlanRequest { return status.PlanRequest{File: f.file} }
func (f *fake) Graph() *graph.Graph {
	g, err := graph.Compile(f.rb)
	if err != nil {
		panic(err)
	}
	return g
}

func (f *fake) Audio(id string) (io.ReadSeekCloser, time.Time, error) {
	text, ok := f.sounds[id]
	if !ok {
		return nil, time.Time{}, fs.ErrNotExist
	}
	return sound{strings.NewReader(text)}, time.Time{}, nil
}

type sound struct{ *strings.Reader }

func (sound) Close() error { return nil }

func (f *fake) Level(_ context.Context, _, identity string) (Heard, error) {
	if identity != "testmic" {
		return Heard{}, fmt.Errorf("no microphone has the identity %s: %w", identity, capture.ErrNotFound)
	}
	return Heard{RMS: 327.68, Peak: 3276}, nil
}

func (f *fake) Installed(model string) bool {
	f.looked.Add(1)
	return model == "hey_jarvis"
}

func (f *fake) Devices(context.Context) (capture.Listing, error) {
	return capture.Listing{Devices: []capture.Device{{Name: "USB"}}}, nil
}

// rig is a server with users of every role.
type rig struct {
	t      testing.TB
	app    *fake
	guard  *auth.Guard
	audit  *audit.Log
	server *Server
	dir    string
	log    *bytes.Buffer
	logged *lockedBuffer // log, while somebody writes it
	cancel context.CancelFunc
	sims   *simulations.Runner
	tokens map[auth.Role]string
	key    string // an API key, see pathOf
}

func newRig(t testing.TB) *rig { return newRigWith(t, func(*runbook.Runbook) {}) }

func newRigWith(t testing.TB, change func(*runbook.Runbook)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), log: &bytes.Buffer{}, tokens: map[auth.Role]string{auth.Nobody: ""}}
	file := filepath.Join(r.dir, "orac.hcl")
	r.must(os.WriteFile(file, []byte(testRunbook), 0o640))
	rb, problems := runbook.Parse([]byte(testRunbook), "orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	for _, role := range auth.Roles() {
		rb.Users = append(rb.Users, runbook.User{Name: string(role), Role: string(role), PasswordHash: language.NewSecret(cheapHash())})
	}
	rb.ServiceAccounts = []runbook.ServiceAccount{{Name: "core", Role: "viewer", Secret: language.NewSecret(strings.Repeat("core-secret-", 4))}}
	rb.Web.Hosts = []string{"example.com", "x"} // what httptest and raw requests ask for
	change(rb)
	history, _, err := store.Open(filepath.Join(r.dir, "orac.db"))
	r.must(err)
	t.Cleanup(func() { history.Close() })
	r.app = &fake{rb: rb, file: file, store: history, health: health.Report{Level: health.Healthy}, sounds: map[string]string{soundID: "RIFF"}, ready: make(chan struct{}), stateDir: r.dir}
	close(r.app.ready)
	r.guard, err = auth.Open(r.dir, []byte("hash key"))
	r.must(err)
	t.Cleanup(func() { r.guard.Close() })
	r.audit = audit.In(r.dir)
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	t.Cleanup(cancel)
	r.logged = &lockedBuffer{b: r.log}
	log := slog.New(slog.NewJSONHandler(r.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.sims = simulations.New(ctx, simulations.Options{Dir: simulated(t, r.dir), Program: "/bin/true", Env: []string{}})
	t.Cleanup(func() { cancel(); r.sims.Close() })
	r.server = New(ctx, Options{App: r.app, Guard: r.guard, Audit: r.audit, Events: NewHub(), Log: log, Version: "test", Simulations: r.sims, Docs: []Doc{{"install", "Install", "# Install\n"}}, Samples: sampled(t, r.dir)})
	t.Cleanup(func() { cancel(); r.server.refused.end() }) // which writes to the folder
	for _, u := range rb.Users {
		token, err := r.guard.Issue(r.vouch(u.Name), time.Hour)
		r.must(err)
		r.tokens[auth.Role(u.Role)] = token.Token
	}
	return r
}

// simulated is a folder with what a simulation has left.
func simulated(t testing.TB, dir string) string {
	t.Helper()
	dir = filepath.Join(dir, "simulations")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"1.run":  `{"number":1,"scenario":"storm","seeds":3,"who":"anna","state":"ended","verdict":"kept","report":true,"output":"words"}`,
		"1.html": "<!doctype html><style>p{color:red}</style><p>report</p>", "1.json": `{"scenarios":[{"verdict":"kept"}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sampled are samples that a short life of an appliance has left.
func sampled(t testing.TB, dir string) *samples.Samples {
	t.Helper()
	s := samples.New(samples.Options{Dir: dir})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // after the first one
	s.Run(ctx, measured{})
	return s
}

type measured struct{}

func (measured) Status() status.Status {
	return status.Status{Memory: status.Memory{Resident: 80 << 20}, Spool: status.Spool{Waiting: 2, DiskBytes: 1000}}
}

type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  *bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// vouch is the proof of a user by the word of this machine.
func (r *rig) vouch(name string) auth.Verified {
	r.t.Helper()
	v, err := r.guard.Vouch(auth.User, name)
	r.must(err)
	return v
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (r *rig) must(err error) {
	r.t.Helper()
	testkit.Must(r.t, err)
}

// request makes a request as a role; body may be nil, text or a value.
func (r *rig) request(role auth.Role, method, path string, body any) *http.Request {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		r.must(err)
		reader = bytes.NewReader(text)
	}
	req := httptest.NewRequest(method, path, reader)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token := r.tokens[role]; token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req
}

func (r *rig) do(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, req)
	return w
}

func (r *rig) call(role auth.Role, method, path string, body any) *httptest.ResponseRecorder {
	return r.do(r.request(role, method, path, body))
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

// problem checks that an answer is a problem with a code.
func (r *rig) problem(what string, w *httptest.ResponseRecorder, code schema.Code) schema.Problem {
	r.t.Helper()
	var p schema.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		r.t.Errorf("%s: %d is no problem document: %.200s", what, w.Code, w.Body)
		return p
	}
	if p.Code != code || p.Status != w.Code || w.Code != code.Doc().Status || p.Request == "" || p.Request != w.Header().Get("X-Request-ID") {
		r.t.Errorf("%s: %d %s, want %s: %s", what, w.Code, p.Code, code, w.Body)
	}
	return p
}

// records are the audit records of an action, the newest first.
func (r *rig) records(action string) []audit.Line {
	r.t.Helper()
	list, err := r.audit.Page(0, 100, func(a audit.Record) bool { return a.Action == action })
	r.must(err)
	return list
}

func healthPart(name string, level health.Level, why string) health.Component {
	return health.Component{Name: name, Level: level, Why: why, Since: time.Now()}
}

// from is where the requests of a test come from.
func (r *rig) from() netip.Addr { return netip.MustParseAddr("192.0.2.1") }
