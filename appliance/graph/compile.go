package graph

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orac/appliance/audio"
	"orac/runbook"
)

// Compile makes the graph of a runbook. It fails on what the language allows and no graph can do.
func Compile(rb *runbook.Runbook) (*Graph, error) {
	if len(rb.Listeners) == 0 && !rb.ServesOthers() {
		return nil, fmt.Errorf("%s: there is no listener, so nothing would be heard: add a listener block (see: orac schema --markdown)", rb.File)
	}
	c := newCompiler(rb)
	for _, k := range Kinds() {
		k.add(c, k)
	}
	if c.err != nil {
		return nil, c.err
	}
	for _, e := range c.Edges {
		from, to := c.kinds[e.From], c.kinds[e.To]
		if e.Carries != happens.Name && !slices.Contains(from.Writes, e.Carries) || !slices.Contains(to.Reads, e.Carries) {
			panic(fmt.Sprintf("BUG: %s from %s to %s: their kinds do not declare that port", e.Carries, e.From, e.To))
		}
	}
	return c.Graph, nil
}

// compiler is a graph that is being made, and what several kinds ask of its runbook.
type compiler struct {
	*Graph
	listeners []runbook.Listener // that have a model to listen for
	devices   []device           // that any of them listens to: microphones first, each in the order of the runbook
	kinds     map[string]*Kind   // of the nodes, by address
	err       error
}

func newCompiler(rb *runbook.Runbook) *compiler {
	c := &compiler{Graph: &Graph{Runbook: rb}, kinds: map[string]*Kind{}}
	by := map[runbook.Address][]runbook.Listener{}
	for _, l := range rb.Listeners {
		if len(Enabled(rb, l)) > 0 {
			c.listeners, by[l.Device] = append(c.listeners, l), append(by[l.Device], l)
		}
	}
	for _, m := range rb.Microphones {
		if by[m.Address] != nil {
			c.devices = append(c.devices, device{address: m.Address, microphone: &m, listeners: by[m.Address]})
		}
	}
	for _, w := range rb.WAVs {
		if by[w.Address] != nil {
			c.devices = append(c.devices, device{address: w.Address, wav: &w, listeners: by[w.Address]})
		}
	}
	return c
}

// add adds a node, and derives what it depends on.
func (c *compiler) add(n Node) {
	n.settle(c.Runbook)
	c.Nodes, c.kinds[n.Address] = append(c.Nodes, &n), n.Kind
}

// has tells whether a node was added.
func (c *compiler) has(address string) bool { return c.kinds[address] != nil }

// device is a device that listeners use.
type device struct {
	address    runbook.Address
	microphone *runbook.Microphone
	wav        *runbook.WAV
	listeners  []runbook.Listener // that have a model to listen for
}

// name is what the nodes of the device are named after.
func (d device) name() string { return d.address.Name() }

// gated tells whether a listener asks for the voice gate.
func (d device) gated() bool {
	return slices.ContainsFunc(d.listeners, func(l runbook.Listener) bool { return l.VADThreshold > 0 })
}

// Enabled are the enabled models of a listener, in its order.
func Enabled(rb *runbook.Runbook, l runbook.Listener) []runbook.Model {
	var models []runbook.Model
	for _, a := range l.Models {
		if m, _ := rb.Model(a); m.Enabled {
			models = append(models, m)
		}
	}
	return models
}

// brief is a source, a URL or a program as the graph shows it to everybody who may look at the appliance. Folders, and whatever
// follows a host, where a key may stand, are shown only to those who may read the runbook.
func brief(text string) string {
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, "?")
		return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:]
	}
	if strings.ContainsRune(text, '/') {
		return filepath.Base(text)
	}
	return text
}

// hopsIn is how many hops fit in d.
func hopsIn(d time.Duration) int { return int(d / audio.HopTime) }

func names(addresses []runbook.Address) []string {
	var list []string
	for _, a := range addresses {
		list = append(list, a.Name())
	}
	return list
}
