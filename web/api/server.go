package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orac/appliance/logbook"
	"orac/appliance/turns"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
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
	Events  *Hub
	Log     *slog.Logger
	Version string
	// Simulations runs simulations; nil: not possible here. Samples measures what the appliance uses of the machine; nil:
	// not measured.
	Simulations *simulations.Runner
	Samples     *samples.Samples
	// Docs are the pages of the documentation, in the order in which people need them.
	Docs []Doc
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
	perWho  edge.Limiter // requests, see limit
	inAll   edge.Limiter // requests, see count
	changes edge.Limiter // see may
	metrics *metrics
	openAPI []byte
	streams edge.Shares
	reports edge.Shares   // being sent
	recheck time.Duration // how soon a stream ends after its login does
	using   sync.Mutex    // held while a new runbook is put into force
	costly  *turns.Turns  // of Costly routes

	ctx     context.Context // ends with the server
	refused *denials
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
	s := &Server{o: o, recheck: recheck, byName: map[string]*Route{}, lets: map[string]bool{}, mux: http.NewServeMux(), ctx: ctx, costly: turns.New(maxCostly, maxCostlyOfOne)}
	s.refused = newDenials(ctx, o.Audit, o.Log)
	s.metrics = newMetrics(s)
	for _, declared := range Routes() {
		r := new(*declared)
		r.shared = &shared{}
		s.routes = append(s.routes, r)
		s.byName[r.Name] = r
		s.lets[r.Method+" "+r.Path] = r.enters()
		s.mux.Handle(r.Method+" "+r.Path, s.serve(r))
	}
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

