package graph

import (
	"fmt"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/thread"
	"orac/runbook"
)

// Traces is the name of the kind.
const Traces Name = "traces"

// TraceService is the collector that takes traces, and who sends them.
type TraceService struct {
	Traces    runbook.Traces `of:"traces"`
	Appliance Sender         `of:"appliance"`
}

// Resource is what all spans of the appliance have in common.
func (s TraceService) Resource(host, version string) []event.Fact {
	return []event.Fact{
		{Name: "service.name", Value: "orac"}, {Name: "service.version", Value: version}, {Name: "service.instance.id", Value: s.Appliance.id(host)},
		{Name: "host.name", Value: host}, {Name: "orac.appliance", Value: s.Appliance.Name},
	}
}

// Traced is what a node goes by that tells its peers which trace a call belongs to. Both are nil without a traces block.
type Traced struct {
	Sampled *struct {
		Address runbook.Address
		Sample  float64 `hcl:"sample"`
	} `of:"traces"`
	Origin *struct {
		Address runbook.Address
		Name    string
	} `of:"appliance"`
}

func (c *compiler) traced() (s Traced) {
	if rb := c.Runbook; rb.Traces.On() {
		s.Sampled = &struct {
			Address runbook.Address
			Sample  float64 `hcl:"sample"`
		}{rb.Traces.Address, rb.Traces.Sample}
		s.Origin = &struct {
			Address runbook.Address
			Name    string
		}{rb.Appliance.Address, rb.Appliance.Name}
	}
	return s
}

func (s Traced) sampling() (x thread.Sampling) {
	if s.Sampled != nil {
		x = thread.Sampling{Origin: s.Origin.Name, On: true, Ratio: s.Sampled.Sample}
	}
	return x
}

func traces() *Kind {
	return built(Kind{
		Name: Traces, Role: Remembers, Words: "makes traces of what becomes of commands, and hands them to a collector",
		Health: distant, Reads: []string{happens.Name}, Writes: nil,
		add: addTraces,
	}, buildTraces)
}

func addTraces(c *compiler, k *Kind) {
	to := c.Runbook.Traces
	if !to.On() {
		return
	}
	writers := c.Nodes
	c.add(Node{
		Address: string(Traces), Kind: k, Block: to.Address, Detail: fmt.Sprintf("%s, %v of the commands", brief(to.URL), to.Sample),
		Identity: nothing{}, Settings: TraceService{to, see[Sender](c.Runbook.Appliance)},
	})
	for _, n := range writers {
		happens.connect(c, n.Address, string(Traces))
	}
}

func buildTraces(a *Assembly, n *Node, _ nothing, s TraceService) (node.Node, error) {
	if a.Traces == nil {
		return nil, fmt.Errorf("%s: no collector can be reached here", n.Address)
	}
	client, err := a.Traces(s)
	if err != nil {
		return nil, err
	}
	return &node.Traces{
		Name: n.Address, In: happens.inbox(a, n.Address), Events: a.Events(n.Address),
		Config: rt.NewCell(node.TracesConfig{
			Collector: client, Queue: s.Traces.Queue, MaxDelay: s.Traces.MaxRetryDelay,
			Sampling: thread.Sampling{Origin: s.Appliance.Name, On: true, Ratio: s.Traces.Sample},
		}),
	}, nil
}
