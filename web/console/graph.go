package console

import (
	"net/http"
	"strings"

	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

type graphData struct {
	Across, Down drawing // for wide and for narrow screens
	Rows         []graphNode
}

// graphNode is a node with its present state.
type graphNode struct {
	Address, Kind, Detail string
	Level, Why            string
	Known                 bool // it runs
	Now                   status.Node
}

// Name returns the address without its kind, unless nothing would be left.
func (n graphNode) Name() string {
	if rest := n.Address[min(len(n.Address), len(n.Kind)):]; len(rest) > 1 {
		return rest[1:]
	}
	return n.Address
}

// Short returns the name, cut to the room in a box.
func (n graphNode) Short() string {
	const room = boxWidth - 2*boxPadding
	name := n.Name()
	if i := strings.LastIndexByte(name, '.'); i >= 0 && fit(name, room, titleSize) != name { // the heads of one device differ by their model
		name = name[i+1:]
	}
	return fit(name, room, titleSize)
}

// Label returns what a screen reader says about it.
func (n graphNode) Label() string {
	text := n.Kind + " " + n.Name() + ", " + n.Level
	if n.Known {
		text += ", " + n.Now.State + ", " + rate(n.Now.Rate)
	}
	return text + ": its incidents"
}

func (c *Console) graph(call *api.Call) error {
	s, err := api.OpStatus.Call(call, schema.None{})
	if err != nil {
		return err
	}
	declared, err := api.OpGraph.Call(call, schema.None{})
	if err != nil {
		return err
	}
	g := graphFrom(declared)
	d := graphData{Rows: graphNodes(g, s)}
	d.Across, d.Down = draw(g, d.Rows, false), draw(g, d.Rows, true)
	return c.show(call, http.StatusOK, "graph", view{Wide: true, Data: d, Scripts: []string{"graph.js"}})
}

// graphFrom converts the API's graph into one that can be drawn.
func graphFrom(a api.GraphOut) *graph.Graph {
	g := &graph.Graph{}
	for _, n := range a.Nodes {
		g.Nodes = append(g.Nodes, &graph.Node{Address: n.Address, Kind: graph.KindOf(graph.Name(n.Kind)), Detail: n.Detail})
	}
	for _, e := range a.Edges {
		g.Edges = append(g.Edges, graph.Edge{From: e.From, To: e.To, Carries: e.Carries, Capacity: e.Capacity})
	}
	return g
}

// graphNodes joins the declared nodes with their present state.
func graphNodes(g *graph.Graph, s status.Status) (list []graphNode) {
	for _, n := range g.Nodes {
		row := graphNode{Address: n.Address, Kind: string(n.Kind.Name), Detail: n.Detail, Level: "healthy"}
		for _, now := range s.Nodes {
			if now.Address == n.Address {
				row.Now, row.Known = now, true
				if target, ok := strings.CutSuffix(row.Detail, ", streamed"); ok && now.Way != "" { // what the service says takes precedence
					row.Detail = target + ", " + now.Way
				}
			}
		}
		for _, h := range s.Health.Components {
			if h.Name == n.Address {
				row.Level, row.Why = string(h.Level), h.Why
			}
		}
		list = append(list, row)
	}
	return list
}
