package peers

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/gate"
	"orac/web/schema"
)

// Server answers the requests to one block. It has no listener of its own: it is the Site of an edge.Host.
type Server struct {
	Options
	Kind
	Address runbook.Address
	Context context.Context // ends with the server
	Metrics *Metrics

	gate    *gate.Gate
	mux     *http.ServeMux
	bodies  map[string]func(*Settings) int64 // by pattern
	set     atomic.Pointer[Settings]
	changes edge.Limiter
}

// Settings are the parts of the runbook that requests depend on.
type Settings struct {
	Block
	Rules   *edge.Rules
	Runbook *runbook.Runbook

	legacy Legacy
}

// New makes the server of a block. It ends with ctx.
func New(ctx context.Context, k Kind, o Options, block runbook.Address, routes []Route) *Server {
	s := &Server{Options: o, Kind: k, Address: block, Context: ctx, mux: http.NewServeMux(), bodies: map[string]func(*Settings) int64{}, Metrics: newMetrics(k.Prefix)}
	s.gate = &gate.Gate{
		Audit: o.Audit, Log: o.Log.With("server", string(block)), Refused: o.Refused, Identify: s.identify,
		Anonymous: func(r *http.Request, via auth.Via) bool {
			return r.Header.Get("Authorization") == "" && s.peerAt(r, via) == ""
		},
		Answered: s.Metrics.request, Denied: s.Metrics.denied.Inc,
	}
	for _, r := range routes {
		s.bodies[r.Pattern()] = r.Body
		s.mux.HandleFunc(r.Pattern(), func(_ http.ResponseWriter, req *http.Request) {
			c := req.Context().Value(callKey{}).(*Call)
			c.R, c.route = req, r
			if err := s.take(c); err != nil {
				c.refuse(err)
			}
		})
	}
	return s
}

var _ edge.Site = (*Server)(nil)

// Use implements edge.Site.
func (s *Server) Use(rb *runbook.Runbook) {
	rules, err := edge.RulesOf(s.Declared(rb, s.Address))
	if err != nil { // the runbook's rules refuse what cannot be used
		s.Log.Error("a rule of the server cannot be used", "server", string(s.Address), "cause", err)
	}
	b := s.blockOf(rb, s.Address)
	s.set.Store(&Settings{Block: b, Rules: rules, Runbook: rb, legacy: LegacyOf(rb, b.Legacy)})
}

// Settings returns what the runbook says now.
func (s *Server) Settings() *Settings { return s.set.Load() }

// Rules implements edge.Site.
func (s *Server) Rules() *edge.Rules { return s.set.Load().Rules }

// Accept implements edge.Site.
func (s *Server) Accept(*runbook.Runbook) error { return nil }

// Opened implements edge.Site.
func (s *Server) Opened() {}

// Patterns lists what is served.
func (s *Server) Patterns() (list []string) {
	for p := range s.bodies {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// peerAt returns the name of the legacy peer that asks; "" for none.
func (s *Server) peerAt(r *http.Request, via auth.Via) string {
	set := s.set.Load()
	return set.legacy.At(r, via, set.Rules)
}

// identify finds out who asks. At a server for members of the house it is the member that has shown its certificate, and nobody else.
func (s *Server) identify(r *http.Request, via auth.Via) (auth.Identity, error) {
	who, err := s.asker(r, via)
	if err != nil || !s.set.Load().Members {
		return who, err
	}
	return ofMember(who, r, s.Admit)
}

// asker finds out who asks: by the token if there is one, else by the address.
func (s *Server) asker(r *http.Request, via auth.Via) (auth.Identity, error) {
	if r.Header.Get("Authorization") != "" {
		return s.Guard.Peer(s.Audience, r, via)
	}
	if name := s.peerAt(r, via); name != "" {
		return auth.Identity{Kind: auth.Peer, Name: name, Way: auth.ByAddress}, nil
	}
	return auth.Identity{}, nil
}

type callKey struct{}

// ServeHTTP takes every request through the steps of the gate.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	set := s.set.Load()
	c := &Call{Settings: set, Begun: time.Now(), server: s}
	s.gate.Serve(&c.Call, w, r, gate.Steps{
		Rules: set.Rules, Mux: s.mux,
		Body: func(pattern string) int64 {
			if most := s.bodies[pattern]; most != nil {
				return most(set)
			}
			return int64(s.MaxBody)
		},
		Within: func(ctx context.Context) context.Context { return context.WithValue(ctx, callKey{}, c) },
	})
}

// maxChanges is how many requests a minute that are on record everybody may make.
const maxChanges = 120

// take runs a request after the caller was identified.
func (s *Server) take(c *Call) error {
	if err := s.count(c); err != nil {
		return err
	}
	c.Target(cmp.Or(schema.Clip(schema.Clean(s.Target(c)), 100), string(s.Address)))
	if err := c.route.Right.Admit(&c.Call, cmp.Or(c.route.Change, s.Unnamed)); err != nil {
		return err
	}
	if c.route.Change == "" || c.route.ByPeople && c.Who.Role == auth.Nobody {
		return c.route.Run(c)
	}
	if v := s.changes.Take(c.Who.Subject(), maxChanges); !v.OK {
		return v.Problem(" that are on record")
	}
	return c.Audited(c.route.Change, func() error { return c.route.Run(c) })
}

// count counts a request against its caller.
func (s *Server) count(c *Call) error {
	if c.route.Count != nil {
		return c.route.Count(c)
	}
	return s.gate.Limit(&c.Call, c.Settings.Rules, "")
}
