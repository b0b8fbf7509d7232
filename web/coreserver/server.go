package coreserver

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"orac/appliance/act"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/gate"
	"orac/web/peers"
	"orac/web/schema"
)

// Appliance is what a server asks of the appliance.
type Appliance interface {
	// CoreServer is the acting side behind a core_server block; false if none runs.
	CoreServer(block runbook.Address) (act.Core, bool)
}

// Options are what servers share.
type Options struct {
	App     Appliance
	Guard   *auth.Guard
	Audit   *audit.Log
	Refused *gate.Denials
	Log     *slog.Logger
	Version string
	Admit   edge.Admit // which members of the house are let in, where only members are; nil: all
}

// Server answers the requests to one core_server block. It has no listener of its own: it is the Site of an edge.Host.
type Server struct {
	o        Options
	block    runbook.Address
	gate     *gate.Gate
	mux      *http.ServeMux
	bodies   map[string]int64 // by pattern
	set      atomic.Pointer[settings]
	metrics  *metrics
	room     *peers.Budget // bodies that are being received
	limiters map[Category]*edge.Limiter
	changes  edge.Limiter
	times    times
	doc      []byte

	ctx context.Context // ends with the server
}

// times are how long the parts of a request may take.
type times struct {
	arrive time.Duration // a whole request
	answer time.Duration // from its end to the answer
	state  time.Duration // the appliance tells its state: it waits for no backend
}

var usual = times{arrive: 20 * time.Second, answer: 45 * time.Second, state: 2 * time.Second}

// settings are the parts of the runbook that requests depend on.
type settings struct {
	Block
	rules  *edge.Rules
	legacy peers.Legacy
	rb     *runbook.Runbook
}

// most is how many requests of a category a caller may make in a minute.
func (s *settings) most(c Category) int {
	switch c {
	case Generation:
		return s.Generation
	case Backends:
		return s.Backends
	}
	return s.PerPeer
}

// maxReceiving bounds the memory of all bodies that are being received, in bytes.
const maxReceiving = 16 << 20

// New makes the server of a block. It ends with ctx.
func New(ctx context.Context, o Options, block runbook.Address) *Server {
	s := &Server{o: o, block: block, mux: http.NewServeMux(), bodies: map[string]int64{}, room: peers.NewBudget(maxReceiving), times: usual, ctx: ctx,
		limiters: map[Category]*edge.Limiter{System: {}, Generation: {}, Backends: {}}, doc: Document(o.Version)}
	s.metrics = newMetrics(s)
	s.gate = &gate.Gate{
		Audit: o.Audit, Log: o.Log.With("server", string(block)), Refused: o.Refused, Identify: s.identify,
		Anonymous: func(r *http.Request, via auth.Via) bool {
			return r.Header.Get("Authorization") == "" && s.peerAt(r, via) == ""
		},
		Answered: s.metrics.request, Denied: s.metrics.denied.Inc,
	}
	for _, r := range Routes() {
		s.bodies[r.pattern()] = r.body
		s.mux.HandleFunc(r.pattern(), func(_ http.ResponseWriter, req *http.Request) {
			c := req.Context().Value(callKey{}).(*call)
			c.R, c.route = req, r
			if err := s.take(c); err != nil {
				c.fail(err)
			}
		})
	}
	return s
}

// Use implements edge.Site.
func (s *Server) Use(rb *runbook.Runbook) {
	set := &settings{rb: rb}
	set.Block, _ = blockOf(rb, s.block)
	w := Declared(rb, s.block)
	w.RequestTimeout = s.times.arrive
	rules, err := edge.RulesOf(w)
	if err != nil {
		s.o.Log.Error("a rule of the server cannot be used", "server", string(s.block), "cause", err)
	}
	set.rules, set.legacy = rules, peers.LegacyOf(rb, set.Legacy)
	s.set.Store(set)
}

