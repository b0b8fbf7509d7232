package console

import (
	"context"
	"fmt"
	"io"
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

	"orac/appliance/record"
	"orac/appliance/store"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
	"orac/web/api"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/auth/authtest"
	"orac/web/fake"
	"orac/web/samples"
	"orac/web/simulations"
)

// A hash that costs what it costs in an appliance takes 250 ms, and seconds with the race detector.
func init() { authtest.Cheaply() }

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
	Simulations string                 // the folder of what was simulated; empty: nothing can be
	Program     string                 // that simulates
	Samples     string                 // the folder of samples
	Runbook     func(*runbook.Runbook) // changes it
}

// rig is a console with users of every role.
type rig struct {
	t       *testing.T
	app     fake.Evil
	console *Console
	server  *api.Server
	audit   *audit.Log
	sims    *simulations.Runner
	cookies map[auth.Role]*http.Cookie
	csrf    map[auth.Role]string
}

func newRig(t *testing.T, o Options) *rig {
	return newRigOf(t, o, func(e fake.Evil) api.Whole { return e })
}

// newRigOf makes a rig of another appliance.
func newRigOf(t *testing.T, o Options, whole func(fake.Evil) api.Whole) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, app: fake.Evil{Appliance: &fake.Appliance{File: filepath.Join(dir, "orac.hcl"), Base: evilRunbook(), Secret: dearHash, Takes: true, Hash: "plan-hash"}, Word: evil}, cookies: map[auth.Role]*http.Cookie{}, csrf: map[auth.Role]string{}}
	r.must(os.WriteFile(r.app.File, []byte(r.app.Base), 0o640))
	rb, problems := runbook.Parse([]byte(r.app.Base), "orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	for _, role := range auth.Roles() {
		rb.Users = append(rb.Users, runbook.User{Name: string(role), Role: string(role), PasswordHash: language.NewSecret(cheapHash())})
	}
	rb.ESPHomes = []runbook.ESPHome{{Address: "esphome.home", Name: "home", Listen: ":6053", AcceptKey: true, Advertise: true, Allow: []string{runbook.AllowMute}, MaxConnections: 8}}
	rb.Wyomings = []runbook.Wyoming{{Address: "wyoming.ears", Name: "ears", Serve: runbook.ServeSTT, Engine: "stt.local", Listen: ":10300", Unprotected: true, Advertise: true, MaxConnections: 32}}
	rb.STTServers = []runbook.STTServer{{Address: "stt_server.house", Name: "house", Listen: ":7272", Legacy: []runbook.Address{"peer.old"}}}
	rb.Web.Hosts = []string{"example.com"} // what httptest asks for
	if o.Runbook != nil {
		o.Runbook(rb)
	}
	r.app.Book = rb
	history, _, err := store.Open(filepath.Join(dir, "orac.db"))
	r.must(err)
	t.Cleanup(func() { history.Close() })
	r.app.Store = history
	guard, err := auth.Open(dir, []byte("hash key"))
	r.must(err)
	t.Cleanup(func() { guard.Close() })
	r.audit = audit.In(dir)
	r.console = New()
	ctx, cancel := context.WithCancel(t.Context())
	r.sims = simulations.New(ctx, simulations.Options{Dir: o.Simulations, Program: o.Program})
	t.Cleanup(func() { cancel(); r.sims.Close() })
	r.server = api.New(ctx, api.Options{
		App: api.AppOf(whole(r.app)), Guard: guard, Audit: r.audit, Events: api.NewHub(), Log: slog.New(slog.DiscardHandler), Version: "test",
		Simulations: r.sims, Samples: samples.New(samples.Options{Dir: o.Samples}), Docs: testDocs, Pages: r.console.Pages,
	})
	for _, role := range auth.Roles() {
		w := r.send(auth.Nobody, "POST", "/login", url.Values{"username": {string(role)}, "password": {password}})
		if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) == 0 {
			t.Fatalf("%s cannot log in: %d %s", role, w.Code, w.Body)
		}
		r.cookies[role] = w.Result().Cookies()[0]
		page := r.get(role, "/")
		r.csrf[role] = csrfOf(t, page.Body.String())
	}
	return r
}

// csrfOf is the token of a page's session.
func csrfOf(t *testing.T, page string) string {
	t.Helper()
	m := regexp.MustCompile(`data-csrf="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("a page without a token: %.300s", page)
	}
	return m[1]
}

func (r *rig) must(err error) {
	r.t.Helper()
	testkit.Must(r.t, err)
}

// wake puts a wake with what was said into the history.
func (r *rig) wake(id, model string, score float64, text string) {
	r.t.Helper()
	at := time.Now().Add(-time.Minute)
	r.must(r.app.Store.AddDetection(record.Detection{ID: id, At: at, Device: evil, Listener: evil, Model: model, WakeWord: evil, Score: score, Threshold: 0.5}))
	r.must(r.app.Store.SaveUtterance(record.Utterance{ID: "u" + id, DetectionID: id, Listener: evil, Started: at, Ended: at.Add(time.Second), Seconds: 1, Why: evil}))
	r.must(r.app.Store.SaveDelivery(record.Delivery{UtteranceID: "u" + id, STT: evil, Outcome: record.Delivered, Attempts: 2, At: at, Error: evil}, &record.Transcript{UtteranceID: "u" + id, STT: evil, Text: text}))
}

// mute puts a mute of a listener, or its end, into the history.
func (r *rig) mute(m record.Mute) {
	r.t.Helper()
	r.must(r.app.Store.AddMute(m))
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
