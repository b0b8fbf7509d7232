package graph

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"orac/appliance/status"
	"orac/appliance/stt/wire"
	"orac/runbook/cells"
)

// Print draws the graph for a terminal: every node once, with its readers below it.
func (g *Graph) Print(w io.Writer) {
	p := printer{Graph: g, w: w, done: map[string]bool{}}
	fmt.Fprintf(w, "%s: %d nodes, %d edges\n\n", g.Runbook.File, len(g.Nodes), len(g.Edges))
	for _, n := range g.Nodes {
		if n.Kind.Role == Hears {
			p.node(n, "", "", nil)
			fmt.Fprintln(w)
		}
	}
	for _, n := range g.Nodes {
		if !p.done[n.Address] {
			p.line("", "", n, nil)
		}
	}
}

// way returns the place of each node along the way of the sound: a source, what it feeds, and so on to the end; then the next
// source. Nodes that no sound reaches come last, in the order in which they were compiled.
func (g *Graph) way() map[string]int {
	places := map[string]int{}
	var visit func(n *Node)
	visit = func(n *Node) {
		if _, seen := places[n.Address]; seen {
			return
		}
		places[n.Address] = len(places)
		for _, r := range g.Readers(n) {
			visit(g.Node(r.To))
		}
	}
	for _, n := range g.Nodes {
		if n.Kind.Role == Hears {
			visit(n)
		}
	}
	for _, n := range g.Nodes {
		visit(n)
	}
	return places
}

// Sort sorts nodes along the way of the sound. Nodes that are no longer in the graph come last: they are being stopped.
func (g *Graph) Sort(nodes []status.Node) {
	places := g.way()
	place := func(n status.Node) int {
		if p, ok := places[n.Address]; ok {
			return p
		}
		return len(places)
	}
	slices.SortStableFunc(nodes, func(a, b status.Node) int { return place(a) - place(b) })
}

type printer struct {
	*Graph
	w    io.Writer
	done map[string]bool
}

// node prints a node and what it feeds.
func (p *printer) node(n *Node, lead, branch string, carries []string) {
	again := p.done[n.Address]
	p.line(lead, branch, n, carries)
	if again {
		return
	}
	if branch == "├─ " {
		lead += "│  "
	} else if branch != "" {
		lead += "   "
	}
	readers := p.Readers(n)
	for i, r := range readers {
		branch := "├─ "
		if i == len(readers)-1 {
			branch = "└─ "
		}
		p.node(p.Node(r.To), lead, branch, r.carries)
	}
}

func (p *printer) line(lead, branch string, n *Node, carries []string) {
	label := n.Address
	if len(carries) > 0 {
		label = strings.Join(carries, ", ") + " → " + label
	}
	detail := wire.CleanText(n.Detail) // it may be any text from the runbook
	if p.done[n.Address] {
		detail = "(above)"
	}
	p.done[n.Address] = true
	head := lead + branch + label
	fmt.Fprintf(p.w, "%s %s\n", cells.Pad(head, 55), detail)
}

// Reader is a node that reads from another.
type Reader struct {
	To      string
	carries []string
}

// Readers are the nodes that a node feeds. They exclude the nodes that it asks, which are drawn where they are fed, and
// the history, which every node feeds. A spool feeds the deliveries that ask it.
func (g *Graph) Readers(n *Node) []Reader {
	var list []Reader
	add := func(to, carries string) {
		if i := slices.IndexFunc(list, func(r Reader) bool { return r.To == to }); i >= 0 {
			list[i].carries = append(list[i].carries, carries)
			return
		}
		list = append(list, Reader{to, []string{carries}})
	}
	for _, e := range g.Edges {
		switch {
		case e.From == n.Address && !e.Opposes():
			add(e.To, e.Carries)
		case e.To == n.Address && e.Carries == requests.Name:
			add(e.From, "utterances")
		}
	}
	return list
}

// DOT draws the graph for Graphviz.
func (g *Graph) DOT(w io.Writer) {
	fmt.Fprintln(w, "digraph orac {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];")
	for _, n := range g.Nodes {
		fmt.Fprintf(w, "  %s [label=%s];\n", quote(n.Address), quote(n.Address+"\n"+n.Detail))
	}
	for _, e := range g.Edges {
		if e.Port().Report {
			continue
		}
		style := ""
		if e.Opposes() {
			style = ", style=dashed"
		}
		fmt.Fprintf(w, "  %s -> %s [label=%s%s];\n", quote(e.From), quote(e.To), quote(e.Carries), style)
	}
	fmt.Fprintln(w, "}")
}

// quote makes a DOT string: backslashes and quotes escaped, line ends as \n, and no other control character.
func quote(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(wire.CleanText(line))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

// MarshalJSON writes nodes and edges.
func (g *Graph) MarshalJSON() ([]byte, error) {
	type jsonNode struct {
		Address string `json:"address"`
		Kind    Name   `json:"kind"`
		Block   string `json:"block"`
		Detail  string `json:"detail"`
	}
	type jsonEdge struct {
		From     string `json:"from"`
		To       string `json:"to"`
		Carries  string `json:"carries"`
		Capacity int    `json:"capacity"`
		Full     string `json:"full"`
	}
	out := struct {
		Runbook string     `json:"runbook"`
		Nodes   []jsonNode `json:"nodes"`
		Edges   []jsonEdge `json:"edges"`
	}{Runbook: g.Runbook.File}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, jsonNode{n.Address, n.Kind.Name, string(n.Block), n.Detail})
	}
	for _, e := range g.Edges {
		full := "the oldest goes"
		if e.Waits {
			full = "the writer waits"
		}
		out.Edges = append(out.Edges, jsonEdge{e.From, e.To, e.Carries, e.Capacity, full})
	}
	return json.Marshal(out)
}
