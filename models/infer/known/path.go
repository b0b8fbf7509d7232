package known

import (
	"slices"

	"orac/models/onnx"
)

// path follows the values of a graph from operator to operator, and remembers which operators it has passed.
type path struct {
	constants map[string]*onnx.Tensor
	readers   map[string][]*onnx.Node // of a value, as their first input
	left      int                     // operators that were not passed
	passed    map[*onnx.Node]bool
}

// follow prepares a graph. Constants of an outer graph are known in an inner one.
func follow(g *onnx.Graph, outer map[string]*onnx.Tensor) *path {
	p := &path{constants: map[string]*onnx.Tensor{}, readers: map[string][]*onnx.Node{}, passed: map[*onnx.Node]bool{}}
	for name, t := range outer {
		p.constants[name] = t
	}
	for _, t := range g.Initializers {
		p.constants[t.Name] = t
	}
	for _, n := range g.Nodes {
		if n.Domain == "" && n.Op == "Constant" && len(n.Outputs) == 1 && n.Attrs["value"].Tensor != nil {
			p.constants[n.Outputs[0]] = n.Attrs["value"].Tensor
			continue
		}
		p.left++
		if len(n.Inputs) > 0 {
			p.readers[n.Inputs[0]] = append(p.readers[n.Inputs[0]], n)
		}
	}
	return p
}

// next passes the one operator of that kind that reads a value as its first input and has so many inputs and one output. It returns nil
// if there is none.
func (p *path) next(value, op string, inputs int) *onnx.Node {
	for _, n := range p.readers[value] {
		if n.Op == op && n.Domain == "" && len(n.Inputs) == inputs && len(n.Outputs) == 1 && !p.passed[n] {
			p.passed[n] = true
			p.left--
			return n
		}
	}
	return nil
}

// weight returns the constant of floats that is an operator's input, if it has these dimensions.
func (p *path) weight(n *onnx.Node, input int, dims ...int64) []float32 {
	t := p.constants[n.Inputs[input]]
	if t == nil || t.Type != onnx.Float32 || !slices.Equal(t.Dims, dims) {
		return nil
	}
	v, err := values([]*onnx.Tensor{t})
	if err != nil {
		return nil
	}
	return v[0]
}

// scalar tells whether an input is one constant number, and which.
func (p *path) scalar(n *onnx.Node, input int) (float32, bool) {
	t := p.constants[n.Inputs[input]]
	if t == nil || t.Type != onnx.Float32 || t.Count() != 1 || len(t.Float32s()) != 1 {
		return 0, false
	}
	return t.Float32s()[0], true
}

// is tells whether an attribute has a value; an operator without it has the value `without`.
func is(n *onnx.Node, attr string, want int64, without int64) bool {
	a, ok := n.Attrs[attr]
	if !ok {
		return want == without
	}
	return a.Int == want
}
