package sttserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"orac/appliance/health"
	"orac/runbook"
	"orac/web/edge"
)

// Servers are the stt_server blocks of a runbook, each with its own listener. They begin, change and end with the runbook, and none
// touches another. It is an appliance.Beside.
type Servers struct {
	// StateDir holds the self-signed certificate. Say tells the person at the terminal where servers are.
	StateDir string
	Log      *slog.Logger
	Say      func(line string)
	Bounds   edge.Bounds
	Opened   func(block runbook.Address, url string) // nil: nobody wants to know

	mu    sync.Mutex // guards everything that follows
	o     Options
	ctx   context.Context // nil: it does not run
	hosts map[runbook.Address]*edge.Host
	sites map[runbook.Address]*Server
	why   string // why nothing will ever be served
}

// Run serves until ctx ends, first as the runbook that runs now says.
func (s *Servers) Run(ctx context.Context, o Options, runs func() *runbook.Runbook) {
	s.mu.Lock()
	s.ctx, s.o = ctx, o
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
func (s *Servers) Shut(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why.Error()
}

// host makes the listener of a block. It serves nothing yet.
func (s *Servers) host(block runbook.Address) *edge.Host {
	h := &edge.Host{
		StateDir: s.StateDir, Log: s.Log, Say: s.Say, Bounds: s.Bounds, Component: string(block) + ".listen", Title: "speech-to-text server " + string(block),
		Of: func(rb *runbook.Runbook) runbook.Web { return Declared(rb, block) },
	}
	if s.Opened != nil {
		h.Opened = func(url string) { s.Opened(block, url) }
	}
	return h
}

// Check implements appliance.Beside: every server of the runbook could listen.
func (s *Servers) Check(rb *runbook.Runbook) error {
	s.mu.Lock()
	var ours []string
	for _, h := range s.hosts {
		ours = append(ours, h.Listening())
	}
	s.mu.Unlock()
	var all error
	declared := map[string]string{"web": rb.Web.Listen}
	for _, b := range rb.STTServers {
		for other, listen := range declared {
			if listen != "" && edge.SamePort(listen, b.Listen) {
				all = errors.Join(all, fmt.Errorf("%s: listen: %s has the same port: give each server its own", b.Address, other))
			}
		}
		declared[string(b.Address)] = b.Listen
		all = errors.Join(all, s.host(b.Address).CheckBeside(rb, ours))
	}
	return all
}

// Accept implements appliance.Beside.
func (s *Servers) Accept(*runbook.Runbook) error { return nil }

// Use implements appliance.Beside. A server that leaves or moves makes room before others come.
func (s *Servers) Use(rb *runbook.Runbook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil {
		s.declare(rb)
		return
	}
	for block, h := range s.hosts {
		if _, ok := rb.STTServer(block); !ok {
			h.End()
			delete(s.hosts, block)
			delete(s.sites, block)
			continue
		}
		h.Yield(rb)
	}
	s.declare(rb)
}

// declare tells the host of each block what it is to serve, and makes it if there is none. The caller holds the lock.
func (s *Servers) declare(rb *runbook.Runbook) {
	if s.hosts == nil {
		s.hosts, s.sites = map[runbook.Address]*edge.Host{}, map[runbook.Address]*Server{}
	}
	for _, b := range rb.STTServers {
		h := s.hosts[b.Address]
		if h == nil {
			h = s.host(b.Address)
			s.hosts[b.Address] = h
		}
		if s.why != "" {
			h.Shut(errors.New(s.why))
		}
		if s.ctx != nil && !h.Begun() {
			s.sites[b.Address] = New(s.ctx, s.o, b.Address)
			h.Begin(s.ctx, s.sites[b.Address])
		}
		h.Use(rb)
	}
}

// Listeners implements appliance.Beside.
func (s *Servers) Listeners() (list []health.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		list = append(list, h.Listeners()...)
	}
	return list
}
