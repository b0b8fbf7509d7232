package sttserver

import (
	"fmt"
	"sync"
	"time"

	"orac/appliance/stt/stttest"
	"orac/chaos/peer"
)

// Process is a server in a process of its own. Its methods are safe for concurrent use.
type Process struct {
	*peer.Peer
	address string
	wyoming string

	mu      sync.Mutex                     // guards what follows, and orders what is asked
	stopped bool                           // it answers nothing
	waiting map[stttest.Endpoint]Behaviour // set when the process continues
}

// Start runs program with args, which runs Main.
func Start(program string, args ...string) (*Process, error) {
	var a Answer
	p, err := peer.Start(&a, program, args...)
	if err != nil {
		return nil, fmt.Errorf("the speech-to-text server: %w", err)
	}
	return &Process{Peer: p, address: a.Address, wyoming: a.Wyoming}, nil
}

// Address returns the host and port of the server.
func (p *Process) Address() string { return p.address }

// Wyoming returns the host and port at which it speaks Wyoming.
func (p *Process) Wyoming() string { return p.wyoming }

// Set changes how endpoints behave.
func (p *Process) Set(how map[stttest.Endpoint]Behaviour) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		p.waiting = how
		return nil
	}
	_, err := p.ask(Request{Set: how})
	return err
}

// Stop freezes the process; its kernel still accepts connections and data. Cont continues it.
func (p *Process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	return p.Peer.Stop()
}

// Cont continues a stopped process.
func (p *Process) Cont() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.Peer.Cont()
	p.stopped = false
	if how := p.waiting; how != nil && err == nil {
		p.waiting = nil
		_, err = p.ask(Request{Set: how})
	}
	return err
}

// Demand has the server accept tokens of an issuer only.
func (p *Process) Demand(t Trust) error {
	_, err := p.ask(Request{Trust: &t})
	return err
}

// Heard returns everything that the server was sent so far, and the longest time in which it has refused every token.
func (p *Process) Heard() (list []Heard, refused time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil, 0, errStopped
	}
	a, err := p.ask(Request{Heard: true})
	return a.Heard, a.RefusedFor, err
}

// Sound returns the sound of the n-th utterance of Heard, counted from 0.
func (p *Process) Sound(n int) ([]int16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.ask(Request{Sound: n + 1})
	return a.Sound, err
}

// ask sends a request and returns its answer.
func (p *Process) ask(r Request) (a Answer, err error) { return a, p.Ask(r, &a) }
