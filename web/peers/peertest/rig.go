package peertest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/appliance/account"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/auth/authtest"
	"orac/web/gate"
	"orac/web/peers"
	"orac/web/schema"
)

// Secret is that of every account.
const Secret = "a-secret-that-both-sides-know-0123456789"

var cheapHash = sync.OnceValue(func() string {
	h, err := bcrypt.GenerateFromPassword([]byte("correct horse battery"), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(h)
})

// Kind is what differs between types of servers.
type Kind struct {
	Audience    string   // of tokens
	Permissions []string // that a token names if a test does not say
	Type        string   // the Content-Type of bodies; "": none
	Host        string   // a name of the server
}

// Declared is a runbook without servers: a user of each role, and the legacy peer. Accounts come with Account.
func (k Kind) Declared(t testing.TB) *runbook.Runbook {
	t.Helper()
	rb, problems := runbook.Parse([]byte("appliance \"test\" {}\n"), "orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	for _, role := range auth.Roles() {
		rb.Users = append(rb.Users, runbook.User{Name: string(role), Role: string(role), PasswordHash: language.NewSecret(cheapHash())})
	}
	rb.Peers = []runbook.Peer{{Address: "peer.old", Name: "old", From: LegacyPeer.From}}
	rb.Web.Hosts = []string{"example.com", k.Host} // what httptest and tests ask for
	return rb
}

// Account adds an account to a runbook.
func Account(rb *runbook.Runbook, name, audience string, permissions ...string) {
	rb.ServiceAccounts = append(rb.ServiceAccounts, runbook.ServiceAccount{
		Address: runbook.Address("service_account." + name), Name: name, Secret: language.NewSecret(Secret), Audience: audience, Permissions: permissions,
	})
}

// Rig is what a server under test stands on.
type Rig struct {
	Kind
	T       testing.TB
	Dir     string // of its state
	Runbook *runbook.Runbook
	Guard   *auth.Guard
	Audit   *audit.Log
	Refused *gate.Denials
	Log     *slog.Logger
	Context context.Context // ends with the test
	Handler http.Handler    // what Do asks, without a listener
	Hosts   *peers.Hosts    // with listeners, see Listening

	said lines
}

// lines are what was logged.
type lines struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

// A hash that costs what it costs in an appliance takes 250 ms, and seconds with the race detector.
func init() { authtest.Cheaply() }

// New makes a rig for a runbook.
func New(t testing.TB, k Kind, rb *runbook.Runbook) *Rig {
	t.Helper()
	r := &Rig{Kind: k, T: t, Dir: t.TempDir(), Runbook: rb}
	var err error
	r.Guard, err = auth.Open(r.Dir, []byte("hash key"))
	r.Must(err)
	t.Cleanup(func() { r.Guard.Close() })
	r.Must(r.Guard.Use(rb))
	r.Audit = audit.In(r.Dir)
	ctx, cancel := context.WithCancel(t.Context())
	r.Context, r.Log = ctx, slog.New(slog.NewJSONHandler(&r.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.Refused = gate.NewDenials(ctx, r.Audit, r.Log)
	t.Cleanup(func() { cancel(); r.Refused.End() })
	return r
}

// Must ends the test at an error.
func (r *Rig) Must(err error) {
	r.T.Helper()
	testkit.Must(r.T, err)
}

// Logs returns what was logged.
func (r *Rig) Logs() string {
	r.said.mu.Lock()
	defer r.said.mu.Unlock()
	return r.said.all.String()
}

// Account returns what signs for an account of the runbook.
func (r *Rig) Account(name, audience string, permissions ...string) *account.Tokens {
	r.T.Helper()
	if permissions == nil {
		permissions = r.Permissions
	}
	tokens, err := account.New(account.Config{Name: name, Secret: language.NewSecret(Secret), Permissions: permissions, Issuer: "orac", Audience: audience, Lifetime: 15 * time.Minute})
	r.Must(err)
	return tokens
}

// Token is what an account signs for itself.
func (r *Rig) Token(name string, permissions ...string) string {
	r.T.Helper()
	return r.TokenFor(name, r.Audience, permissions...)
}

// TokenFor is Token for any audience.
func (r *Rig) TokenFor(name, audience string, permissions ...string) string {
	r.T.Helper()
	text, err := r.Account(name, audience, permissions...).At(time.Now(), "")
	r.Must(err)
	return text
}

// User is the token of the user of a role.
func (r *Rig) User(role auth.Role) string {
	r.T.Helper()
	v, err := r.Guard.Vouch(auth.User, string(role))
	r.Must(err)
	token, err := r.Guard.Issue(v, time.Hour)
	r.Must(err)
	return token.Token
}

// As says who makes a request: with a token, or from an address.
type As struct{ Token, From string }

// LegacyPeer is the peer of the runbook.
var LegacyPeer = As{From: "192.0.2.77"}

// Request makes a request.
func (r *Rig) Request(who As, method, path string, body io.Reader) *http.Request {
	req := httptest.NewRequest(method, path, body)
	if r.Type != "" {
		req.Header.Set("Content-Type", r.Type)
	}
	if who.Token != "" {
		req.Header.Set("Authorization", "Bearer "+who.Token)
	}
	if who.From != "" {
		req.RemoteAddr = who.From + ":40000"
	}
	return req
}

// Do asks the server.
func (r *Rig) Do(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.Handler.ServeHTTP(w, req)
	return w
}

// Call makes a request with a body of text.
func (r *Rig) Call(who As, method, path, body string) *httptest.ResponseRecorder {
	return r.Do(r.Request(who, method, path, strings.NewReader(body)))
}

// Problem checks that an answer is a problem document with a code.
func (r *Rig) Problem(what string, w *httptest.ResponseRecorder, code schema.Code) schema.Problem {
	r.T.Helper()
	var p schema.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code != code || w.Code != code.Doc().Status || w.Header().Get("Content-Type") != "application/problem+json" || p.Request == "" {
		r.T.Errorf("%s: %d %s, want %s", what, w.Code, w.Body, code)
	}
	return p
}

// Get decodes a success.
func Get[Out any](t testing.TB, w *httptest.ResponseRecorder, status int) (v Out) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	testkit.Must(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

// ForItsAudience checks that tokens count for the audience of the server alone, however good their signature is. own is an account of
// this server, and foreign one that the runbook has for a server of another audience; ask makes a good request, and acted counts what
// came of them.
func (r *Rig) ForItsAudience(own, foreign, other string, ask func(As) *httptest.ResponseRecorder, acted func() int) {
	r.T.Helper()
	for name, c := range map[string]struct{ token, told string }{
		"the account of another server":    {r.TokenFor(foreign, other), r.Audience},
		"it names this server":             {r.TokenFor(foreign, r.Audience), "audience"},
		"our account, with that audience":  {r.TokenFor(own, other), "audience"},
		"our account, with an unknown one": {r.TokenFor(own, "barn"), "audience"},
	} {
		p := r.Problem(name, ask(As{Token: c.token}), schema.Unauthenticated)
		if !strings.Contains(p.Detail, c.told) {
			r.T.Errorf("%s is told %q", name, p.Detail)
		}
		// A peer that is known by its address gains nothing by a token that is not for this server, and loses what it had.
		r.Problem(name+", from a legacy peer", ask(As{Token: c.token, From: LegacyPeer.From}), schema.Unauthenticated)
	}
	for _, l := range r.Records("token.refused") {
		if !strings.HasPrefix(l.Why, "token: for somebody else") {
			r.T.Errorf("%+v", l)
		}
	}
	if len(r.Records("token.refused")) == 0 {
		r.T.Error("refusals are not on record")
	}
	if n := acted(); n > 0 {
		r.T.Errorf("%d were acted on", n)
	}
	if w := ask(As{Token: r.Token(own)}); w.Code != http.StatusOK || acted() != 1 {
		r.T.Errorf("a good one: %d %s", w.Code, w.Body)
	}
}

// Records are those of an action, newest first.
func (r *Rig) Records(action string) []audit.Line {
	r.T.Helper()
	list, err := r.Audit.Page(0, 1000, func(a audit.Record) bool { return a.Action == action })
	r.Must(err)
	return list
}

// Options are those of a server under test.
func (r *Rig) Options() peers.Options {
	return peers.Options{Guard: r.Guard, Audit: r.Audit, Refused: r.Refused, Log: r.Log, Version: "test"}
}
