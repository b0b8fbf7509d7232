package sttserver

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"orac/appliance/sttrole"
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
	// STTServer is what answers for a stt_server block; false if none runs.
	STTServer(block runbook.Address) (sttrole.Server, bool)
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

// Server answers the requests to one stt_server block. It has no listener of its own: it is the Site of an edge.Host.
type Server struct {
	o       Options
	block   runbook.Address
	gate    *gate.Gate
	mux     *http.ServeMux
	bodies  map[string]func(*Server) int64 // by pattern
	set     atomic.Pointer[settings]
	metrics *metrics
	sounds  *peers.Budget // what is being received
	beats   *peers.Budget // heartbeats that are being received: they do not wait for sounds
	changes edge.Limiter
	times   times

	ctx context.Context // ends with the server
}

// times are how long the parts of a request may take.
type times struct {
	arrive time.Duration // a whole request
	idle   time.Duration // between two messages of a stream
	answer time.Duration // from the end of the sound to the answer
}

var usual = times{arrive: 20 * time.Second, idle: 10 * time.Second, answer: 50 * time.Second}

// settings are the parts of the runbook that requests depend on.
type settings struct {
	runbook.STTServer
	rules  *edge.Rules
	legacy peers.Legacy
}

// maxReceiving bounds the memory of all sounds that are being received, in bytes: enough for a hundred at once. maxBeating bounds that of
// heartbeats.
const (
	maxReceiving = 64 << 20
	maxBeating   = 8 << 20
)

// New makes the server of a block. ctx ends its streams.
func New(ctx context.Context, o Options, block runbook.Address) *Server {
	s := &Server{o: o, block: block, mux: http.NewServeMux(), bodies: map[string]func(*Server) int64{}, sounds: peers.NewBudget(maxReceiving), beats: peers.NewBudget(maxBeating), times: usual, ctx: ctx}
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
	w := Declared(rb, s.block)
	w.RequestTimeout = s.times.arrive
	b, _ := rb.STTServer(s.block)
	rules, err := edge.RulesOf(w)
	if err != nil { // there are no origins
		s.o.Log.Error("a rule of the server cannot be used", "server", string(s.block), "cause", err)
	}
	set := &settings{STTServer: b, rules: rules, legacy: peers.LegacyOf(rb, b.Legacy)}
	s.set.Store(set)
}

// Rules implements edge.Site.
func (s *Server) Rules() *edge.Rules { return s.set.Load().rules }

// Accept implements edge.Site.
func (s *Server) Accept(*runbook.Runbook) error { return nil }

// Opened implements edge.Site.
func (s *Server) Opened() {}

// peerAt returns the name of the legacy peer that asks; "" for none.
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
		Rules: set.rules, Mux: s.mux,
		Body: func(pattern string) int64 {
			if most := s.bodies[pattern]; most != nil {
				return most(s)
			}
			return int64(set.rules.Web.MaxBody)
		},
		Within: func(ctx context.Context) context.Context { return context.WithValue(ctx, callKey{}, c) },
	})
}

// preloads is on record for people and keys. Peers load the model with each utterance, so for them it would say nothing, and they
// could push the records of changes out of the audit log.
const preloads = "stt.preload"

// maxChanges is how many requests a minute that are on record everybody may make.
const maxChanges = 120

// take runs a request after the caller was identified.
func (s *Server) take(c *call) error {
	if err := s.gate.Limit(&c.Call, c.set.rules, ""); err != nil {
		return err
	}
	c.Target(cmp.Or(schema.Clip(schema.Clean(c.R.PathValue("filename")), 100), string(s.block)))
	if err := c.route.Right.Admit(&c.Call, c.route.action()); err != nil {
		return err
	}
	if c.route.Change == "" || c.route.Change == preloads && c.Who.Role == auth.Nobody {
		return c.route.run(c)
	}
	if v := s.changes.Take(c.Who.Subject(), maxChanges); !v.OK {
		return v.Problem(" that are on record")
	}
	return c.Audited(c.route.Change, func() error { return c.route.run(c) })
}

// role returns what answers for the block.
func (c *call) role() (sttrole.Server, error) {
	r, ok := c.server.o.App.STTServer(c.server.block)
	if !ok {
		return nil, schema.Fail(schema.Stopping, "The server is being changed.").After(time.Second)
	}
	return r, nil
}

// peer is who asks, as the appliance is told.
func (c *call) peer() sttrole.Peer {
	return sttrole.Peer{Name: c.Who.Subject(), Address: c.From.String(), Legacy: c.isLegacy()}
}

// isLegacy tells whether the caller gets the answers of the existing service.
func (c *call) isLegacy() bool { return c.Who.Kind == auth.Peer }

// maxUpload bounds the body of a sound in one request: stereo of 48 kHz in 32 bits, and what is around it.
func (s *Server) maxUpload() int64 {
	return int64(s.set.Load().MaxSound/time.Millisecond)*48*2*4 + 64<<10
}

// maxSamples is the longest sound in samples.
func (c *call) maxSamples() int {
	return min(sttrole.MaxSamples, int(c.set.MaxSound/time.Millisecond)*sttrole.Rate/1000)
}

// patterns lists the patterns of the routes, for tests.
func (s *Server) patterns() (list []string) {
	for p := range s.bodies {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}
