package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orac/appliance/event"
	"orac/appliance/turns"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/enrol"
	"orac/web/gate"
	"orac/web/members"
	"orac/web/samples"
	"orac/web/schema"
	"orac/web/simulations"
	"orac/web/veil"
)

// Options configure a server.
type Options struct {
	App     App // the appliance
	Guard   *auth.Guard
	Audit   *audit.Log
	Refused *gate.Denials // where refusals are recorded; nil: of its own
	Events  *Hub
	Log     *slog.Logger
	Version string
	// Simulations runs simulations; nil: not possible here. Samples measures what the appliance uses of the machine; nil:
	// not measured.
	Simulations *simulations.Runner
	Samples     *samples.Samples
	// Members are those of an issuer; nil: there are none.
	Members *members.Centre
	// Tell tells the appliance what happens here; nil: nobody listens.
	Tell func(from string, what event.Body)
	// Docs are the pages of the documentation, in the order in which people need them.
	Docs []Doc
	// Codes are those with which appliances join the house of this issuer; nil: of its own.
	Codes *enrol.Book
	// Say tells the person at the terminal something, line by line; nil: there is nobody.
	Say func(line string)
	// Pages adds the console. It is called once.
	Pages func(*Server)
}

// Server answers requests. It has no listener of its own: it is the Site of a Host.
type Server struct {
	o       Options
	routes  []*Route
	byName  map[string]*Route
	lets    map[string]bool // patterns of routes and pages that log somebody in, see limit
	mux     *http.ServeMux
	set     atomic.Pointer[settings]
	gate    *gate.Gate
	changes edge.Limiter // see may
	metrics *metrics
	openAPI []byte
	streams edge.Shares
	reports edge.Shares   // being sent
	recheck time.Duration // how soon a stream ends after its login does
	using   sync.Mutex    // held while a new runbook is put into force
	costly  *turns.Turns  // of Costly routes

	desk       *enrol.Desk
	enrolments edge.Limiter // see enrolling

	ctx context.Context // ends with the server
	// ErrorPage shows a problem to a person; nil: it is sent as a problem document.
	ErrorPage func(*Call, *schema.Problem)
}

const recheck = 2 * time.Second

// settings are the parts of the runbook that requests depend on.
type settings struct {
	rb *runbook.Runbook
	*edge.Rules
	veil *veil.Veil
}

// New makes a server. ctx ends everything that outlives a request: an apply, a stream.
func New(ctx context.Context, o Options) *Server {
	if o.Simulations == nil {
		o.Simulations = simulations.New(ctx, simulations.Options{})
	}
	if o.Samples == nil {
		o.Samples = samples.New(samples.Options{})
	}
	if o.Members == nil {
		o.Members = members.New(members.Options{Tokens: o.Guard})
	}
	s := &Server{o: o, recheck: recheck, byName: map[string]*Route{}, lets: map[string]bool{}, mux: http.NewServeMux(), ctx: ctx, costly: turns.New(maxCostly, maxCostlyOfOne)}
	s.desk = &enrol.Desk{Book: cmp.Or(o.Codes, &enrol.Book{}), Secrets: o.Guard.Secrets, Roll: o.Guard.DB}
	s.metrics = newMetrics(s)
	s.gate = &gate.Gate{
		Audit: o.Audit, Log: o.Log, Refused: cmp.Or(o.Refused, gate.NewDenials(ctx, o.Audit, o.Log)), Identify: o.Guard.Identify,
		Anonymous: func(r *http.Request, _ auth.Via) bool { return oauthForms(r) || o.Guard.ShowsNothing(r) }, Answered: s.metrics.request, Denied: s.metrics.denied.Inc,
	}
	for _, declared := range Routes() {
		r := new(*declared)
		r.shared = &shared{}
		s.routes = append(s.routes, r)
		s.byName[r.Name] = r
		s.lets[r.Method+" "+r.Path] = r.enters()
		s.mux.Handle(r.Method+" "+r.Path, s.serve(r))
	}
	for _, route := range OAuthRoutes() {
		s.lets[route.Method+" "+route.Path] = route.Method == http.MethodPost
		s.mux.Handle(route.Method+" "+route.Path, s.serveOAuth(route))
	}
	o.Guard.Log = o.Log
	o.Guard.Replaced = func(secret string) error {
		const why = "others could read the file: all tokens signed with it have ended"
		s.o.Log.Warn("replaced the signing key of tokens", "secret", secret, "cause", why)
		return o.Audit.Append(audit.Record{Who: "orac", Way: "start", Action: "secret.replace", Target: secret, Outcome: audit.Done, Why: why})
	}
	s.openAPI = Document(s.routes, o.Version)
	s.Use(o.App.Declared.Runbook())
	o.Pages(s)
	return s
}

