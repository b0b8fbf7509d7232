package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// IntegersVersion names the way in which Integers rewrites. It changes whenever the rewritten bytes do.
const IntegersVersion = "1"

// ErrNoIntegers is returned for a network without a product that Integers can rewrite; such a network still runs as it is.
var ErrNoIntegers = errors.New("the network multiplies by no quantised constant as a float")

// Integers rewrites products of a float tensor with a quantised constant, MatMul(x, DequantizeLinear(c, scale, zero)), in the graph and in the graphs
// inside it. Such a network makes floats of the whole constant at every run, which costs far more than the product where the constant is a
// vocabulary. Afterwards x is quantised instead (DynamicQuantizeLinear), and the product is one of integers (MatMulInteger), as quantisers
// write all other products. The result differs by the rounding of x to 8 bits: the caller judges whether that is good enough.
//
// scale and zero must be constants of one element, and nothing else may use the floats.
func Integers(m *Model) ([]byte, error) {
	if v := m.Opsets[""]; v < 11 || v > 25 { // DynamicQuantizeLinear exists since opset 11
		return nil, fmt.Errorf("%w: opset %d is not 11 to 25", ErrNoIntegers, v)
	}
	r := integers{}
	g := r.graph(m.Graph)
	if r.done == 0 {
		return nil, ErrNoIntegers
	}
	return m.withGraph(g), nil
}

// integers is a rewriting that is under way.
type integers struct {
	scopes []*Graph // from the outermost graph to the one that is rewritten
	done   int
}

// graph copies a graph field by field and rewrites its products. Fields that it does not know stay as they are.
func (r *integers) graph(g *Graph) message {
	r.scopes = append(r.scopes, g)
	defer func() { r.scopes = r.scopes[:len(r.scopes)-1] }()
	floats := r.floats(g)
	var out message
	node := -1
	for _, f := range g.fields {
		if f.num != 1 {
			out = append(out, f)
			continue
		}
		node++
		n := g.Nodes[node]
		switch {
		case n.Op == "DequantizeLinear" && len(n.Outputs) == 1 && floats[n.Outputs[0]] == n:
		case multiplies(n) && floats[n.Inputs[1]] != nil:
			out = append(out, r.product(n, floats[n.Inputs[1]])...)
		default:
			out = append(out, r.inside(f, n))
		}
	}
	return out
}

// floats are the operators whose only use is to make floats of a constant for one product, by the name of the floats.
func (r *integers) floats(g *Graph) map[string]*Node {
	uses, products := map[string]int{}, map[string]int{}
	for _, n := range g.Nodes {
		for i, in := range n.Inputs {
			uses[in]++
			if i == 1 && multiplies(n) {
				products[in]++
			}
		}
		for _, a := range n.Attrs {
			for _, sub := range a.Graphs {
				used(sub, uses)
			}
		}
	}
	for _, v := range g.Outputs {
		uses[v.Name]++
	}
	found := map[string]*Node{}
	for _, n := range g.Nodes {
		if n.Op != "DequantizeLinear" || n.Domain != "" || len(n.Inputs) != 3 || len(n.Outputs) != 1 {
			continue
		}
		if name := n.Outputs[0]; products[name] == 1 && uses[name] == 1 && r.single(n.Inputs[1]) && r.single(n.Inputs[2]) {
			found[name] = n
		}
	}
	return found
}

func multiplies(n *Node) bool {
	return n.Op == "MatMul" && n.Domain == "" && len(n.Inputs) == 2 && len(n.Outputs) == 1
}

// used counts what graphs inside a graph use of it.
func used(g *Graph, uses map[string]int) {
	for _, n := range g.Nodes {
		for _, in := range n.Inputs {
			uses[in]++
		}
		for _, a := range n.Attrs {
			for _, sub := range a.Graphs {
				used(sub, uses)
			}
		}
	}
	for _, v := range g.Outputs {
		uses[v.Name]++
	}
}

// single tells whether a name is a constant of one element.
func (r *integers) single(name string) bool {
	for _, g := range slices.Backward(r.scopes) {
		if t, ok := g.Initializer(name); ok {
			return t.Count() == 1
		}
	}
	return false
}

// product multiplies integers: (xq-xzero)(c-zero) * (xscale*scale).
func (r *integers) product(n, floats *Node) message {
	r.done++
	x, c, scale, zero := n.Inputs[0], floats.Inputs[0], floats.Inputs[1], floats.Inputs[2]
	name := func(part string) string { return fmt.Sprintf("orac_%s_%d", part, r.done) }
	const toFloat = int64(Float32)
	return message{
		bytesField(1, newNode("DynamicQuantizeLinear", []string{x}, []string{name("x"), name("x_scale"), name("x_zero")})),
		bytesField(1, newNode("MatMulInteger", []string{name("x"), c, name("x_zero"), zero}, []string{name("sum")})),
		bytesField(1, newNode("Cast", []string{name("sum")}, []string{name("float")}, intAttr("to", toFloat))),
		bytesField(1, newNode("Mul", []string{name("x_scale"), scale}, []string{name("scale")})),
		bytesField(1, newNode("Mul", []string{name("float"), name("scale")}, n.Outputs)),
	}
}

// inside rewrites the graphs in the attributes of an operator.
func (r *integers) inside(f field, n *Node) field {
	has := false
	for _, a := range n.Attrs {
		has = has || len(a.Graphs) > 0
	}
	if !has {
		return f
	}
	node := recut(f.body)
	for i, attr := range node {
		if attr.num != 5 {
			continue
		}
		graphs := n.Attrs[valueName(attr.body)].Graphs
		parts := recut(attr.body)
		for j, g := range parts {
			if (g.num == 6 || g.num == 11) && len(graphs) > 0 {
				parts[j] = bytesField(g.num, r.graph(graphs[0]).encode())
				graphs = graphs[1:]
			}
		}
		node[i] = bytesField(5, parts.encode())
	}
	return bytesField(1, node.encode())
}
