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
	c := &compiler{Graph: &Graph{Runbook: rb}}
	if len(rb.Listeners) == 0 {
		return nil, fmt.Errorf("%s: there is no listener, so nothing would be heard: add a listener block (see: orac schema --markdown)", rb.File)
	}
	for _, k := range Kinds() {
		k.add(c, k)
	}
	if c.err != nil {
		return nil, c.err
	}
	for _, e := range c.Edges {
		from, to := c.Node(e.From).Kind, c.Node(e.To).Kind
		if e.Carries != happens.Name && !slices.Contains(from.Writes, e.Carries) || !slices.Contains(to.Reads, e.Carries) {
			panic(fmt.Sprintf("BUG: %s from %s to %s: their kinds do not declare that port", e.Carries, e.From, e.To))
		}
	}
	return c.Graph, nil
}

type compiler struct {
	*Graph
	err error
}

// add adds a node, and derives what it depends on.
func (c *compiler) add(n Node) {
	n.settle(c.Runbook)
	c.Nodes = append(c.Nodes, &n)
}

// device is a device that listeners use.
type device struct {
	address    runbook.Address
	microphone *runbook.Microphone
	wav        *runbook.WAV
	listeners  []runbook.Listener // that have a model to listen for
}

// name is what the nodes of the device are named after.
func (d device) name() string { return d.address.Name() }

// patient tells whether those that hear the device wait for each other.
func (d device) patient() bool { return d.wav != nil && d.wav.Pace == "fast" }

// gated tells whether a listener asks for the voice gate.
func (d device) gated() bool {
	return slices.ContainsFunc(d.listeners, func(l runbook.Listener) bool { return l.VADThreshold > 0 })
}

// devices are the devices that anything listens to.
func (c *compiler) devices() (list []device) {
	add := func(d device) {
		for _, l := range c.listeners() {
			if l.Device == d.address {
				d.listeners = append(d.listeners, l)
			}
		}
		if len(d.listeners) > 0 {
			list = append(list, d)
		}
	}
	for _, m := range c.Runbook.Microphones {
		add(device{address: m.Address, microphone: &m})
	}
	for _, w := range c.Runbook.WAVs {
		add(device{address: w.Address, wav: &w})
	}
	return list
}

// device finds a device by its address.
func (c *compiler) device(a runbook.Address) device {
	devices := c.devices()
	return devices[slices.IndexFunc(devices, func(d device) bool { return d.address == a })]
}

// listeners are the listeners that have a model to listen for.
func (c *compiler) listeners() []runbook.Listener {
	return slices.DeleteFunc(slices.Clone(c.Runbook.Listeners), func(l runbook.Listener) bool { return len(Enabled(c.Runbook, l)) == 0 })
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