// Use puts a runbook into force.
func (s *Server) Use(rb *runbook.Runbook) {
	s.using.Lock()
	defer s.using.Unlock()
	s.use(rb)
}

// again applies the runbook in force once more, after a change of users that it does not declare. The appliance may already run
// another one, which is on probation or has not been passed to Use yet.
func (s *Server) again() {
	s.using.Lock()
	defer s.using.Unlock()
	s.use(s.set.Load().rb)
}

// use is Use for a caller that holds the lock.
func (s *Server) use(rb *runbook.Runbook) {
	rules, err := edge.RulesOf(rb.Web)
	if err != nil {
		s.o.Log.Error("a page of another origin is not let in", "cause", err)
	}
	if err := s.o.Guard.Use(rb); err != nil {
		s.o.Log.Error("tokens can be neither issued nor checked", "cause", err)
	}
	v := veil.New(rb)
	s.set.Store(&settings{rb, rules, v})
	if s.o.Events != nil {
		s.o.Events.behind(v)
	}
	s.changed()
}

// Rules implements Site.
func (s *Server) Rules() *edge.Rules { return s.set.Load().Rules }

// Accept implements Site: a runbook must leave an admin, whichever way it comes.
func (s *Server) Accept(rb *runbook.Runbook) error { return s.leavesAdmin(rb) }

// Opened implements Site.
func (s *Server) Opened() { s.announceSetup() }

// Keep deletes every hour what has expired, and replaces the issuer's key when it is time, until ctx ends. Then it records the refusals that were only counted so far.
func (s *Server) Keep(ctx context.Context) {
	defer s.gate.Refused.End()
	for {
		if err := s.o.Guard.DB.Sweep(); err != nil {
			s.o.Log.Warn("could not delete expired sessions and tokens", "cause", err)
		}
		s.rotate()
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}

// rotate makes a new key of the issuer when it is time.
func (s *Server) rotate() {
	done, err := s.o.Guard.RotateIssuer()
	if err != nil {
		s.o.Log.Warn("could not replace the key with which the issuer signs", "cause", err)
	}
	if !done {
		return
	}
	s.o.Log.Info("replaced the key with which the issuer signs: tokens of the one before stay valid until they expire")
	if err := s.o.Audit.Append(audit.Record{Who: "orac", Way: "time", Action: "secret.rotate", Target: auth.IssuerSecret, Outcome: audit.Done}); err != nil {
		s.o.Log.Error("cannot record in the audit log that the issuer's key was replaced", "cause", err)
	}
}

// callKey is the key of a request's Call in its context.
type callKey struct{}

// ServeHTTP takes every request through the steps of the gate.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, set := &Call{Server: s}, s.set.Load()
	s.gate.Serve(&c.Call, w, r, gate.Steps{
		Rules: set.Rules, Mux: s.mux, Lets: func(pattern string) bool { return s.lets[pattern] },
		Body: func(pattern string) int64 {
			if strings.Contains(pattern, " /enrol/") {
				return min(enrol.MaxBody, int64(set.Web.MaxBody))
			}
			return int64(set.Web.MaxBody)
		},
		Within:  func(ctx context.Context) context.Context { return context.WithValue(ctx, callKey{}, c) },
		Nothing: func(p *schema.Problem) { s.noPage(c, p) },
	})
}

// noPage answers for an address that does not exist: people see a page.
func (s *Server) noPage(c *Call, nothing *schema.Problem) {
	if s.ErrorPage != nil && strings.Contains(c.R.Header.Get("Accept"), "text/html") && !strings.HasPrefix(c.R.URL.Path, "/api/") {
		s.failPage(c, nothing)
		return
	}
	nothing.Write(c.W, c.ID)
}

// serve returns the handler of a route.
func (s *Server) serve(r *Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c := req.Context().Value(callKey{}).(*Call)
		c.R, c.Route, c.proof = req, r, c.Who.Proof()
		out, err := s.take(c)
		switch {
		case err != nil:
			c.Fail(err)
		case !c.Sent:
			s.answer(c, out)
		}
	})
}
