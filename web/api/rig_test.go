package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/appliance/core"
	"orac/appliance/health"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/appliance/sttrole"
	utteranceid "orac/appliance/utterance"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/auth/authtest"
	"orac/web/fake"
	"orac/web/samples"
	"orac/web/schema"
	"orac/web/simulations"
)

// A hash that costs what it costs in an appliance takes 250 ms, and seconds with the race detector.
func init() { authtest.Cheaply() }

// dearly is for tests whose hashes go into a runbook: it refuses cheap ones.
func dearly(t *testing.T) {
	authtest.Dearly()
	t.Cleanup(authtest.Cheaply)
}

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

// rig is a server with users of every role.
type rig struct {
	t      testing.TB
	app    *fake.Appliance
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
	rb.ESPHomes = []runbook.ESPHome{{Address: "esphome.home", Name: "home", Listen: ":6053", AcceptKey: true, Advertise: true, Allow: []string{runbook.AllowMute}, MaxConnections: 8}}
	rb.Wyomings = []runbook.Wyoming{{Address: "wyoming.ears", Name: "ears", Serve: runbook.ServeSTT, Engine: "stt.local", Listen: ":10300", Unprotected: true, Advertise: true, MaxConnections: 32}}
	rb.STTServers = []runbook.STTServer{{Address: "stt_server.house", Name: "house", Listen: "127.0.0.1:7272", Forget: time.Minute, Legacy: []runbook.Address{"peer.old"}}}
	rb.Web.Hosts = []string{"example.com", "x"} // what httptest and raw requests ask for
	change(rb)
	history, _, err := store.Open(filepath.Join(r.dir, "orac.db"))
	r.must(err)
	t.Cleanup(func() { history.Close() })
	r.app = &fake.Appliance{
		Deeds: fake.NewDeeds(),
		Book:  rb, File: file, Base: testRunbook, Store: history, Health: health.Report{Level: health.Healthy}, Sounds: map[string]string{soundID: "RIFF"}, StateDir: r.dir,
		Heard: sttrole.State{
			Name: "house", Engine: sttrole.Engine{Name: "local", Model: "moonshine_tiny", State: sttrole.EngineReady},
			Instances:   []sttrole.Instance{{InstanceID: "barn", Peer: sttrole.Peer{Name: "service:barn", Address: "192.0.2.9"}, Age: 2 * time.Minute, Models: []sttrole.BeatModel{{WakeWord: "hey jarvis", Status: "active"}, {WakeWord: "alexa"}}}},
			Transcripts: []sttrole.Transcript{{Heard: sttrole.Heard{ID: soundID, Text: "turn on the lights", Duration: 2 * time.Second}, Sound: true}},
		},
	}
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
	r.server = New(ctx, Options{App: AppOf(r.app), Guard: r.guard, Audit: r.audit, Events: NewHub(), Log: log, Version: "test", Simulations: r.sims, Docs: []Doc{{"install", "Install", "# Install\n"}}, Samples: sampled(t, r.dir), Pages: barePages})
	t.Cleanup(func() { cancel(); r.server.gate.Refused.End() }) // which writes to the folder
	for _, u := range rb.Users {
		token, err := r.guard.Issue(r.vouch(u.Name), time.Hour)
		r.must(err)
		r.tokens[auth.Role(u.Role)] = token.Token
	}
	return r
}

// cookieOf is the name under which the browser of a user keeps a session of this appliance.
func (r *rig) cookieOf(user string) string {
	w := httptest.NewRecorder()
	_, err := r.guard.StartSession(w, httptest.NewRequest("GET", "/", nil), r.vouch(user), auth.Via{})
	r.must(err)
	return w.Result().Cookies()[0].Name
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

// parse evaluates a text as the appliance does.
func (r *rig) parse(text string) (*runbook.Runbook, language.Diagnostics) {
	return r.app.Evaluate(nil, core.Evaluation{Text: []byte(text)})
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