// Rules implements edge.Site.
func (s *Server) Rules() *edge.Rules { return s.set.Load().rules }

// Accept implements edge.Site.
func (s *Server) Accept(*runbook.Runbook) error { return nil }

// Opened implements edge.Site.
func (s *Server) Opened() {}

func (s *Server) peerAt(r *http.Request, via auth.Via) string {
	set := s.set.Load()
	return set.legacy.At(r, via, set.rules)
}

// identify finds out who asks. At a server for members of the house it is the member that has shown its certificate, and nobody else.
func (s *Server) identify(r *http.Request, via auth.Via) (auth.Identity, error) {
	who, err := s.asker(r, via)
	if err != nil || !s.set.Load().Members {
		return who, err
	}
	return peers.OfMember(who, r, s.o.Admit)
}

// asker finds out who asks: by the token if there is one, else by the address.
func (s *Server) asker(r *http.Request, via auth.Via) (auth.Identity, error) {
	if r.Header.Get("Authorization") != "" {
		return s.o.Guard.Peer(Audience, r, via)
	}
	if name := s.peerAt(r, via); name != "" {
		return auth.Identity{Kind: auth.Peer, Name: name, Way: auth.ByAddress}, nil
	}
	return auth.Identity{}, nil
}

type callKey struct{}

// call is one request to this server.
type call struct {
	gate.Call
	server *Server
	set    *settings
	route  Route
	begun  time.Time
}

// ServeHTTP takes every request through the steps of the gate.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	set := s.set.Load()
	c := &call{server: s, set: set, begun: time.Now()}
	s.gate.Serve(&c.Call, w, r, gate.Steps{
		Rules: set.rules, Mux: s.mux, Body: func(pattern string) int64 { return s.bodies[pattern] },
		Within: func(ctx context.Context) context.Context { return context.WithValue(ctx, callKey{}, c) },
	})
}

// maxChanges is how many requests a minute that are on record everybody may make.
const maxChanges = 120

// take runs a request after the caller was identified.
func (s *Server) take(c *call) error {
	if err := s.limit(c); err != nil {
		return err
	}
	c.Target(c.target())
	if err := c.route.Right.Admit(&c.Call, c.route.action()); err != nil {
		return err
	}
	if c.route.Change == "" {
		return c.route.run(c)
	}
	if v := s.changes.Take(c.Who.Subject(), maxChanges); !v.OK {
		return v.Problem(" that are on record")
	}
	return c.Audited(c.route.Change, func() error { return c.route.run(c) })
}

// limit counts a request of its category against its caller, or against the address of a stranger.
func (s *Server) limit(c *call) error {
	owner := "address " + auth.Network(c.From)
	if c.Who.Known() {
		owner = c.Who.Subject()
	}
	most := c.set.most(c.route.Category)
	v := s.limiters[c.route.Category].Take(owner, most)
	v.Tell(c.W.Header())
	c.W.Header()["Ratelimit-Policy"] = []string{strconv.Itoa(most) + `;w=60;comment="` + string(c.route.Category) + `"`}
	if !v.OK {
		return v.Problem(" of the category " + string(c.route.Category))
	}
	return nil
}

// target is what a request is about, for the audit log.
func (c *call) target() string {
	for _, name := range []string{"id", "topic"} {
		if v := c.R.PathValue(name); v != "" {
			return schema.Clip(schema.Clean(v), 100)
		}
	}
	return cmp.Or(schema.Clip(schema.Clean(c.R.URL.Query().Get("topic_id")), 100), string(c.server.block))
}

// core returns what acts.
func (c *call) core() (act.Core, error) {
	core, ok := c.server.o.App.CoreServer(c.server.block)
	if !ok {
		return nil, schema.Fail(schema.Stopping, "The server is being changed.").After(time.Second)
	}
	return core, nil
}

// isLegacy tells whether the caller gets the answers of the existing service.
func (c *call) isLegacy() bool { return c.Who.Kind == auth.Peer }
