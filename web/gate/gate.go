package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"orac/appliance/logbook"
	"orac/appliance/thread"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/schema"
)

// Gate is the part of a server that every request passes. It is safe for concurrent use.
type Gate struct {
	Audit   *audit.Log
	Log     *slog.Logger
	Refused *Denials
	// Identify returns the identity behind a request, and Anonymous tells whether there is none to look for.
	Identify  func(*http.Request, auth.Via) (auth.Identity, error)
	Anonymous func(*http.Request, auth.Via) bool
	// Answered is called when a request has ended, and Denied for each refusal: for metrics.
	Answered func(r *http.Request, pattern string, status int, took time.Duration)
	Denied   func()

	perWho edge.Limiter // requests, see Limit
	inAll  edge.Limiter // requests, see count
}

// Steps are what differs between servers and between their moments.
type Steps struct {
	Rules *edge.Rules
	Mux   *http.ServeMux
	// Lets tells whether the route or page behind a pattern logs somebody in; nil: none does.
	Lets func(pattern string) bool
	// Body returns the bound of a body in bytes; nil: that of the rules.
	Body func(pattern string) int64
	// Within puts the server's own view of a call into the request's context.
	Within func(context.Context) context.Context
	// Nothing answers a request that matches no pattern and no method; nil: with a problem document.
	Nothing func(*schema.Problem)
}

// MaxEntrance limits the body, in bytes, of a login from an address that has asked too often: a name and a secret.
const MaxEntrance = 4 << 10

// Call returns a call that did not come through Serve, for a request from inside and for tests.
func (g *Gate) Call(c Call) Call {
	c.gate = g
	return c
}

// Serve takes a request through the steps. c is the part of the server's own call that is filled in here.
func (g *Gate) Serve(c *Call, w http.ResponseWriter, r *http.Request, s Steps) {
	start := time.Now()
	via := s.Rules.Via(r)
	rec := &Recorder{ResponseWriter: w}
	parent := thread.Given(r.Header.Get(thread.Header))
	*c = Call{R: r, W: rec, Base: r.Context(), ID: edge.IDOf(r.Header.Get(edge.RequestHeader), parent), Parent: parent, From: via.From, Via: via, gate: g}
	defer g.finish(c, rec, start)
	h := rec.Header()
	edge.SecureHeaders(h, via.Secure)
	h[edge.RequestHeader] = []string{c.ID}
	// This comes first because an answer waits for the rest of the body.
	control := http.NewResponseController(rec)
	deadline := start.Add(s.Rules.Web.RequestTimeout)
	_ = control.SetReadDeadline(deadline) // only a test's writer has no deadlines
	_ = control.SetWriteDeadline(deadline.Add(time.Second))

	handler, pattern := s.Mux.Handler(r)
	lets := s.Lets != nil && s.Lets(pattern)
	if p := g.admit(c, s.Rules, lets); p != nil {
		p.Write(rec, c.ID)
		return
	}
	if rec.Status != 0 { // a preflight, already answered
		return
	}
	ctx, cancel := context.WithDeadline(s.Within(r.Context()), deadline)
	defer cancel()
	r = r.WithContext(ctx)
	if r.Body != http.NoBody {
		most := int64(s.Rules.Web.MaxBody)
		if s.Body != nil {
			most = s.Body(pattern)
		}
		if c.Crowded != nil { // read only to find out who the caller claims to be
			most = min(most, MaxEntrance)
		}
		r.Body = http.MaxBytesReader(rec, r.Body, most)
	}
	c.R = r
	if pattern == "" {
		nothing(c, handler, s.Nothing)
		return
	}
	rec.Pattern, c.Lets = pattern, lets
	if strings.Contains(pattern, "{") {
		handler = s.Mux // it matches again, and passes on the values in the path
	}
	handler.ServeHTTP(rec, r)
}

