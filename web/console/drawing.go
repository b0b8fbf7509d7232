package console

import (
	"cmp"
	"fmt"
	"slices"

	"orac/appliance/graph"
)

// drawing is a graph as boxes and lines, in its own units.
type drawing struct {
	Width, Height int
	Boxes         []box
	Lines         []line
	Down          bool
}

type box struct {
	X, Y int
	graphNode
}

// line is a curve between two boxes.
type line struct {
	Path, Carries string
	Back          bool // against the flow of the sound: a question or an answer
}

const (
	boxWidth, boxHeight = 152, 54
	boxPadding          = 10     // left and right of the texts in a box
	titleSize           = 13     // pixels; also in console.css
	along, beside       = 30, 14 // between boxes, along the sound and across it
	margin              = 10
)

// draw places the nodes in layers: each node after all nodes whose sound it receives. Events to the history are left out: they
// come from everywhere.
func draw(g *graph.Graph, nodes []graphNode, down bool) drawing {
	layer := map[string]int{}
	for range graph.Kinds() { // no path is longer than the number of kinds
		for _, e := range g.Edges {
			if !e.Port().Report && !e.Opposes() {
				layer[e.To] = max(layer[e.To], layer[e.From]+1)
			}
		}
	}
	behind(g, layer)
	var layers [][]graphNode
	for _, n := range nodes {
		for len(layers) <= layer[n.Address] {
			layers = append(layers, nil)
		}
		layers[layer[n.Address]] = append(layers[layer[n.Address]], n)
	}
	place := map[string]float64{} // across, from 0 to 1
	widest := 0
	for i, l := range layers {
		widest = max(widest, len(l))
		l = arranged(g, l, place)
		layers[i] = l
		for i, n := range l {
			place[n.Address] = (float64(i) + 0.5) / float64(len(l))
		}
	}
	d := drawing{Down: down}
	long, wide := boxWidth, boxHeight
	if down {
		long, wide = boxHeight, boxWidth
	}
	step, room := long+along, widest*(wide+beside)
	at := map[string]box{}
	for i, l := range layers {
		for _, n := range l {
			x, y := margin+i*step, margin+int(place[n.Address]*float64(room))-wide/2
			if down {
				x, y = y, x
			}
			b := box{x, y, n}
			at[n.Address] = b
			d.Boxes = append(d.Boxes, b)
		}
	}
	d.Width, d.Height = 2*margin+len(layers)*step-along, 2*margin+room
	if down {
		d.Width, d.Height = d.Height, d.Width
	}
	for _, e := range g.Edges {
		switch {
		case e.Port().Report:
		case g.Node(e.To).Kind.Role == graph.Keeps && g.Node(e.From).Kind.Role == graph.Delivers: // it asks for utterances and receives them
			d.Lines = append(d.Lines, line{curve(at[e.To], at[e.From], down), "utterances", false})
		default:
			d.Lines = append(d.Lines, line{curve(at[e.From], at[e.To], down), e.Carries, e.Opposes()})
		}
	}
	return d
}

// behind places nodes that are not on the path of the sound: deliveries go after the spool that they read; probes and the
// history go below the last node of the sound, where there is room.
func behind(g *graph.Graph, layer map[string]int) {
	last := 0
	for _, n := range g.Nodes {
		if n.Kind.Role == graph.Keeps {
			last = layer[n.Address]
		}
	}
	for _, n := range g.Nodes {
		switch n.Kind.Role {
		case graph.Delivers:
			layer[n.Address] = last + 1
		case graph.Asks, graph.Remembers:
			layer[n.Address] = last
		}
	}
}

// arranged returns the nodes of a layer in order: each beside the nodes that feed it, and those without a feeder at
// the edges.
func arranged(g *graph.Graph, l []graphNode, place map[string]float64) []graphNode {
	var fed, unfed []graphNode
	for _, n := range l {
		if wish(g, n, place) < 0 {
			unfed = append(unfed, n)
		} else {
			fed = append(fed, n)
		}
	}
	slices.SortStableFunc(fed, func(a, b graphNode) int { return cmp.Compare(wish(g, a, place), wish(g, b, place)) })
	half := len(unfed) / 2
	return slices.Concat(unfed[:half], fed, unfed[half:])
}

// wish returns the best position of a node, the middle of the nodes that feed it, or -1 if none
// does.
func wish(g *graph.Graph, n graphNode, place map[string]float64) float64 {
	sum, count := 0.0, 0
	for _, e := range g.Edges {
		if at, ok := place[e.From]; ok && e.To == n.Address && !e.Port().Report {
			sum += at
			count++
		}
	}
	if count == 0 {
		return -1
	}
	return sum / float64(count)
}

// curve is a line from the side of one box where sound leaves to the side of another where it enters.
func curve(a, b box, down bool) string {
	if down {
		x1, y1, x2, y2 := a.X+boxWidth/2, a.Y+boxHeight, b.X+boxWidth/2, b.Y
		if y2 < y1 {
			y1, y2 = a.Y, b.Y+boxHeight
		}
		m := (y1 + y2) / 2
		return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1, m, x2, m, x2, y2)
	}
	x1, y1, x2, y2 := a.X+boxWidth, a.Y+boxHeight/2, b.X, b.Y+boxHeight/2
	if x2 < x1 {
		x1, x2 = a.X, b.X+boxWidth
	}
	m := (x1 + x2) / 2
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, m, y1, m, y2, x2, y2)
}
