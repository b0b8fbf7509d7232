package core

import (
	"slices"

	"orac/appliance/graph"
)

// watched is what the monitor must know of a component of the graph in force. It is found out once per graph, so that looking
// at a healthy appliance costs next to nothing.
type watched struct {
	boxes []graph.Mailbox // that show its progress
	needs []string        // the nodes without which it has nothing to do
	all   []string        // the same, after the service that it is about; nil if it is about none
	seen  uint64          // the last look at which it was there
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
		if n.Service != "" {
			w.all = append([]string{string(n.Service)}, w.needs...)
		}
		if n.Kind.Role == graph.Asks {
			m.services = append(m.services, string(n.Service))
			m.watched[string(n.Service)] = &watched{needs: w.needs} // a service that we may not use for want of a token is not the cause
		}
		m.watched[n.Address] = w
	}
	slices.Sort(m.services)
}

// shows are the mailboxes that show a node's progress: those that it reads. For a source it is the one that takes its sound.
func shows(g *graph.Graph, boxes graph.Boxes, n *graph.Node) []graph.Mailbox {
	if n.Kind.Role != graph.Hears {
		return g.Inboxes(boxes, n.Address)
	}
	return []graph.Mailbox{g.SoundOf(boxes, n.Address)}
}

// needs are the nodes without which a node has nothing to do: those that give it sound, or the tokens with which it sends.
func needs(g *graph.Graph, n *graph.Node) (list []string) {
	for _, e := range g.Edges {
		if to := g.Node(e.To); e.From == n.Address && to != nil && to.Kind.Role == graph.Proves {
			list = append(list, e.To)
		}
		if e.To == n.Address && !e.Port().Asks && n.Kind.Role < graph.Keeps && !slices.Contains(list, e.From) {
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
