package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/appliance/audio/capture"
	"orac/appliance/base/testkit"
	"orac/appliance/core"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/api"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/samples"
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

// dearHash is of password, with the cost that the runbook asks for.
const dearHash = "$2a$12$d4N329hnE7Q/EF7VQyFAIOmobQ0CGXNw.CjDZhrtrcjQyh/gRgWAe"

// evil is what somebody would be called who wants to be taken for HTML, in every place where a text can stand.
// It is a link, too, and moves a terminal and turns the direction of writing.
const evil = `javascript:x"'></textarea></title></script></style></svg>--><evil onx='1'>${x}` + "`{{7*7}}\x1b[2J\u202e"

// app is an appliance that says evil things.
type app struct {
	rb      *runbook.Runbook
	file    string
	store   *store.Store
	spooled []status.SpoolRequest // what was done with utterances of the spool
}

func (a *app) Status() status.Status {
	return status.Status{
		Appliance: "test" + evil, Version: evil, PID: os.Getpid(), Generation: 3, LastGood: true, Started: time.Now(),
		Health: health.Report{Level: health.Degraded, Components: []health.Component{{Name: "source.usb", Level: health.Unhealthy, Why: evil, Behind: ""}, {Name: evil, Level: health.Degraded, Why: evil, Behind: evil}}},
		Nodes:  []status.Node{{Address: "source.usb", State: evil, Error: evil}},
		Spool:  status.Spool{Waiting: 2, Dropped: 1, Error: evil}, Memory: status.Memory{Resident: 80 << 20, Warn: 1 << 29, Restart: 1 << 30},
	}
}

func (a *app) Plan(_ context.Context, r status.PlanRequest) (status.Plan, error) {
	return status.Plan{Runbook: evil, Against: evil, Hash: "plan-hash", Changes: true, Deaf: []status.Deaf{{Device: evil, For: time.Second}}, Fetches: []status.Fetch{{Block: evil, Host: evil, SHA256: evil}}, Components: []status.Component{
		{Address: evil, Action: status.Restart, Why: evil, Because: []status.Attribute{{Block: evil, Name: evil, Old: evil, New: evil, Line: 3, File: evil, Source: evil}}},
	}}, nil
}

// proposer judges texts as the appliance does.
func (a *app) proposer() *core.Proposer {
	return &core.Proposer{Language: a, Running: a.Graph}
}

// Read implements core.Language.
func (a *app) Read(file string) ([]byte, error) { return os.ReadFile(file) }

// Evaluate implements core.Language.
func (a *app) Evaluate(_ *rt.Task, e core.Evaluation) (*runbook.Runbook, language.Diagnostics) {
	return runbook.Parse(e.Text, "orac.hcl", language.Options{Secret: func(string) (string, error) { return dearHash, nil }})
}

// run puts a text into force; the people of the rig stay.
func (a *app) run(t *testing.T, text string) {
	t.Helper()
	rb, problems := a.Evaluate(nil, core.Evaluation{Text: []byte(text)})
	if rb == nil {
		t.Fatal(problems)
	}
	rb.Users, rb.Web.Hosts = a.rb.Users, a.rb.Web.Hosts
	a.rb = rb
}

// Check implements core.Language.
func (a *app) Check(*runbook.Runbook) language.Diagnostics { return nil }

func (a *app) Examine(_ context.Context, r status.PlanRequest) (*runbook.Runbook, language.Diagnostics, error) {
	rb, problems := a.proposer().Examine(nil, r)
	return rb, problems, nil
}

func (a *app) Apply(ctx context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	return a.Change(ctx, core.Change{ApplyRequest: r}, progress)
}

func (a *app) Change(_ context.Context, c core.Change, _ func(string)) (status.Applied, error) {
	if c.Of != 0 {
		text, err := a.Text(c.Of)
		if err != nil {
			return status.Applied{}, err
		}
		c.PlanRequest = c.Text(text)
	}
	return c.Do(func() (core.Proposal, error) { return a.proposer().Wanted(nil, c) }, func(to core.Proposal) (status.Applied, error) {
		if c.Hash != "" && c.Hash != "plan-hash" {
			return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "another plan"}
		}
		users, hosts := a.rb.Users, a.rb.Web.Hosts
		a.rb = to.Runbook
		a.rb.Users, a.rb.Web.Hosts = users, hosts
		return status.Applied{OK: true, Generation: 4, Steps: []string{evil}}, nil
	})
}