// Keep deletes every hour what has expired, until ctx ends. Then it records the refusals that were only counted so far.
func (s *Server) Keep(ctx context.Context) {
	defer s.refused.end()
	for {
		if err := s.o.Guard.DB.Sweep(); err != nil {
			s.o.Log.Warn("could not delete expired sessions and tokens", "cause", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}

// callKey is the key of a request's Call in its context.
type callKey struct{}

// maxEntrance limits the body, in bytes, of a login from an address that has asked too often: a name and a secret.
const maxEntrance = 4 << 10

// ServeHTTP takes every request through the same steps.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start, set := time.Now(), s.set.Load()
	via := set.Via(r)
	c := &Call{Server: s, R: r, ID: edge.IDOf(r.Header.Get(edge.RequestHeader)), From: via.From, via: via}
	rec := &recorder{ResponseWriter: w}
	c.W, c.base = rec, r.Context()
	defer s.finish(c, rec, start)
	h := rec.Header()
	edge.SecureHeaders(h, via.Secure)
	h[edge.RequestHeader] = []string{c.ID}
	// This comes first because an answer waits for the rest of the body.
	control := http.NewResponseController(rec)
	deadline := start.Add(set.rb.Web.RequestTimeout)
	_ = control.SetReadDeadline(deadline) // only a test's writer has no deadlines
	_ = control.SetWriteDeadline(deadline.Add(time.Second))

	handler, pattern := s.mux.Handler(r)
	if p := s.admit(c, set, pattern); p != nil {
		p.Write(rec, c.ID)
		return
	}
	if rec.status != 0 { // a preflight, already answered
		return
	}
	ctx, cancel := context.WithDeadline(context.WithValue(r.Context(), callKey{}, c), deadline)
	defer cancel()
	r = r.WithContext(ctx)
	if r.Body != http.NoBody {
		most := int64(set.rb.Web.MaxBody)
		if c.crowded != nil { // read only to find out who the caller claims to be
			most = min(most, maxEntrance)
		}
		r.Body = http.MaxBytesReader(rec, r.Body, most)
	}
	c.R = r
	if pattern == "" {
		s.noRoute(c, handler)
		return
	}
	rec.pattern, c.lets = pattern, s.lets[pattern]
	if strings.Contains(pattern, "{") {
		handler = s.mux // it matches again, and passes on the values in the path
	}
	handler.ServeHTTP(rec, r)
}

// admit decides whether a request is handled, and identifies the caller. Anonymous requests are counted before anything else.
// A request for another host, or from another origin, counts as nobody's: it is not identified and does not keep a session
// alive.
func (s *Server) admit(c *Call, set *settings, pattern string) *schema.Problem {
	anonymous := auth.ShowsNothing(c.R)
	crowded := func() *schema.Problem {
		p := s.count(c)
		if p != nil && !c.Who.Known() && s.lets[pattern] { // the decision comes later: it depends on who the caller claims to be
			c.crowded, p = p, nil
		}
		return p
	}
	if anonymous {
		if p := crowded(); p != nil {
			return p
		}
	}
	nobodys := func(p *schema.Problem) *schema.Problem {
		if anonymous {
			return p
		}
		return cmp.Or(s.count(c), p)
	}
	if !set.Mine(c.R) {
		c.quiet = true
		return nobodys(schema.Fail(schema.WrongHost, ""))
	}
	if c.R.Method == http.MethodOptions {
		if p := nobodys(nil); p != nil {
			return p
		}
	}
	if set.CORS(c.W, c.R) {
		return nil
	}
	if err := set.CrossOrigin(c.R); err != nil {
		return nobodys(schema.Because(schema.CrossOrigin, err, ""))
	}
	if anonymous {
		return nil
	}
	c.denial = s.identify(c)
	if p := crowded(); p != nil {
		return p
	}
	if c.Who.Known() && !edge.Claim(c.R, c.Who) {
		c.W.Header().Set("Connection", "close")
		return schema.Fail(schema.Unavailable, "Too many connections are open, in all or from you.").After(5 * time.Second)
	}
	return nil
}

// noRoute answers a request that matches no route. The mux knows the methods of the path.
func (s *Server) noRoute(c *Call, handler http.Handler) {
	probe := &header{h: http.Header{}}
	handler.ServeHTTP(probe, c.R)
	if allow := probe.h.Get("Allow"); allow != "" {
		c.W.Header().Set("Allow", allow)
		schema.Fail(schema.WrongMethod, "It accepts %s.", allow).Write(c.W, c.ID)
		return
	}
	nothing := schema.Fail(schema.NotFound, "There is no such address.")
	if s.ErrorPage != nil && strings.Contains(c.R.Header.Get("Accept"), "text/html") && !strings.HasPrefix(c.R.URL.Path, "/api/") {
		s.failPage(c, nothing)
		return
	}
	nothing.Write(c.W, c.ID)
}

// header keeps the head of an answer and drops the rest.
type header struct{ h http.Header }

func (h *header) Header() http.Header         { return h.h }
func (h *header) Write(b []byte) (int, error) { return len(b), nil }
func (h *header) WriteHeader(int)             {}

// finish logs a request, and answers for a handler that has panicked.
func (s *Server) finish(c *Call, rec *recorder, start time.Time) {
	level := logbook.LevelRequest
	if fault := recover(); fault != nil {
		if fault == http.ErrAbortHandler {
			panic(fault)
		}
		s.o.Log.Error("a handler has panicked", "request", c.ID, "fault", redact(fmt.Sprint(fault)), "stack", string(debug.Stack()))
		if rec.status == 0 {
			schema.Fail(schema.Internal, "").Write(rec, c.ID)
		}
	}
	if c.quiet {
		level = slog.LevelDebug
	}
	if rec.status >= 500 {
		level = slog.LevelWarn
	}
	took := time.Since(start)
	s.metrics.request(c.R.Method, rec.pattern, rec.status, took)
	s.o.Log.Log(context.Background(), level, "request", "request", c.ID, "method", schema.Clip(c.R.Method, 16), "path", schema.Clip(schema.Clean(c.R.URL.Path), 200),
		"status", rec.status, "bytes", rec.bytes, "took_ms", float64(took.Microseconds())/1000, "who", c.Who.Subject(), "from", c.From.String())
}

// redact keeps all but the first line of a panic out of the log: the rest may contain values.
func redact(fault string) string {
	first, _, _ := strings.Cut(fault, "\n")
	return schema.Clip(schema.Clean(first), 200)
}

// serve returns the handler of a route.
func (s *Server) serve(r *Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c := req.Context().Value(callKey{}).(*Call)
		c.R, c.Route = req, r
		out, err := s.take(c)
		switch {
		case err != nil:
			s.fail(c, err)
		case !c.sent:
			s.answer(c, out)
		}
	})
}

// fail answers with an error, and logs what the caller should not see.
func (s *Server) fail(c *Call, err error) {
	p := schema.ProblemOf(err)
	if p.Cause() != nil {
		level := logbook.LevelRequest
		if p.Status >= 500 {
			level = slog.LevelError
		}
		s.o.Log.Log(context.Background(), level, "request failed", "request", c.ID, "code", string(p.Code), "cause", schema.Clip(schema.Clean(p.Cause().Error()), 1000))
	}
	if c.sent {
		return // the stream has already said so itself
	}
	p.Write(c.W, c.ID)
}
