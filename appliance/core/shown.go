package core

import (
	"time"

	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// Graph is the graph in force. It may be called from anywhere.
func (c *Core) Graph() *graph.Graph { return c.runner.Graph() }

// Recent are the newest incidents, newest first, at most limit of them. It may be called from
// anywhere.
func (c *Core) Recent(now rt.Instant, limit int) []status.Incident { return c.log.Recent(now, limit) }

// Health is the health of the appliance. It may be called from anywhere.
func (c *Core) Health() health.Report { return c.monitor.Report() }

// Spool is what waits to be delivered. It may be called from anywhere.
func (c *Core) Spool() status.Spool {
	if sp := c.spoolNode(); sp != nil {
		return sp.Shown()
	}
	return status.Spool{}
}

// Hooks is what waits for webhooks. It may be called from anywhere.
func (c *Core) Hooks() (list []status.Hook) {
	for _, v := range c.runner.Views() {
		if h, ok := v.code.(*node.Webhook); ok && v.State != reconcile.Leaked {
			shown := h.Shown()
			shown.Name = h.Hook // it has shown nothing yet when it has just been started
			list = append(list, shown)
		}
	}
	return list
}

// Engines are what understands speech here. It may be called from anywhere.
func (c *Core) Engines() (list []status.Engine) {
	for _, v := range c.runner.Views() {
		if e, ok := v.code.(*node.Engine); ok && v.State != reconcile.Leaked && v.Node == c.runner.Graph().Node(v.Node.Address) {
			list = append(list, e.Status())
		}
	}
	return list
}

// Logins are the accounts at issuers of tokens. It may be called from anywhere.
func (c *Core) Logins() (list []status.Login) {
	for _, n := range codesOf[*node.Login](c) {
		shown := n.Shown()
		shown.Name = n.Login // it has shown nothing yet when it has just been started
		list = append(list, shown)
	}
	return list
}

// Traces is what was sent to a collector; nil if nothing is. It may be called from anywhere.
func (c *Core) Traces() *status.Traces {
	for _, n := range codesOf[*node.Traces](c) {
		shown := n.Shown()
		return &shown
	}
	return nil
}

// MQTT is how the appliance is shown at brokers. It may be called from anywhere.
func (c *Core) MQTT() (list []status.MQTT) {
	for _, n := range codesOf[*node.MQTT](c) {
		shown := n.Shown()
		shown.Name = n.Broker // it has shown nothing yet when it has just been started
		list = append(list, shown)
	}
	return list
}

// Generation is the number of the generation that runs; 0 if none was committed. It may be called from anywhere.
func (c *Core) Generation() int { return c.steward.Generation() }

// Inbox is the state of the mailboxes that a node reads. It may be called from anywhere.
func (c *Core) Inbox(address string) []rt.Stats { return c.runner.Inbox(address) }

// Views are the instances of nodes. It may be called from anywhere.
func (c *Core) Views() []View { return c.runner.Views() }

// Incident is an incident that is still known, with its evidence. It may be called from anywhere.
func (c *Core) Incident(now rt.Instant, id string) (status.Incident, bool) { return c.log.Get(now, id) }

// Status is the state of the appliance, without what only a process knows. It may be called from
// anywhere.
func (c *Core) Status(now rt.Instant, wall time.Time) status.Status {
	g := c.runner.Graph()
	s := status.Status{
		Appliance: g.Runbook.Appliance.Name, Runbook: g.Runbook.File, Generation: c.steward.Generation(), LastGood: c.lastGood.Get(),
		Health: c.monitor.Report(), Memory: c.monitor.Memory(),
		Muted: c.Muted(now, wall),
	}
	for _, v := range c.runner.Views() {
		n := status.Node{
			Address: v.Node.Address, Kind: string(v.Node.Kind.Name), State: string(v.State), Since: wall.Add(-now.Sub(v.Since)),
			Generation: uint64(v.Generation), Restarts: v.Restarts, Rate: c.monitor.Rate(v.Node.Address),
		}
		if v.Err != nil {
			n.Error = v.Err.Error()
		}
		for _, m := range c.runner.Inbox(v.Node.Address) {
			n.Taken += m.Taken
			n.Dropped += m.Dropped
		}
		if d, ok := v.code.(*node.Delivery); ok {
			n.Way = d.Way()
		}
		for _, r := range g.Readers(v.Node) {
			n.Feeds = append(n.Feeds, r.To)
		}
		s.Nodes = append(s.Nodes, n)
		if sp, ok := v.code.(*node.Spool); ok {
			s.Spool = sp.Shown()
		}
	}
	g.Sort(s.Nodes) // an apply puts new instances after those that stay
	s.Logins, s.Traces, s.MQTT, s.Counts = c.Logins(), c.Traces(), c.MQTT(), c.monitor.Counts()
	s.Hooks, s.STTServers, s.Voices, s.Forwards, s.Engines = c.Hooks(), c.STTServers(), c.Voices(), c.Forwards(), c.Engines()
	s.Satellites, s.Speakers = c.Satellites(), c.Speakers()
	s.Topics, s.Backends, s.Models = acted(c)
	if last := c.log.Recent(now, 1); len(last) > 0 {
		s.Incident = &last[0]
	}
	return s
}
