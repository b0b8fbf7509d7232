package peers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"orac/appliance/health"
	"orac/runbook"
	"orac/web/edge"
)

// Hosts are the blocks of one type in a runbook, each with its own listener. They begin, change and end with the runbook, and none
// touches another. It is an appliance.Beside.
type Hosts struct {
	Kind
	// Others lists the servers of other types: no two have the same port.
	Others func(*runbook.Runbook) []Block
	// StateDir holds the self-signed certificate. Say tells the person at the terminal where servers are.
	StateDir string
	Log      *slog.Logger
	Say      func(line string)
	Bounds   edge.Bounds
	Opened   func(block runbook.Address, url string) // nil: nobody wants to know
	Admit    edge.Admit                              // see edge.Host

	mu    sync.Mutex // guards everything that follows
	site  func(context.Context, runbook.Address) edge.Site
	ctx   context.Context // nil: it does not run
	hosts map[runbook.Address]*edge.Host
	sites map[runbook.Address]edge.Site
	why   string // why nothing will ever be served
}

// Run serves until ctx ends, first as the runbook that runs now says. site makes what serves a block; its context ends with it.
func (s *Hosts) Run(ctx context.Context, site func(context.Context, runbook.Address) edge.Site, runs func() *runbook.Runbook) {
	s.mu.Lock()
	s.ctx, s.site = ctx, site
	s.mu.Unlock()
	for rb := (*runbook.Runbook)(nil); rb != runs(); { // a change meanwhile may have been overtaken by this
		rb = runs()
		s.Use(rb)
	}
	<-ctx.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		h.End()
	}
	s.ctx, s.hosts, s.sites = nil, nil, nil
}

// Shut says that the servers will never run, and why. It is called instead of Run.
func (s *Hosts) Shut(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why.Error()
}

// Site returns what serves a block; nil if nothing does.
func (s *Hosts) Site(block runbook.Address) edge.Site {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sites[block]
}

// host makes the listener of a block. It serves nothing yet.
func (s *Hosts) host(block runbook.Address) *edge.Host {
	h := &edge.Host{
		StateDir: s.StateDir, Log: s.Log, Say: s.Say, Bounds: s.Bounds, Admit: s.Admit, Component: string(block) + ".listen", Title: s.Title + " " + string(block),
		Of: func(rb *runbook.Runbook) runbook.Web { return s.Declared(rb, block) },
		Members: func(rb *runbook.Runbook) bool {
			return slices.ContainsFunc(s.Blocks(rb), func(b Block) bool { return b.Address == block && b.Members })
		},
	}
	if s.Opened != nil {
		h.Opened = func(url string) { s.Opened(block, url) }
	}
	return h
}

// Check implements appliance.Beside: every server of the runbook could listen.
func (s *Hosts) Check(rb *runbook.Runbook) error {
	s.mu.Lock()
	var ours []string
	for _, h := range s.hosts {
		ours = append(ours, h.Listening())
	}
	s.mu.Unlock()
	var all error
	declared := map[string]string{"web": rb.Web.Listen}
	if s.Others != nil {
		for _, b := range s.Others(rb) {
			declared[string(b.Address)] = b.Listen
		}
	}
	for _, b := range s.Blocks(rb) {
		for _, other := range slices.Sorted(maps.Keys(declared)) {
			if listen := declared[other]; listen != "" && edge.SamePort(listen, b.Listen) {
				all = errors.Join(all, fmt.Errorf("%s: listen: %s has the same port: give each server its own", b.Address, other))
			}
		}
		declared[string(b.Address)] = b.Listen
		all = errors.Join(all, s.host(b.Address).CheckBeside(rb, ours))
	}
	return all
}

// Accept implements appliance.Beside.
func (s *Hosts) Accept(*runbook.Runbook) error { return nil }

// Use implements appliance.Beside. A server that leaves or moves makes room before others come.
func (s *Hosts) Use(rb *runbook.Runbook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	blocks := s.Blocks(rb)
	if s.ctx != nil {
		for block, h := range s.hosts {
			if !slices.ContainsFunc(blocks, func(b Block) bool { return b.Address == block }) {
				h.End()
				delete(s.hosts, block)
				delete(s.sites, block)
				continue
			}
			h.Yield(rb)
		}
	}
	s.declare(rb, blocks)
}

// declare tells the host of each block what it is to serve, and makes it if there is none. The caller holds the lock.
func (s *Hosts) declare(rb *runbook.Runbook, blocks []Block) {
	if s.hosts == nil {
		s.hosts, s.sites = map[runbook.Address]*edge.Host{}, map[runbook.Address]edge.Site{}
	}
	for _, b := range blocks {
		h := s.hosts[b.Address]
		if h == nil {
			h = s.host(b.Address)
			s.hosts[b.Address] = h
		}
		if s.why != "" {
			h.Shut(errors.New(s.why))
		}
		if s.ctx != nil && !h.Begun() {
			s.sites[b.Address] = s.site(s.ctx, b.Address)
			h.Begin(s.ctx, s.sites[b.Address])
		}
		h.Use(rb)
	}
}

// Listeners implements appliance.Beside.
func (s *Hosts) Listeners() (list []health.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		list = append(list, h.Listeners()...)
	}
	return list
}
