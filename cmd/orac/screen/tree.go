package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"orac/appliance/amount"
	"orac/appliance/health"
	"orac/appliance/status"
	"orac/runbook/cells"
)

// marks shows how each level of health looks; the shapes differ, for terminals without colours.
var marks = map[health.Level]struct {
	mark  string
	paint func(*Screen, string) string
}{
	health.Healthy:   {"●", (*Screen).Good},
	health.Degraded:  {"▲", (*Screen).Warn},
	health.Unhealthy: {"✗", (*Screen).Bad},
}

func (s *Screen) mark(level health.Level) string {
	m, ok := marks[level]
	if !ok {
		return s.Faint("○")
	}
	return m.paint(s, m.mark)
}

// branch is a node of the graph as a line of the tree.
type branch struct {
	lead  string // the lines of the tree before the mark
	under string // what continues below it
	node  *status.Node
	also  []string // other nodes that it feeds, which are elsewhere in the tree
}

// tree draws a graph from its sources: every node once, below the first node that feeds it. The history, which every node
// feeds, is drawn by itself.
func tree(nodes []status.Node) []branch {
	t := treeMaker{byAddress: map[string]*status.Node{}, done: map[string]bool{}}
	fed := map[string]bool{}
	for i := range nodes {
		n := &nodes[i]
		t.byAddress[n.Address] = n
		for _, to := range n.Feeds {
			if to != n.Address {
				fed[to] = true
			}
		}
	}
	for i := range nodes {
		if n := &nodes[i]; !fed[n.Address] {
			t.add(n, "", "")
		}
	}
	for i := range nodes { // the history, and nodes in cycles
		t.add(&nodes[i], "", "")
	}
	return t.branches
}

type treeMaker struct {
	byAddress map[string]*status.Node
	done      map[string]bool
	branches  []branch
}

func (t *treeMaker) add(n *status.Node, lead, under string) {
	if t.done[n.Address] {
		return
	}
	t.done[n.Address] = true
	at := len(t.branches)
	t.branches = append(t.branches, branch{lead: lead, node: n})
	var below []*status.Node
	var also []string
	for _, to := range n.Feeds {
		switch r := t.byAddress[to]; {
		case r == nil || r.Kind == "history":
		case t.done[to] && slices.Contains(r.Feeds, n.Address): // an answer to a question
		case t.done[to]:
			also = append(also, to)
		default:
			below = append(below, r)
		}
	}
	t.branches[at].under = under
	for i, r := range below {
		if t.done[r.Address] { // a sibling that feeds it has drawn it
			also = append(also, r.Address)
			continue
		}
		last := true
		for _, later := range below[i+1:] {
			last = last && (t.done[later.Address] || t.reaches(r, later.Address, map[string]bool{}))
		}
		t.branches[at].under = under + "│  "
		if last {
			t.add(r, under+"└─ ", under+"   ")
		} else {
			t.add(r, under+"├─ ", under+"│  ")
		}
	}
	t.branches[at].also = also
}

// reaches tells whether drawing n draws another node below it.
func (t *treeMaker) reaches(n *status.Node, address string, seen map[string]bool) bool {
	if n == nil || seen[n.Address] || t.done[n.Address] {
		return false
	}
	seen[n.Address] = true
	for _, to := range n.Feeds {
		if to == address || t.reaches(t.byAddress[to], address, seen) {
			return true
		}
	}
	return false
}

// tree returns the lines for the nodes: mark, address, rate and notes.
func (v *Status) tree(s status.Status, now time.Time) []string {
	wells := map[string]health.Component{}
	for _, c := range s.Health.Components {
		wells[c.Name] = c
	}
	branches := tree(s.Nodes)
	column := 0
	for _, b := range branches {
		column = max(column, ansi.StringWidth(b.lead)+2+ansi.StringWidth(Clean(b.node.Address)))
	}
	if v.width > 0 {
		column = min(column, max(20, v.width-9)) // the rate has to fit beside it
	}
	var lines []string
	for _, b := range branches {
		lines = append(lines, v.branch(b, wells, column, now)...)
	}
	return lines
}

// branch returns the line of a node, or several if one is too narrow for its notes.
func (v *Status) branch(b branch, wells map[string]health.Component, column int, now time.Time) []string {
	level := levelOf(*b.node, wells)
	head := v.Faint(b.lead) + v.mark(level) + " " + cells.Shorten(Clean(b.node.Address), max(4, column-ansi.StringWidth(b.lead)-2))
	line := cells.Pad(head, column) + "  " + cells.PadLeft(rate(b.node.Rate), 7)
	var below []string
	for _, note := range v.notes(*b.node, now) {
		if v.width > 0 && ansi.StringWidth(line)+2+ansi.StringWidth(note) > v.width {
			below = append(below, v.Faint(b.under)+"  "+note)
			continue
		}
		line += "  " + note
	}
	if also := v.Faint("→ " + Clean(strings.Join(b.also, ", "))); len(b.also) > 0 && (v.width == 0 || ansi.StringWidth(line)+2+ansi.StringWidth(also) <= v.width) {
		line += "  " + also
	}
	if c := wells[b.node.Address]; b.node.Error != "" && c.Why == "" { // otherwise it is in the health section
		for _, text := range cells.Wrap(Clean(b.node.Error), v.room(ansi.StringWidth(b.under)+2)) {
			below = append(below, v.Faint(b.under)+"  "+v.Warn(text))
		}
	}
	return append([]string{line}, below...)
}

// levelOf returns how well a node is: what health says, else what its state implies; none for a finished
// node.
func levelOf(n status.Node, wells map[string]health.Component) health.Level {
	if c, ok := wells[n.Address]; ok && (c.Level != health.Healthy || n.State == "running") {
		return c.Level
	}
	switch n.State {
	case "running":
		return health.Healthy
	case "leaked":
		return health.Unhealthy
	case "waiting":
		return health.Degraded
	}
	return ""
}

// notes returns what people should know about a node.
func (v *Status) notes(n status.Node, now time.Time) (notes []string) {
	if n.State != "running" {
		text := n.State
		if !n.Since.IsZero() {
			text += " for " + amount.Span(now.Sub(n.Since))
		}
		notes = append(notes, v.Warn(text))
	}
	if n.Restarts > 0 {
		notes = append(notes, v.Warn(amount.Count(n.Restarts, "restart")))
	}
	if strings.HasPrefix(n.Way, "by HTTP") { // streaming is the normal case and needs no note
		notes = append(notes, v.Faint(Clean(n.Way)))
	}
	if n.Dropped > 0 {
		notes = append(notes, v.Warn(fmt.Sprintf("%d dropped", n.Dropped)))
	}
	return notes
}

// rate returns how many values a node receives per second.
func rate(r float64) string {
	switch {
	case r < 0.05:
		return "·"
	case r < 99.95:
		return fmt.Sprintf("%.1f/s", r)
	}
	return fmt.Sprintf("%.0f/s", r)
}
