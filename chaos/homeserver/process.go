package homeserver

import (
	"fmt"
	"strings"
	"time"

	"orac/chaos/peer"
)

// Process is a stand-in in a process of its own. Its methods are safe for concurrent use.
type Process struct {
	*peer.Peer
	address string
}

// Start runs program with args, which runs Main.
func Start(k Kind, program string, args ...string) (*Process, error) {
	var a Answer
	p, err := peer.Start(&a, program, append(args, string(k))...)
	if err != nil {
		return nil, fmt.Errorf("the %s of a house: %w", k, err)
	}
	return &Process{p, strings.TrimPrefix(a.Address, "http://")}, nil
}

// Address returns the host and port of the server.
func (p *Process) Address() string { return p.address }

// Set changes how it behaves.
func (p *Process) Set(how How, wait time.Duration) error {
	return p.Ask(Request{Set: &how, Wait: wait, After: mostDeeds}, &Answer{})
}

// mostDeeds is more than there are.
const mostDeeds = 1 << 30

// Deeds returns the calls that a home has carried out after a number of calls, and how many calls there are.
func (p *Process) Deeds(after int) (list []Deed, calls int, err error) {
	var a Answer
	err = p.Ask(Request{After: after}, &a)
	return a.Deeds, a.Calls, err
}
