package core

import (
	"maps"
	"slices"
	"strings"

	"orac/appliance/act"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/reconcile"
)

// codeOf is the newest instance that runs a node; the zero value if there is none.
func codeOf[N node.Node](c *Core, address string) (n N) {
	for _, v := range c.runner.Views() {
		if code, ok := v.code.(N); ok && v.State != reconcile.Leaked && v.Node.Address == address {
			return code
		}
	}
	return n
}

func codesOf[N node.Node](c *Core) (list []N) {
	for _, v := range c.runner.Views() {
		if code, ok := v.code.(N); ok && v.State != reconcile.Leaked {
			list = append(list, code)
		}
	}
	return list
}

// Topic is a topic that acts here, by its name; nil if none runs.
func (c *Core) Topic(name string) *node.Topic {
	return codeOf[*node.Topic](c, graph.At(graph.Topic, name))
}

// Backend is a backend, by its name; nil if none runs.
func (c *Core) Backend(name string) *node.Backend {
	return codeOf[*node.Backend](c, graph.At(graph.Backend, name))
}

// CoreServer is a server for other machines, by its name; nil if none runs.
func (c *Core) CoreServer(name string) *node.CoreServer {
	return codeOf[*node.CoreServer](c, graph.At(graph.CoreServer, name))
}

// Topics are those that act here.
func (c *Core) Topics() []*node.Topic { return codesOf[*node.Topic](c) }

// Acting is the state of everything that acts.
func (c *Core) Acting() (s act.CoreState) {
	var last act.Answer
	beats := map[string]act.TopicState{}
	for _, n := range codesOf[*node.CoreServer](c) {
		for _, t := range n.Shown().Topics {
			if was, ok := beats[t.Name]; !ok || was.Beat.Before(t.Beat) {
				beats[t.Name] = t
			}
		}
	}
	for _, n := range c.Topics() {
		x := n.Shown()
		t := x.State
		if t.Name = n.Topic; !t.Declared {
			t.Declared, t.Enabled = true, n.Config.Get().Enabled // it has shown nothing yet
		}
		if b, ok := beats[node.TopicID(t.Name)]; ok && b.Beat.After(t.Beat) {
			t.Beat, t.WakeWord, t.Triggers = b.Beat, b.WakeWord, b.Triggers
			if t.First.IsZero() || b.First.Before(t.First) {
				t.First = b.First
			}
		}
		delete(beats, node.TopicID(t.Name))
		s.Topics = append(s.Topics, t)
		s.Counts = sum(s.Counts, x.Counts)
		s.Waiting += x.Waiting
		if len(x.Last) > 0 && x.Last[0].Came.After(last.Came) {
			last = x.Last[0]
			s.Last = &last
		}
	}
	for _, name := range slices.Sorted(maps.Keys(beats)) {
		s.Topics = append(s.Topics, beats[name])
	}
	slices.SortFunc(s.Topics, func(a, b act.TopicState) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range codesOf[*node.Backend](c) {
		x := n.Shown().BackendState
		x.Name = n.Backend
		s.Backends = append(s.Backends, x)
	}
	slices.SortFunc(s.Backends, func(a, b act.BackendState) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range codesOf[*node.LanguageModel](c) {
		x := n.Shown()
		x.Name = n.Model
		s.Models = append(s.Models, x)
	}
	slices.SortFunc(s.Models, func(a, b act.ModelState) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func sum(a, b act.Counts) act.Counts {
	return act.Counts{
		Asked: a.Asked + b.Asked, Understood: a.Understood + b.Understood, NotUnderstood: a.NotUnderstood + b.NotUnderstood, Executed: a.Executed + b.Executed,
		Verified: a.Verified + b.Verified, Failed: a.Failed + b.Failed, Unproven: a.Unproven + b.Unproven, Unknown: a.Unknown + b.Unknown, Expired: a.Expired + b.Expired,
		Repeated: a.Repeated + b.Repeated,
	}
}

// Commands are the last answers of a topic, or of all, the newest first.
func (c *Core) Commands(topic string, limit int) (list []act.Answer) {
	for _, n := range c.Topics() {
		if topic == "" || n.Topic == topic {
			list = append(list, n.Shown().Last...)
		}
	}
	slices.SortStableFunc(list, func(a, b act.Answer) int { return b.Came.Compare(a.Came) })
	return list[:min(len(list), max(0, limit))]
}