func (a *app) Rollback(_ context.Context, r status.RollbackRequest, _ func(string)) (status.Applied, error) {
	if r.Hash != "back-hash" || r.Running != 3 {
		return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "another plan"}
	}
	return status.Applied{Why: evil, RolledBack: true, Steps: []string{evil}}, nil
}

func (a *app) PlanRollback(ctx context.Context, _ status.RollbackRequest) (status.Plan, error) {
	p, err := a.Plan(ctx, status.PlanRequest{})
	p.Hash = "back-hash"
	return p, err
}

func (a *app) Text(n int) (string, error) {
	if n > 3 {
		return "", &status.Refusal{Code: status.Unknown, Message: "there is no generation " + strconv.Itoa(n)}
	}
	return strings.Replace(evilRunbook(), "threshold = 0.5", fmt.Sprintf("threshold = 0.%d", 2+n), 1), nil
}

func (a *app) Generations() ([]status.Generation, error) {
	return []status.Generation{{Number: 1, Runbook: evil, Hash: evil, Note: evil}, {Number: 2, Runbook: evil, Damaged: evil}, {Number: 3, Current: true}}, nil
}

func (a *app) Spool(_ context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	if r.Do != status.SpoolList {
		a.spooled = append(a.spooled, r)
		return status.SpoolAnswer{}, nil
	}
	return status.SpoolAnswer{Utterances: []status.Utterance{
		{ID: "u2", Listener: evil, Wake: time.Now(), State: "waiting", Services: []string{evil}},
		{ID: "u1", Listener: evil, State: "refused", Services: []string{evil}, Causes: []string{evil}},
	}, Events: []status.Waits{
		{ID: "evt-2", Webhook: evil, Type: evil, Sequence: 2, State: "waiting"},
		{ID: "evt-1", Webhook: evil, Type: evil, Sequence: 1, State: "refused", Cause: evil, Aside: time.Now()},
	}}, nil
}

func (a *app) Incidents(int) ([]status.Incident, error) {
	return []status.Incident{a.incident()}, nil
}

func (a *app) incident() status.Incident {
	return status.Incident{ID: "i1", Component: evil, Cause: evil, Detected: time.Now(), Actions: []string{evil}, Evidence: evil}
}

func (a *app) Incident(id string) (status.Incident, bool) { return a.incident(), id == "i1" }

func (a *app) Logs(_ context.Context, _ uint64, _ bool, line func(status.LogLine) error) error {
	return line(status.LogLine{Seq: 1, At: time.Now(), Level: evil, Message: evil, Attrs: map[string]any{evil: evil}})
}

func (a *app) Ready() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (a *app) Runbook() *runbook.Runbook   { return a.rb }
func (a *app) History() *store.Store       { return a.store }
func (a *app) Request() status.PlanRequest { return status.PlanRequest{File: a.file} }
func (a *app) Graph() *graph.Graph {
	g, err := graph.Compile(a.rb)
	if err != nil {
		panic(err)
	}
	return g
}

func (a *app) Audio(string) (io.ReadSeekCloser, time.Time, error) {
	return nil, time.Time{}, fs.ErrNotExist
}

func (a *app) Level(_ context.Context, _, identity string) (api.Heard, error) {
	if identity != "testmic" {
		return api.Heard{}, errors.New("no microphone has the identity " + identity)
	}
	return api.Heard{RMS: 327.68, Peak: 3276}, nil
}

func (a *app) Installed(model string) bool { return model == "hey_jarvis" }

func (a *app) Devices(context.Context) (capture.Listing, error) {
	return capture.Listing{Devices: []capture.Device{{Name: evil, Identity: evil, ID: evil, Backend: evil}, {Name: "Test microphone", Identity: "testmic", ID: "testmic", Backend: "alsa"}, {Name: "Monitor", Identity: "monitor", Backend: "pulse", Monitor: true}}, Notes: []string{evil}}, nil
}

// evilRunbook has evil in every text that the language lets be anything: it takes no control characters.
func evilRunbook() string {
	evil := strings.ReplaceAll(evil, "\x1b", "")
	return fmt.Sprintf(`appliance "test" {} # %[1]s

device "microphone" "usb" {
  match = %[2]s
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5 # tuned
  wake_word = "hey <evil onx=1>"
}

listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}

stt "whisper" {
  protocol = "exec"
  command  = [%[2]s, "b"]
}

web {
  listen = "127.0.0.1:7171"
}
`, strings.ReplaceAll(evil, "\n", ""), strconv.Quote(strings.ReplaceAll(evil, "${", "$${")))
}