// admit decides whether a request is handled, and identifies the caller. Anonymous requests are counted before anything else.
// A request for another host, or from another origin, counts as nobody's: it is not identified and does not keep a session
// alive.
func (g *Gate) admit(c *Call, rules *edge.Rules, lets bool) *schema.Problem {
	anonymous := g.Anonymous(c.R, c.Via)
	crowded := func() *schema.Problem {
		p := g.count(c, rules)
		if p != nil && !c.Who.Known() && lets { // the decision comes later: it depends on who the caller claims to be
			c.Crowded, p = p, nil
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
		return cmp.Or(g.count(c, rules), p)
	}
	if !rules.Mine(c.R) {
		c.Quiet = true
		return nobodys(schema.Fail(schema.WrongHost, ""))
	}
	if c.R.Method == http.MethodOptions {
		if p := nobodys(nil); p != nil {
			return p
		}
	}
	if rules.CORS(c.W, c.R) {
		return nil
	}
	if err := rules.CrossOrigin(c.R); err != nil {
		return nobodys(schema.Because(schema.CrossOrigin, err, ""))
	}
	if anonymous {
		return nil
	}
	c.Denial = g.identify(c)
	if p := crowded(); p != nil {
		return p
	}
	if c.Who.Known() && !edge.Claim(c.R, c.Who) {
		c.W.Header().Set("Connection", "close")
		return schema.Fail(schema.Unavailable, "Too many connections are open, in all or from you.").After(5 * time.Second)
	}
	return nil
}

// identify finds out who asks. An error means a wrong login.
func (g *Gate) identify(c *Call) error {
	who, err := g.Identify(c.R, c.Via)
	if err != nil {
		if d, ok := errors.AsType[*auth.Denied](err); ok && d.RetryAfter == 0 { // otherwise it was not even examined
			c.Refuse(d)
		}
		return err
	}
	c.Who = who
	return nil
}

// count limits the anonymous requests of an address, and the requests of each logged-in person. So people who share an address
// with strangers, behind a proxy or a router, have their full limit. nil: within the limit.
func (g *Gate) count(c *Call, rules *edge.Rules) *schema.Problem {
	owner, whose := "address "+auth.Network(c.From), " from this address"
	if c.Who.Known() {
		owner, whose = c.Who.Subject(), " of yours"
	}
	v := g.inAll.Take(owner, rules.Web.Limits.PerAddress)
	if v.Tell(c.W.Header()); v.OK {
		return nil
	}
	c.Quiet = true
	return v.Problem(whose)
}

// Limit counts a request that is about to be handled against its caller, or against the address while nobody is logged in. known
// is a person who is logging in and no stranger there: they are counted apart from strangers.
func (g *Gate) Limit(c *Call, rules *edge.Rules, known string) error {
	l := rules.Web.Limits
	owner, limit := "", l.Anonymous
	switch {
	case c.Who.Known():
		owner = c.Who.Subject()
		switch c.Who.Role {
		case auth.Viewer:
			limit = l.Viewer
		case auth.Operator:
			limit = l.Operator
		case auth.Admin:
			limit = l.Admin
		}
	case known != "":
		c.Quiet = false
		owner = "known " + known + " at " + auth.Network(c.From)
	case c.Crowded != nil:
		return c.Crowded
	default:
		owner = "address " + auth.Network(c.From)
	}
	v := g.perWho.Take(owner, limit)
	if !c.Lets || c.Who.Known() { // otherwise it would reveal who has logged in from there before
		v.Tell(c.W.Header())
	}
	if !v.OK {
		return v.Problem("")
	}
	return nil
}

// nothing answers a request that matches no route. The mux knows the methods of the path.
func nothing(c *Call, handler http.Handler, otherwise func(*schema.Problem)) {
	probe := &header{h: http.Header{}}
	handler.ServeHTTP(probe, c.R)
	if allow := probe.h.Get("Allow"); allow != "" {
		c.W.Header().Set("Allow", allow)
		schema.Fail(schema.WrongMethod, "It accepts %s.", allow).Write(c.W, c.ID)
		return
	}
	p := schema.Fail(schema.NotFound, "There is no such address.")
	if otherwise != nil {
		otherwise(p)
		return
	}
	p.Write(c.W, c.ID)
}

// Fail answers with an error, and logs what the caller should not see.
func (c *Call) Fail(err error) {
	p := schema.ProblemOf(err)
	if p.Cause() != nil {
		level := logbook.LevelRequest
		if p.Status >= 500 {
			level = slog.LevelError
		}
		c.gate.Log.Log(context.Background(), level, "request failed", "request", c.ID, "code", string(p.Code), "cause", schema.Clip(schema.Clean(p.Cause().Error()), 1000))
	}
	if c.Sent {
		return // the stream has already said so itself
	}
	p.Write(c.W, c.ID)
}

// finish logs a request, and answers for a handler that has panicked.
func (g *Gate) finish(c *Call, rec *Recorder, start time.Time) {
	level := logbook.LevelRequest
	if fault := recover(); fault != nil {
		if fault == http.ErrAbortHandler {
			panic(fault)
		}
		g.Log.Error("a handler has panicked", "request", c.ID, "fault", redact(fmt.Sprint(fault)), "stack", string(debug.Stack()))
		if rec.Status == 0 {
			schema.Fail(schema.Internal, "").Write(rec, c.ID)
		}
	}
	if c.Quiet {
		level = slog.LevelDebug
	}
	if rec.Status >= 500 {
		level = slog.LevelWarn
	}
	took := time.Since(start)
	g.Answered(c.R, rec.Pattern, rec.Status, took)
	g.Log.Log(context.Background(), level, "request", "request", c.ID, "method", schema.Clip(c.R.Method, 16), "path", schema.Clip(schema.Clean(c.R.URL.Path), 200),
		"status", rec.Status, "bytes", rec.Bytes, "took_ms", float64(took.Microseconds())/1000, "who", c.Who.Subject(), "from", c.From.String())
}

// redact keeps all but the first line of a panic out of the log: the rest may contain values.
func redact(fault string) string {
	first, _, _ := strings.Cut(fault, "\n")
	return schema.Clip(schema.Clean(first), 200)
}
