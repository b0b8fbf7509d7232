package appliance

import (
	"slices"
	"strings"
)

// watched is what the monitor must know of a component of the graph in force. It is found out once per graph, so that looking
// at a healthy appliance costs next to nothing.
type watched struct {
	boxes []mailbox // that show its progress
	needs []string  // the nodes without which it has nothing to do
	all   []string  // the same, after the service that it is about; nil if it is about none
	seen  uint64    // the last look at which it was there
}

// prepare finds out what to watch, when the graph has changed since the last look.
func (m *Monitor) prepare() {
	g, boxes := m.Runner.Graph(), m.Runner.boxes.Load()
	if g == m.graph && boxes == m.boxes {
		return
	}
	m.graph, m.boxes = g, boxes
	m.watched, m.services = map[string]*watched{}, nil
	for _, n := range g.Nodes {
		w := &watched{boxes: shows(g, *boxes, n), needs: needs(g, n)}
		switch n.Kind {
		case Probe:
			service := "stt." + strings.TrimPrefix(n.Address, string(Probe)+".")
			m.services = append(m.services, service)
			m.watched[service] = &watched{}
			fallthrough
		case Delivery, Heartbeat:
			w.all = append([]string{serviceOf(g, n)}, w.needs...)
		}
		m.watched[n.Address] = w
	}
	slices.Sort(m.services)
}

// shows are the mailboxes that show a node's progress: those that it reads. For a source it is the mailbox of its ring.
func shows(g *Graph, boxes map[box]mailbox, n *Node) []mailbox {
	if n.Kind != Source {
		return inboxes(g, boxes, n.Address)
	}
	ring := inboxes(g, boxes, at(Ring, strings.TrimPrefix(n.Address, string(Source)+".")))
	return slices.DeleteFunc(ring, func(m mailbox) bool { return !strings.HasPrefix(m.Stats().Name, "hops ") })
}

// needs are the nodes without which a node has nothing to do.
func needs(g *Graph, n *Node) (list []string) {
	for _, e := range g.Edges {
		if e.To == n.Address && !e.asks && n.Kind.carriesSound() && n.Kind != Spool && !slices.Contains(list, e.From) {
			list = append(list, e.From)
		}
	}
	return list
}

// dependsOn are the components without which a node has nothing to do.
func (m *Monitor) dependsOn(n *watched) []string {
	if n.all != nil {
		if _, ok := m.facts[n.all[0]]; ok {
			return n.all
		}
	}
	return n.needs
}

// taken is how many values a node has read, whether any are waiting, and whether one of its mailboxes is full.
func (n *watched) taken() (taken uint64, waits, full bool) {
	for _, m := range n.boxes {
		s := m.Stats()
		taken += s.Taken
		waits = waits || s.Len > 0
		full = full || s.Len >= s.Cap && s.Cap > 1
	}
	return taken, waits, full
}

// prompt tells whether nodes of a kind read at once what comes: a waiting value then shows that one is stuck. Other nodes may
// be waiting for something slow, such as a disk or a service, and are stuck when a mailbox is full.
func (k Kind) prompt() bool {
	switch k {
	case Ring, Features, Voice, Head, Trigger:
		return true
	}
	return false
}

// serviceOf is the component of the speech-to-text service that a node talks to; "stt." if the runbook has none.
func serviceOf(g *Graph, n *Node) string {
	if n.Kind != Heartbeat {
		return "stt." + n.Block.Name()
	}
	for _, h := range g.Runbook.Heartbeats {
		if h.Address == n.Block {
			return "stt." + serviceBehind(g.Runbook, h).Name()
		}
	}
	return "stt."
}
