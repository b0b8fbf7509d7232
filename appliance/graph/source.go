package graph

import (
	"fmt"
	"path/filepath"
	"time"

	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// Source is the name of the kind.
const Source Name = "source"

// Device is what a source opens: one of Microphone and WAV is set.
type Device struct {
	Microphone *runbook.Microphone `of:"device.microphone"`
	WAV        *runbook.WAV        `of:"device.wav"`
	Look       *Look               `of:"watchdog"` // of a microphone
}

// Name is the name of the device.
func (d Device) Name() string {
	if d.Microphone != nil {
		return d.Microphone.Name
	}
	return d.WAV.Name
}

// Look says how often to look whether a microphone is still the one that was opened.
type Look struct {
	Address     runbook.Address
	SourceCheck time.Duration `hcl:"source_check"`
}

// sourceSettings are the watchdogs of a source.
type sourceSettings struct {
	Watchdog struct {
		Address    runbook.Address
		ReadStall  time.Duration `hcl:"read_stall"`
		RMSStuck   time.Duration `hcl:"rms_stuck"`
		RetryDelay time.Duration `hcl:"retry_delay"`
		Retries    int           `hcl:"retries"`
		RetrySlow  time.Duration `hcl:"retry_slow"`
	} `of:"watchdog"`
	Listeners []hearing `of:"listener"` // those that hear it
}

// hearing is what a source knows of a listener.
type hearing struct {
	Address runbook.Address
	Device  runbook.Address `hcl:"device"`
}

func sources() *Kind {
	return built(Kind{
		Name: Source, Role: Hears, Of: ToDevice, Words: "opens a microphone or a sound file, and sends hops of 80 ms",
		// The watchdog decides at what age of a hop a source is degraded or dead, so a source shows what its watchdog says.
		Health: health.Rule{Sound: true, Clear: time.Second},
		Writes: []string{hops.Name},
		add:    addSources,
	}, buildSource)
}

func addSources(c *compiler, k *Kind) {
	for _, d := range c.devices {
		address := At(Source, d.name())
		if c.has(address) {
			c.err = fmt.Errorf("%s: two devices are named %q: rename one of them", c.Runbook.File, d.name())
			return
		}
		identity, detail := Device{Microphone: d.microphone, WAV: d.wav}, ""
		if d.microphone != nil {
			look := see[Look](c.Runbook.Watchdog)
			identity.Look, detail = &look, selector(d.microphone.Match, d.microphone.Identity, d.microphone.ID, "the system's first input")
		} else {
			detail = filepath.Base(d.wav.Path)
		}
		var s sourceSettings
		fill(&s.Watchdog, c.Runbook.Watchdog)
		for _, l := range d.listeners {
			s.Listeners = append(s.Listeners, see[hearing](l))
		}
		c.add(Node{Address: address, Kind: k, Block: d.address, Detail: detail, Claim: string(d.address), Identity: identity, Settings: s})
	}
}

// selector says which device is meant.
func selector(match, identity, id, otherwise string) string {
	switch {
	case match != "":
		return "match " + match
	case identity != "":
		return identity
	case id != "":
		return "id " + id
	}
	return otherwise
}

func buildSource(a *Assembly, n *Node, d Device, s sourceSettings) (node.Node, error) {
	input, err := a.Source(d)
	if err != nil {
		return nil, err
	}
	w, listeners := s.Watchdog, []string(nil)
	for _, l := range s.Listeners {
		listeners = append(listeners, l.Address.Name())
	}
	return &node.Source{
		Name: n.Address, Device: n.Name(), Input: input, Out: hops.out(a, n.Address), Events: a.Events(n.Address), Meters: a.Meters, Mutes: a.Mutes,
		Config: rt.NewCell(node.SourceConfig{
			Stall: w.ReadStall, Stuck: w.RMSStuck, Retry: node.Retry{Delay: w.RetryDelay, Tries: w.Retries, Slow: w.RetrySlow},
			Listeners: listeners,
		}),
	}, nil
}