// Options are what a rig has beside an appliance. The zero value has nothing.
type Options struct {
	Simulations string // the folder of what was simulated; empty: nothing can be
	Program     string // that simulates
	Samples     string // the folder of samples
}

// rig is a console with users of every role.
type rig struct {
	t       *testing.T
	app     *app
	console *Console
	server  *api.Server
	audit   *audit.Log
	sims    *simulations.Runner
	cookies map[auth.Role]*http.Cookie
	csrf    map[auth.Role]string
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, app: &app{file: filepath.Join(dir, "orac.hcl")}, cookies: map[auth.Role]*http.Cookie{}, csrf: map[auth.Role]string{}}
	text := evilRunbook()
	r.must(os.WriteFile(r.app.file, []byte(text), 0o640))
	rb, problems := runbook.Parse([]byte(text), "orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	for _, role := range auth.Roles() {
		rb.Users = append(rb.Users, runbook.User{Name: string(role), Role: string(role), PasswordHash: language.NewSecret(cheapHash())})
	}
	rb.Web.Hosts = []string{"example.com"} // what httptest asks for
	r.app.rb = rb
	history, _, err := store.Open(filepath.Join(dir, "orac.db"))
	r.must(err)
	t.Cleanup(func() { history.Close() })
	r.app.store = history
	guard, err := auth.Open(dir, []byte("hash key"))
	r.must(err)
	t.Cleanup(func() { guard.Close() })
	r.audit = audit.In(dir)
	r.console = New()
	ctx, cancel := context.WithCancel(t.Context())
	r.sims = simulations.New(ctx, simulations.Options{Dir: o.Simulations, Program: o.Program})
	t.Cleanup(func() { cancel(); r.sims.Close() })
	r.server = api.New(ctx, api.Options{
		App: r.app, Guard: guard, Audit: r.audit, Events: api.NewHub(), Log: slog.New(slog.DiscardHandler), Version: "test",
		Simulations: r.sims, Samples: samples.New(samples.Options{Dir: o.Samples}), Docs: testDocs, Pages: r.console.Pages,
	})
	for _, role := range auth.Roles() {
		w := r.send(auth.Nobody, "POST", "/login", url.Values{"username": {string(role)}, "password": {password}})
		if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) == 0 {
			t.Fatalf("%s cannot log in: %d %s", role, w.Code, w.Body)
		}
		r.cookies[role] = w.Result().Cookies()[0]
		page := r.get(role, "/")
		m := regexp.MustCompile(`data-csrf="([^"]+)"`).FindStringSubmatch(page.Body.String())
		if m == nil {
			t.Fatalf("%s: a page without a token: %d %.300s", role, page.Code, page.Body)
		}
		r.csrf[role] = m[1]
	}
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	testkit.Must(r.t, err)
}

// wake puts a wake with what was said into the history.
func (r *rig) wake(id, model string, score float64, text string) {
	r.t.Helper()
	at := time.Now().Add(-time.Minute)
	r.must(r.app.store.AddDetection(store.Detection{ID: id, At: at, Device: evil, Listener: evil, Model: model, WakeWord: evil, Score: score, Threshold: 0.5}))
	r.must(r.app.store.SaveUtterance(store.Utterance{ID: "u" + id, DetectionID: id, Listener: evil, Started: at, Ended: at.Add(time.Second), Seconds: 1, Why: evil}))
	r.must(r.app.store.SaveDelivery(store.Delivery{UtteranceID: "u" + id, STT: evil, Outcome: store.Delivered, Attempts: 2, At: at, Error: evil}, &store.Transcript{UtteranceID: "u" + id, STT: evil, Text: text}))
}

// send makes a request as somebody; a form has the token of its session.
func (r *rig) send(role auth.Role, method, path string, form url.Values) *httptest.ResponseRecorder {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req := httptest.NewRequest(method, path, body)
	req.Header.Set("Accept", "text/html")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c := r.cookies[role]; c != nil {
		req.AddCookie(c)
	}
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, req)
	return w
}

func (r *rig) get(role auth.Role, path string) *httptest.ResponseRecorder {
	return r.send(role, "GET", path, nil)
}

// post sends a form with its token.
func (r *rig) post(role auth.Role, path string, form url.Values) *httptest.ResponseRecorder {
	form = url.Values(http.Header(form).Clone())
	if form == nil {
		form = url.Values{}
	}
	form.Set("csrf", r.csrf[role])
	return r.send(role, "POST", path, form)
}
